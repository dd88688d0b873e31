"""The torchvision guard and the choice of a processor."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import SettingsError  # noqa: E402
from CervixRiskLib.networks import card_check, choose_device  # noqa: E402
from CervixRiskLib.networks.card_check import GraphicsCard  # noqa: E402

pytestmark = pytest.mark.torch


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_torchvision_can_be_imported_after_the_guard():
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    code = (
        "from CervixRiskLib.networks import ensure_torchvision_operators as ensure\n"
        "first = ensure()\n"
        "import torch, torchvision, timm\n"
        "assert hasattr(torch.ops.torchvision, 'nms') and hasattr(torch.ops.torchvision, 'qnms')\n"
        "assert ensure() == first\n"
        "assert torchvision.extension._has_ops() != first, 'declared only where the compiled ones do not load'\n"
        "print('ok')"
    )
    assert _run(code) == "ok"


@pytest.mark.parametrize("present", [("nms", "qnms"), ("nms",), ()])
def test_guard_declares_only_what_is_missing(present):
    # A torchvision whose library loads is played by one that is not found, with the operators already defined.
    code = f"""
import importlib.util, torch
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torchvision" else real(name, package)
own = torch.library.Library("torchvision", "DEF")
for name in {present!r}:
    own.define(name + "(Tensor a) -> Tensor")
from CervixRiskLib.networks import ensure_torchvision_operators as ensure
print(ensure())
assert hasattr(torch.ops.torchvision, "nms") and hasattr(torch.ops.torchvision, "qnms")
for name in {present!r}:
    assert len(getattr(torch.ops.torchvision, name).default._schema.arguments) == 1, "an existing operator was replaced"
"""
    assert _run(code) == str(len(present) < 2)


def _pretend(monkeypatch, *, cuda: bool, mps: bool) -> None:
    card = GraphicsCard("Test card", 8 << 30, (8, 0), "CUDA 12.8")
    monkeypatch.setattr(card_check, "check_card", lambda: card if cuda else "there is none")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("requested", "cuda", "mps", "device", "reason"),
    [
        ("auto", True, True, "cuda", "Test card"),
        ("auto", False, True, "mps", "Mac"),
        ("auto", False, False, "cpu", "no graphics card"),
        ("cpu", True, True, "cpu", "asked for"),
        ("cuda", True, False, "cuda", "Test card"),
        ("mps", True, True, "mps", "Mac"),
    ],
)
def test_device_is_chosen_with_its_reason(monkeypatch, requested, cuda, mps, device, reason):
    _pretend(monkeypatch, cuda=cuda, mps=mps)
    choice = choose_device(requested)
    assert choice.device == device
    assert reason in choice.reason


@pytest.mark.parametrize("requested", ["cuda", "mps", "tpu"])
def test_an_absent_device_is_refused(monkeypatch, requested):
    _pretend(monkeypatch, cuda=False, mps=False)
    with pytest.raises(SettingsError, match="choose"):
        choose_device(requested)
