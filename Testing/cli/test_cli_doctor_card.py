"""What ``cervixrisk doctor`` says of a graphics card."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from CervixRiskLib.cli import doctor  # noqa: E402
from CervixRiskLib.networks import card_check, device  # noqa: E402
from CervixRiskLib.networks.card_check import GraphicsCard  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what looking at the card finds."""

    def found(answer: GraphicsCard | str) -> Any:
        monkeypatch.setattr(card_check, "check_card", lambda: answer)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 9))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        return doctor._device()

    return found


def test_the_card_is_described(card: Any) -> None:
    finding = card(GraphicsCard("NVIDIA RTX 4070", 12 << 30, (8, 9), "CUDA 12.8", 2))
    assert finding.ok
    for part in ("computed on cuda", "RTX 4070", "12 GiB", "capability 8.9", "CUDA 12.8", "bfloat16", "first of 2"):
        assert part in finding.text


def test_a_card_that_is_not_used_is_an_advice(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_shows_graphics_card", lambda: True)
    monkeypatch.setattr(device.sys, "platform", "linux")
    finding = card("the graphics card's driver is too old for this PyTorch (CUDA 12.8): update the driver")
    assert not finding.ok
    assert "card is not used: the graphics card's driver is too old" in finding.text
    monkeypatch.setattr(device, "_shows_graphics_card", lambda: False)
    assert card("the installed PyTorch was built without CUDA").ok
