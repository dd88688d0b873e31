"""Lines, records and exchange files by themselves: whole and exact, or refused."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CervixRiskLib.bundle import (
    CaseInput,
    ClassProbability,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from CervixRiskLib.errors import CervixRiskError, RoiError, StorageError
from CervixRiskLib.worker.array_file import ArrayFileError, read_arrays, write_arrays
from CervixRiskLib.worker.failures import (
    FailureKind,
    error_name,
    error_of,
    folded_traceback,
    is_out_of_memory,
    told_by_exit,
)
from CervixRiskLib.worker.messages import (
    MOST_LINE_BYTES,
    REPLIES,
    REQUESTS,
    Ask,
    Failed,
    ProtocolError,
    Step,
    Stop,
    decode,
    encode,
)
from CervixRiskLib.worker.records import NotARecordError, from_words, to_words

TOKEN = bytes(range(16))
# Also what a stranger might put there: line separators, control characters, halves of surrogate pairs.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
NUMBER = st.floats(allow_nan=True, allow_infinity=True)
ARRAY = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.bool_]),
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=9),
)
PREDICTION = st.builds(
    Prediction,
    case_id=TEXT,
    task=TEXT,
    probability=NUMBER,
    interval=st.tuples(NUMBER, NUMBER),
    threshold=st.none() | NUMBER,
    label=TEXT,
    positive_class=TEXT,
    score=NUMBER,
    points=st.lists(st.builds(PredictorPoints, TEXT, TEXT, NUMBER, TEXT, NUMBER), max_size=2).map(tuple),
    total_points=st.none() | NUMBER,
    contributions=st.lists(st.builds(Contribution, TEXT, TEXT, NUMBER, NUMBER), max_size=3).map(tuple),
    heatmap=st.none() | hnp.arrays(np.float32, (3, 4)),
    heatmap_target=TEXT,
    warnings=st.lists(st.builds(PredictionWarning, st.sampled_from(WarningCode), TEXT), max_size=2).map(tuple),
    simulated=st.booleans(),
    bundle_hash=TEXT,
    mask_hash=TEXT,
    class_probabilities=st.lists(st.builds(ClassProbability, TEXT, NUMBER), max_size=2).map(tuple),
    basis=TEXT,
)


def exactly(value):
    """The value in a form that compares NaN, signed zeros, types and bits."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return (type(value), *(exactly(getattr(value, name)) for name in names))
    if isinstance(value, tuple):
        return tuple(exactly(item) for item in value)
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    return (type(value), value)


@settings(deadline=None, max_examples=80)
@given(PREDICTION)
def test_a_prediction_comes_back_exactly(prediction):
    arrays = []
    line = json.dumps(to_words(prediction, arrays)).encode("ascii")
    assert exactly(from_words(Prediction, json.loads(line), arrays)) == exactly(prediction)


def test_every_field_is_told_and_needed(make_case):
    arrays = []
    words = to_words(make_case(age=3), arrays)
    assert len(arrays) == 3
    assert exactly(from_words(CaseInput, words, arrays).image) == exactly(make_case().image)
    for name in words:
        with pytest.raises(NotARecordError, match=rf"CaseInput lacks {name}"):
            from_words(CaseInput, {key: value for key, value in words.items() if key != name}, arrays)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("case_id", 3),
        ("case_id", None),
        ("clinical", {"age": True}),
        ("clinical", {"age": [1]}),
        ("clinical", [1]),
        ("image", {"array": 0}),
        ("image", None),
        ("roi", {"mask": {"array": 9}, "spacing_mm": None}),
        ("roi", {"mask": {"array": True}, "spacing_mm": None}),
        ("roi", {"mask": {"array": 2}, "spacing_mm": [1.0]}),
        ("roi", {"mask": {"array": 2, "more": 1}, "spacing_mm": None}),
        ("further_images", "no"),
    ],
)
def test_another_type_is_refused(make_case, field, value):
    arrays = []
    words = to_words(make_case(age=3), arrays)
    with pytest.raises(NotARecordError):
        from_words(CaseInput, {**words, field: value}, arrays)


def test_what_does_not_travel_is_refused():
    for value in (object(), {1: 2}, b"bytes", {"a": print}):
        with pytest.raises(NotARecordError, match="does not travel"):
            to_words(value, [])


def test_lines_hold_one_line_each_whatever_the_text():
    message = Failed(3, FailureKind.FAULT, 'a"\n\u2028\ud800', "\r\n\x00", "{}")
    line = encode(message)
    assert line.count(b"\n") == 1
    assert max(line) < 128
    assert decode(line, REPLIES) == message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "cut off"),
        (b'{"protocol":1,"kind":"stop","ticket":1}', "cut off"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[" * 100_000 + b"\n", "not JSON"),
        (b"3\n", "not a message"),
        (b'{"kind":"stop","ticket":1}\n', "protocol none, not 1"),
        (b'{"protocol":2,"kind":"stop","ticket":1}\n', "protocol 2, not 1"),
        (b'{"protocol":true,"kind":"stop","ticket":1}\n', "protocol none, not 1"),
        (b'{"protocol":1,"kind":"hello","process":1,"library":"","python":""}\n', "not a message that is expected"),
        (b'{"protocol":1,"kind":"stop","ticket":"Jane"}\n', "Stop.ticket must be int"),
        (b'{"protocol":1,"kind":"stop","ticket":1,"Jane":1}\n', "not known"),
        (b'{"protocol":1,"kind":"stop"}\n', "lacks ticket"),
        (b" " * MOST_LINE_BYTES + b"\n", "longer than"),
    ],
)
def test_lines_that_are_no_message_are_refused_without_being_repeated(line, said):
    with pytest.raises(ProtocolError, match=said) as raised:
        decode(line, REQUESTS)
    assert "Jane" not in str(raised.value)


def test_a_message_that_is_too_long_is_not_sent():
    with pytest.raises(ProtocolError, match="longer than"):
        encode(Ask(1, "b", "auto", "auto", True, "", {"text": "x" * MOST_LINE_BYTES}, "", "", ""))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_refused(content):
    try:
        decode(content + b"\n", (*REQUESTS, *REPLIES))
    except ProtocolError:
        return
    raise AssertionError("random bytes were taken for a message")


def test_messages_come_back():
    for message in (Stop(4), Step(1, 2, "é", 3, None, "", False), Step(1, 2, "", 3, 4, "x", True)):
        assert decode(encode(message), (*REQUESTS, *REPLIES)) == message


@settings(deadline=None, max_examples=60)
@given(st.lists(ARRAY, max_size=4))
def test_arrays_come_back_bit_by_bit(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("arrays") / "file"
    write_arrays(path, TOKEN, arrays)
    assert [exactly(array) for array in read_arrays(path, TOKEN)] == [exactly(array) for array in arrays]


def test_order_in_memory_does_not_matter(tmp_path):
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    write_arrays(tmp_path / "file", TOKEN, [array.T, array[::2, ::-1]])
    turned, thinned = read_arrays(tmp_path / "file", TOKEN)
    np.testing.assert_array_equal(turned, array.T)
    np.testing.assert_array_equal(thinned, array[::2, ::-1])


@pytest.fixture
def exchange(tmp_path) -> Path:
    path = tmp_path / "file"
    write_arrays(path, TOKEN, [np.ones((4, 5), np.float32), np.ones((2, 2), bool)])
    return path


def test_a_file_cut_off_anywhere_is_refused(exchange):
    content = exchange.read_bytes()
    for length in range(len(content)):
        exchange.write_bytes(content[:length])
        with pytest.raises(ArrayFileError):
            read_arrays(exchange, TOKEN)
    exchange.write_bytes(content + b"\0")
    with pytest.raises(ArrayFileError, match="cut off"):
        read_arrays(exchange, TOKEN)


def test_a_foreign_file_is_refused(exchange, tmp_path):
    with pytest.raises(ArrayFileError, match="another request"):
        read_arrays(exchange, bytes(16))
    exchange.write_bytes(b"\x89PNG" + bytes(500))
    with pytest.raises(ArrayFileError, match="does not hold arrays"):
        read_arrays(exchange, TOKEN)
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ArrayFileError):
            read_arrays(path, TOKEN)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 103), st.integers(0, 255))
def test_a_damaged_header_never_does_more_than_be_refused(tmp_path_factory, position, byte):
    path = tmp_path_factory.mktemp("damaged") / "file"
    write_arrays(path, TOKEN, [np.ones((4, 5), np.float32), np.ones((2, 2), bool)])
    content = bytearray(path.read_bytes())
    content[position] = byte
    path.write_bytes(content)
    try:
        arrays = read_arrays(path, TOKEN)
    except ArrayFileError:
        return
    assert sum(array.nbytes for array in arrays) < len(content)


def test_a_byte_that_is_no_bool_is_true(tmp_path):
    write_arrays(tmp_path / "file", TOKEN, [np.array([True, False])])
    content = bytearray((tmp_path / "file").read_bytes())
    content[-2] = 7
    (tmp_path / "file").write_bytes(content)
    (mask,) = read_arrays(tmp_path / "file", TOKEN)
    assert mask.tobytes() == b"\x01\x00"


def test_arrays_that_do_not_travel_are_refused(tmp_path):
    for array in (np.ones(2, np.int32), np.ones((2, 2, 2), np.float32), np.float32(1), np.array(["a"], object)):
        with pytest.raises(ArrayFileError):
            write_arrays(tmp_path / "file", TOKEN, [np.asarray(array)])
    with pytest.raises(ArrayFileError, match="more than"):
        write_arrays(tmp_path / "file", TOKEN, [np.ones(1, bool)] * 65)
    assert not (tmp_path / "file").exists()


def test_an_existing_file_is_not_written_over(exchange):
    with pytest.raises(FileExistsError):
        write_arrays(exchange, TOKEN, [])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_a_full_disk_is_a_sentence(monkeypatch, tmp_path):
    really_open = os.open
    monkeypatch.setattr(os, "open", lambda *_: really_open("/dev/full", os.O_WRONLY))
    with pytest.raises(StorageError, match="disk is full"):
        write_arrays(tmp_path / "file", TOKEN, [np.ones((300, 300), np.float32)])


def test_errors_keep_their_class_when_the_library_knows_it():
    class OwnRoiError(RoiError):
        pass

    assert error_name(OwnRoiError("x")) == "RoiError"
    assert type(error_of("RoiError", "Draw.")) is RoiError
    for name in ("Cancelled", "annotations", "no such", "__name__"):
        assert type(error_of(name, "x")) is CervixRiskError


def test_lack_of_memory_is_known_by_type_words_and_cause():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(OSError(12, "Cannot allocate memory"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"))
    caused = CervixRiskError("The network failed.")
    caused.__cause__ = RuntimeError("std::bad_alloc")
    assert is_out_of_memory(caused)
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert not is_out_of_memory(CervixRiskError("The file speaks of being out of memory."))


def test_a_folded_traceback_tells_places_and_types_only():
    def inner(patient):
        raise ValueError(f"cannot read {patient}")

    try:
        try:
            inner("Jane")
        except ValueError as error:
            raise OSError("/home/Jane") from error
    except OSError as error:
        folded = folded_traceback(error)
    assert "Jane" not in folded
    assert folded.index("OSError") < folded.index("ValueError")
    assert "in inner" in folded


@pytest.mark.parametrize(
    ("code", "written", "kind"),
    [
        (-9, "", FailureKind.OUT_OF_MEMORY),
        (137, "", FailureKind.OUT_OF_MEMORY),
        (71, "", FailureKind.OUT_OF_MEMORY),
        (0xC0000017, "", FailureKind.OUT_OF_MEMORY),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", FailureKind.OUT_OF_MEMORY),
        (1, "MemoryError", FailureKind.OUT_OF_MEMORY),
        (-6, "assertion failed", FailureKind.CRASHED),
        (-11, "", FailureKind.CRASHED),
        (0xC0000005, "", FailureKind.CRASHED),
        (-64, "", FailureKind.CRASHED),
        (0, "std::bad_alloc", FailureKind.CRASHED),
    ],
)
def test_exit_codes_are_told(code, written, kind):
    told = told_by_exit(code, "Jane\n" + written, began=True)
    assert told.kind is kind
    assert str(told).endswith(".")
    assert told.details == ""


def test_of_a_crash_only_pythons_own_report_is_kept():
    told = told_by_exit(-11, "Jane\nFatal Python error: Segmentation fault\n  File x.py, line 3", began=True)
    assert told.details.startswith("Fatal Python error")
    assert told_by_exit(1, "No module named 'numpy'", began=False).details == "No module named 'numpy'"
