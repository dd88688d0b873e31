"""A training that was broken off goes on to the same bits; a checkpoint that does not belong is never used."""

from __future__ import annotations

import dataclasses
import errno
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors")

from CervixRiskLib.errors import Cancelled, StorageError  # noqa: E402
from CervixRiskLib.networks import Augmentation, TrainingPlan, build_network, train_network  # noqa: E402
from CervixRiskLib.networks import checkpoint as checkpoint_module  # noqa: E402
from CervixRiskLib.networks.checkpoint import (  # noqa: E402
    DamagedCheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from CervixRiskLib.progress import Progress  # noqa: E402

pytestmark = pytest.mark.torch

SGD = TrainingPlan(epochs=4, batch_size=8, precision="float32")
STOPPING = TrainingPlan(
    optimizer="adamw", epochs=12, batch_size=8, precision="float32", learning_rate=0.03, patience=3, schedule="constant"
)
PLANS = {
    "sgd": SGD,
    "adamw with early stopping": STOPPING,
    "plain sgd, head only": dataclasses.replace(SGD, momentum=0.0, mode="head"),
    "float16 with a scaled loss": dataclasses.replace(SGD, precision="float16"),
    "bfloat16": dataclasses.replace(SGD, precision="bfloat16"),
}


@pytest.fixture(scope="module")
def cases():
    generator = np.random.default_rng(1)
    labels = (np.arange(21) % 3 == 0).astype(int)
    return generator.gamma(2.0, 20.0, size=(21, 32, 32)).astype(np.float32), labels


def _train(network, cases, plan=SGD, **arguments):
    return train_network(network, *cases, plan, **{"device": "cpu", **arguments})


def _assert_same(first, second):
    theirs = second.network.module.state_dict()
    for name, tensor in first.network.module.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name
    assert first.history == second.history
    assert (first.best_epoch, first.stopped_early) == (second.best_epoch, second.stopped_early)


class _Break(Progress):
    """Raises at the given batch, as a power cut or a full memory would."""

    def __init__(self, batch):
        self.left = batch

    def _update(self, task):
        self.left -= 1
        if self.left == 0:
            raise InterruptedError("broken off")


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("batches", [[1], [4], [5], [6, 2, 5], [8, 6]], ids=str)
def test_a_broken_training_goes_on_to_the_same_bits(tiny_network, cases, tmp_path, name, batches):
    """28 cases of an oversampled epoch are four batches; early stopping trains on 22 in three."""
    plan, path = PLANS[name], tmp_path / "training.safetensors"
    whole = _train(tiny_network(), cases, plan)
    done = 0
    for batch in batches:
        with pytest.raises(InterruptedError):
            _train(tiny_network(), cases, plan, checkpoint=path, progress=_Break(batch))
        if path.exists():
            assert len(load_checkpoint(path).history) >= done
            done = len(load_checkpoint(path).history)
    assert [file.name for file in tmp_path.iterdir()] == (["training.safetensors"] if done else [])
    resumed = _train(tiny_network(), cases, plan, checkpoint=path)
    assert resumed.resumed_from == done
    assert (done > 0) == (sum(batches) > (4 if plan.patience is None else 3))
    assert resumed.note == ""
    _assert_same(whole, resumed)


def test_the_best_weights_survive_when_the_last_are_others(tiny_network, cases, tmp_path):
    path = tmp_path / "training.safetensors"
    whole = _train(tiny_network(), cases, STOPPING)
    assert whole.stopped_early
    assert len(whole.history) == whole.best_epoch + 3
    batches_per_epoch = 3
    with pytest.raises(InterruptedError):
        _train(
            tiny_network(),
            cases,
            STOPPING,
            checkpoint=path,
            progress=_Break((whole.best_epoch + 1) * batches_per_epoch + 2),
        )
    found = load_checkpoint(path)
    assert (len(found.history), found.best_epoch) == (whole.best_epoch + 1, whole.best_epoch)
    assert any(name.startswith("best.") for name in found.tensors)
    _assert_same(whole, _train(tiny_network(), cases, STOPPING, checkpoint=path))


@pytest.mark.parametrize("plan", [SGD, STOPPING], ids=["sgd", "stopping"])
def test_a_finished_training_is_answered_from_its_checkpoint(tiny_network, cases, tmp_path, plan):
    path = tmp_path / "training.safetensors"
    first = _train(tiny_network(), cases, plan, checkpoint=path)
    before = path.read_bytes()
    second = _train(tiny_network(), cases, plan, checkpoint=path)
    assert second.resumed_from == len(first.history)
    _assert_same(first, second)
    assert path.read_bytes() == before


_CHILD = """
    import os, signal, sys
    import numpy as np
    from pathlib import Path
    from CervixRiskLib.networks import TrainingPlan, build_network, train_network
    from CervixRiskLib.progress import Progress

    class Kill(Progress):
        done = 0
        def _update(self, task):
            self.done += 1
            if self.done == 5:
                os.kill(os.getpid(), signal.SIGKILL)

    crops, labels = np.load(sys.argv[1]), np.arange(12) % 2
    network = build_network("shufflenet_v2_x1_0", input_size=32)
    plan = TrainingPlan(epochs=3, batch_size=8)
    train_network(network, crops, labels, plan, checkpoint=Path(sys.argv[2]), device="cpu", progress=Kill())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows cannot kill so")
@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed")
def test_a_killed_process_is_continued_by_another_to_the_same_bits(tmp_path):
    crops = np.random.default_rng(0).normal(size=(12, 32, 32)).astype(np.float32)
    np.save(tmp_path / "crops.npy", crops)
    path = tmp_path / "run" / "training.safetensors"
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(tmp_path / "crops.npy"), str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    network = build_network("shufflenet_v2_x1_0", input_size=32)
    plan = TrainingPlan(epochs=3, batch_size=8)
    arguments = (network, crops, np.arange(12) % 2, plan)
    whole = train_network(*arguments, device="cpu")
    resumed = train_network(*arguments, device="cpu", checkpoint=path)
    # The second epoch's file may still have been on its way to the disk.
    assert resumed.note == ""
    assert resumed.resumed_from in (1, 2)
    _assert_same(whole, resumed)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_cancelling_leaves_the_checkpoint_of_the_last_whole_epoch(tiny_network, cases, tmp_path):
    class Cancel(Progress):
        done = 0

        def _update(self, task):
            self.done = task.done

        def cancelled(self):
            return self.done >= 10

    path = tmp_path / "training.safetensors"
    with pytest.raises(Cancelled):
        _train(tiny_network(), cases, checkpoint=path, progress=Cancel())
    assert len(load_checkpoint(path).history) == 2


def _changed(cases, what):
    crops, labels = cases
    if what == "crops":
        crops = crops.copy()
        crops[3, 4, 5] += 1
    if what == "labels":
        labels = labels.copy()
        labels[1] = 1
    return crops, labels


@pytest.mark.parametrize(
    ("what", "arguments", "note"),
    [
        ("crops", {}, "another crops"),
        ("labels", {}, "another labels"),
        ("network", {}, "another initial weights"),
        ("seed", {"seed": 4}, "another seed"),
        ("plan", {"plan": dataclasses.replace(SGD, learning_rate=0.02)}, "another training plan"),
        ("limits", {"plan": dataclasses.replace(SGD, augmentation=Augmentation())}, "another training plan"),
        ("groups", {"groups": np.arange(21) // 2}, "another patients"),
        ("validation", {"validation": (np.ones((2, 32, 32)) * np.eye(32), [0, 1])}, "another validation crops"),
    ],
)
def test_a_checkpoint_of_other_arguments_is_replaced_and_said(tiny_network, cases, tmp_path, what, arguments, note):
    path = tmp_path / "training.safetensors"
    _train(tiny_network(), cases, checkpoint=path)
    network = tiny_network()
    if what == "network":
        with torch.no_grad():
            network.module.fc.bias[0] += 1e-6
    arguments = {"plan": SGD, **arguments}
    trained = _train(network, _changed(cases, what), checkpoint=path, **arguments)
    assert trained.resumed_from == 0
    assert note in trained.note
    assert "anew" in trained.note
    _assert_same(trained, _train(network, _changed(cases, what), **arguments))
    again = _train(network, _changed(cases, what), checkpoint=path, **arguments)
    assert (again.resumed_from, again.note) == (4, "")


def test_another_thread_count_is_another_training(tiny_network, cases, tmp_path):
    path = tmp_path / "training.safetensors"
    _train(tiny_network(), cases, checkpoint=path)
    found = load_checkpoint(path)
    threads = {"number of threads": "97", "version of PyTorch": "1.0"}
    save_checkpoint(dataclasses.replace(found, fingerprint={**found.fingerprint, **threads}), path)
    trained = _train(tiny_network(), cases, checkpoint=path)
    assert trained.note == (
        "The checkpoint was made with another version of PyTorch, another number of threads: training began anew."
    )


def _cut(content):
    return content[: len(content) // 2]


def _flip(content):
    middle = len(content) - 200
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _flip,
        lambda content: b"",
        lambda content: b"\x80\x04K\x01." * 10,
        lambda content: content.replace(b'\\"version\\": 1', b'\\"version\\": 9'),
        lambda content: content.replace(b'\\"best_epoch\\": 4', b'\\"best_epoch\\": 7'),
        lambda content: content.replace(b'\\"number\\": 2', b'\\"number\\": 3'),
        lambda content: content.replace(b"cervixrisk-checkpoint", b"cervixrisk-somethings"),
    ],
    ids=["cut short", "one bit", "empty", "a pickle", "newer", "best epoch", "epochs missing", "another kind"],
)
def test_a_damaged_checkpoint_starts_anew_and_says_so(tiny_network, cases, tmp_path, damage):
    path = tmp_path / "training.safetensors"
    whole = _train(tiny_network(), cases, checkpoint=path)
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    with pytest.raises(DamagedCheckpointError):
        load_checkpoint(path)
    trained = _train(tiny_network(), cases, checkpoint=path)
    assert trained.resumed_from == 0
    assert "damaged" in trained.note
    _assert_same(whole, trained)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("tensor", "harm"),
    [
        ("network.conv.weight", "missing"),
        ("network.conv.weight", "shape"),
        ("optimizer.fc.weight:momentum_buffer", "shape"),
    ],
)
def test_tensors_that_do_not_fit_start_anew(tiny_network, cases, tmp_path, tensor, harm):
    path = tmp_path / "training.safetensors"
    with pytest.raises(InterruptedError):
        _train(tiny_network(), cases, checkpoint=path, progress=_Break(6))
    found = load_checkpoint(path)
    tensors = dict(found.tensors)
    if harm == "missing":
        del tensors[tensor]
    else:
        tensors[tensor] = torch.zeros(3, 3)
    save_checkpoint(dataclasses.replace(found, tensors=tensors), path)
    trained = _train(tiny_network(), cases, checkpoint=path)
    assert trained.resumed_from == 0
    assert "anew" in trained.note
    _assert_same(trained, _train(tiny_network(), cases))


def test_the_file_is_plain_tensors_that_the_format_s_own_package_reads(tiny_network, cases, tmp_path):
    path = tmp_path / "training.safetensors"
    trained = _train(tiny_network(), cases, checkpoint=path)
    with safetensors.safe_open(path, framework="pt") as handle:
        assert torch.equal(handle.get_tensor("network.fc.weight"), trained.network.module.state_dict()["fc.weight"])
        assert handle.get_tensor("network.norm.num_batches_tracked").dtype == torch.int64
        assert set(handle.metadata()) == {"cervixrisk"}


def test_a_place_that_cannot_be_written_is_told(tiny_network, cases, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        _train(tiny_network(), cases, checkpoint=tmp_path / "file" / "training.safetensors")


def test_a_disk_that_fills_up_is_told(tiny_network, cases, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    # The module's own name for it: the test runner packs with struct as well.
    monkeypatch.setattr(checkpoint_module, "struct", SimpleNamespace(pack=full))
    with pytest.raises(StorageError, match="disk is full"):
        _train(tiny_network(), cases, checkpoint=tmp_path / "training.safetensors")
    assert list(tmp_path.iterdir()) == []
