"""Everything that can be said to a request and by it, with a fake study in a real child process."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import numpy as np
import pytest
from child_programs import failure_of, linux, value_of, wait_until

from CervixRiskLib.errors import Cancelled, DeviceError, RoiError, SettingsError
from CervixRiskLib.progress import Progress
from CervixRiskLib.worker import FailureKind, WorkerAnswer, WorkerFailure, WorkerOptions, WorkerPrepared, WorkerProgress

ROOT = Path(__file__).resolve().parents[2]


HOSTILE = 'a"\\\n{"protocol":1}\u2028\ud800\x00\x1b[2J|é'


def test_answer_comes_back_bit_by_bit(worker, make_case, bundle):
    case = make_case(HOSTILE, age=61, red_cells=np.nan, low=float("-inf"), text=HOSTILE)
    prediction = worker.ask(case, bundle)
    assert prediction.case_id == HOSTILE
    assert prediction.warnings[0].text == HOSTILE
    assert prediction.probability == 0.1 + 0.2
    assert prediction.interval == (1e-300, 1 / 3)
    assert prediction.threshold is None
    assert prediction.label == "('Grey.',)"
    assert prediction.positive_class == repr(case.image.geometry)
    assert prediction.score == float(case.further_images[0].pixels.sum())
    assert prediction.mask_hash == case.roi.mask_hash
    assert np.isnan(value_of(prediction, "red_cells"))
    assert value_of(prediction, "low") == float("-inf")
    assert value_of(prediction, "age") == 61
    assert isinstance(value_of(prediction, "age"), int)
    expected = np.where(case.roi.mask, case.image.pixels, np.float32("nan"))
    assert prediction.heatmap.dtype == np.float32
    assert prediction.heatmap.tobytes() == expected.tobytes()


def test_two_requests_in_a_row_are_answered_by_one_warm_program(worker, make_case, bundle, events_of):
    first = worker.request(make_case("a"), bundle)
    second = worker.request(make_case("b"), bundle, WorkerOptions(heatmap=False))
    events = events_of(worker, second)
    answers = [event for event in events if isinstance(event, WorkerAnswer)]
    assert [answer.ticket for answer in answers] == [first, second]
    assert [answer.prediction.case_id for answer in answers] == ["a", "b"]
    assert answers[1].prediction.heatmap is None
    assert [value_of(answer.prediction, "answers") for answer in answers] == [1, 2]
    assert not worker.busy


def test_progress_is_told_in_order(worker, make_case, bundle, events_of):
    events = events_of(worker, worker.request(make_case(do="steps"), bundle))
    steps = [event for event in events if isinstance(event, WorkerProgress)]
    assert [step.description for step in steps if step.ended] == [
        "Starting the prediction program",
        "Loading the model",
        "Answering",
    ]
    answering = [step for step in steps if step.description == "Answering"]
    assert [step.done for step in answering] == [0, 1, 2, 3, 3]
    assert {step.total for step in answering} == {3}
    assert answering[-1].detail == "half"


def test_ask_repeats_the_progress(worker, make_case, bundle):
    shown = []

    class Shown(Progress):
        def _begin(self, task):
            shown.append(("begin", task.description))

        def _update(self, task):
            shown.append(("update", task.done))

        def _end(self, task):
            shown.append(("end", task.description))

    worker.ask(make_case(do="steps"), bundle, progress=Shown())
    assert shown[-5:] == [("begin", "Answering"), ("update", 1), ("update", 2), ("update", 3), ("end", "Answering")]
    assert [kind for kind, _ in shown].count("begin") == [kind for kind, _ in shown].count("end")


def test_prepare_warms_and_says_what_the_bundle_needs(worker, make_case, bundle, events_of):
    prepared = events_of(worker, worker.prepare(bundle))[-1]
    assert isinstance(prepared, WorkerPrepared)
    assert prepared.study.title == "Fake on auto with auto"
    assert prepared.study.channels == ("image",)
    assert prepared.study.manifest_json == {"task": "plnm"}
    events = events_of(worker, worker.request(make_case(), bundle))
    assert not any(getattr(event, "description", "") == "Starting the prediction program" for event in events)


def test_a_refusal_is_the_predictors_own_sentence_and_the_program_goes_on(worker, make_case, bundle):
    before = worker.ask(make_case(), bundle)
    with pytest.raises(RoiError, match=r"^The contour is too small\.$"):
        worker.ask(make_case(do="refuse"), bundle)
    assert value_of(worker.ask(make_case(), bundle), "process") == value_of(before, "process")


def test_after_a_card_s_failure_another_program_answers(worker, make_case, bundle):
    before = worker.ask(make_case(), bundle)
    with pytest.raises(DeviceError, match="start the program again"):
        worker.ask(make_case(do="broken_card"), bundle)
    assert value_of(worker.ask(make_case(), bundle), "process") != value_of(before, "process")


def test_a_fault_is_folded_without_a_word_of_the_patient(worker, make_case, bundle, events_of):
    failure = failure_of(events_of(worker, worker.request(make_case("Jane-Doe", do="fault"), bundle)))
    assert failure.kind is FailureKind.FAULT
    assert "KeyError" in failure.sentence
    assert "KeyError" in failure.details
    assert "fake_program.py" in failure.details
    assert "in fault" in failure.details
    assert "Jane" not in repr(failure)
    assert str(ROOT) not in failure.details
    assert worker.ask(make_case(), bundle).case_id == "case"


@pytest.mark.parametrize("do", ["memory", "torch_memory", pytest.param("memory_limit", marks=linux)])
def test_out_of_memory_is_told_and_the_next_request_is_answered(worker, make_case, bundle, events_of, do):
    failure = failure_of(events_of(worker, worker.request(make_case(do=do), bundle)))
    assert failure.kind is FailureKind.OUT_OF_MEMORY
    assert "emory" in failure.sentence
    assert worker.ask(make_case(shape=(8, 8)), bundle).case_id == "case"


def test_what_a_library_prints_does_not_disturb(worker, make_case, bundle):
    assert worker.ask(make_case(do="chatter"), bundle).case_id == "case"
    assert worker.ask(make_case(), bundle).case_id == "case"


def test_cancel_of_work_that_reports_keeps_the_program_warm(make_worker, make_case, bundle, events_of):
    worker = make_worker(grace_seconds=20)
    process = value_of(worker.ask(make_case(), bundle), "process")
    ticket = worker.request(make_case(do="loop"), bundle)
    assert wait_until(lambda: any(getattr(event, "description", "") == "Answering" for event in worker.poll()))
    began = time.monotonic()
    worker.cancel(ticket)
    worker.cancel(ticket)
    failure = failure_of(events_of(worker, ticket))
    assert failure.kind is FailureKind.CANCELLED
    assert time.monotonic() - began < 5
    assert value_of(worker.ask(make_case(), bundle), "process") == process
    worker.cancel(ticket)  # an ended one: nothing happens


def test_cancel_of_work_that_hangs_ends_the_program(worker, make_case, bundle, events_of):
    process = value_of(worker.ask(make_case(), bundle), "process")
    ticket = worker.request(make_case(do="hang"), bundle)
    time.sleep(0.1)
    worker.cancel(ticket)
    assert failure_of(events_of(worker, ticket)).kind is FailureKind.CANCELLED
    assert value_of(worker.ask(make_case(), bundle), "process") != process


def test_cancel_while_the_bundle_loads(worker, make_case, bundle, events_of):
    bundle.write_text("slow", encoding="utf-8")
    ticket = worker.request(make_case(), bundle)
    assert wait_until(lambda: any(getattr(event, "description", "") == "Loading the model" for event in worker.poll()))
    worker.cancel(ticket)
    assert failure_of(events_of(worker, ticket, seconds=10)).kind is FailureKind.CANCELLED
    bundle.write_text("fast", encoding="utf-8")
    assert worker.ask(make_case(), bundle).case_id == "case"


def test_cancel_of_a_request_that_waits_its_turn(worker, make_case, bundle, events_of):
    first = worker.request(make_case("first", do="steps"), bundle)
    second = worker.request(make_case("second"), bundle)
    worker.cancel(second)
    events = events_of(worker, first)
    assert [event.ticket for event in events if isinstance(event, WorkerFailure)] == [second]
    assert events[-1].prediction.case_id == "first"


def test_ask_stops_when_the_progress_says_so(worker, make_case, bundle):
    class Impatient(Progress):
        def cancelled(self):
            return time.monotonic() > deadline

    deadline = time.monotonic() + 60
    worker.ask(make_case(), bundle)
    deadline = time.monotonic() + 0.2
    with pytest.raises(Cancelled):
        worker.ask(make_case(do="loop"), bundle, progress=Impatient())
    assert not worker.busy


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("garbage", "the line is not JSON"),
        ("huge line", "longer than 8 MiB"),
        ("old version", "protocol 2, not 1"),
        ("unknown field", "fields that are not known"),
        ("not a prediction", "Prediction lacks"),
        ("no answer file", "cannot be read"),
    ],
)
def test_nonsense_is_told_and_the_program_ended(bad_worker, make_case, bundle, events_of, way, said):
    worker = bad_worker(way)
    failure = failure_of(events_of(worker, worker.request(make_case(), bundle), seconds=10))
    assert failure.kind is FailureKind.PROTOCOL
    assert said in failure.sentence


def test_half_a_line_and_an_end(bad_worker, make_case, bundle, events_of):
    worker = bad_worker("half a line")
    failure = failure_of(events_of(worker, worker.request(make_case(), bundle), seconds=10))
    assert failure.kind is FailureKind.PROTOCOL
    assert "cut off" in failure.sentence


def test_an_answer_that_crosses_the_stop_is_not_shown(bad_worker, make_case, bundle, events_of):
    worker = bad_worker("late answer")
    ticket = worker.request(make_case(), bundle)
    assert wait_until(lambda: any(getattr(event, "ended", False) for event in worker.poll()))  # it has begun
    worker.cancel(ticket)
    assert failure_of(events_of(worker, ticket)).kind is FailureKind.CANCELLED


def test_words_about_another_ticket_are_nobodys(bad_worker, make_case, bundle, events_of):
    worker = bad_worker("another ticket")
    ticket = worker.request(make_case(), bundle, WorkerOptions(timeout=1.5))
    assert failure_of(events_of(worker, ticket, seconds=10)).kind is FailureKind.TIMED_OUT


def test_a_changed_bundle_is_loaded_again(worker, make_case, bundle):
    first = worker.ask(make_case(), bundle)
    again = worker.ask(make_case(), bundle)
    assert again.bundle_hash == first.bundle_hash
    assert value_of(again, "answers") == 2
    bundle.write_text("two", encoding="utf-8")
    os.utime(bundle, (1e9, 1e9))
    changed = worker.ask(make_case(), bundle)
    assert changed.bundle_hash != first.bundle_hash
    assert value_of(changed, "answers") == 1


def test_poll_never_waits(worker, make_case, bundle):
    """Also while the program starts, loads, answers with a large heat map, and is ended."""
    durations, answers = [], 0
    tickets = [worker.request(make_case(do=do, shape=(1024, 1024)), bundle) for do in ("answer", "steps", "hang")]
    deadline = time.monotonic() + 30
    while worker.busy and time.monotonic() < deadline:
        began = time.perf_counter()
        events = worker.poll()
        durations.append(time.perf_counter() - began)
        answers += sum(isinstance(event, WorkerAnswer) for event in events)
        if answers == 2:
            worker.cancel(tickets[2])
        time.sleep(0.002)
    assert answers == 2
    # The longest is below a millisecond on idle cores; on busy ones the system takes the core away now and then.
    assert np.quantile(durations, 0.98) < 0.005
    assert max(durations) < 0.25


def test_force_cpu_and_threads_reach_the_program(make_worker, bundle):
    worker = make_worker(force_cpu=True, threads=1, environment={"CERVIXRISK_NOTHING": None})
    assert worker.load(bundle, WorkerOptions(device="cuda", runtime="torch")).title == "Fake on cpu with torch"
    environment = worker._conductor._environment
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    with pytest.raises(SettingsError, match="at least 1"):
        make_worker(threads=0)


def test_a_case_without_contour_travels(worker, make_case, bundle, events_of):
    """The fake predictor falls over it, which shows that it came without one."""
    case = dataclasses.replace(make_case(), roi=None)
    failure = failure_of(events_of(worker, worker.request(case, bundle)))
    assert "AttributeError" in failure.sentence
