"""Which heat maps a person can choose from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from CervixRiskLib.networks import CamMethod
from CervixRiskLib.workflow.heat_map_choice import heat_map_methods, method_of, method_words


def test_lymph_node_models_offer_both_and_the_others_none() -> None:
    assert heat_map_methods("plnm") == ("hirescam", "gradcam")
    assert heat_map_methods("staging") == heat_map_methods("another") == ()


@pytest.mark.parametrize("method", list(CamMethod))
def test_a_caption_tells_its_method(method: CamMethod) -> None:
    made = SimpleNamespace(heatmap_target=f"{method.caption} of the fusion score, in the square that the network sees")
    assert method_of(made) == method.value
    assert method_words(method).startswith(method.caption)


@pytest.mark.parametrize("caption", [None, "", "Another map"])
def test_other_captions_tell_none(caption: str | None) -> None:
    assert method_of(SimpleNamespace(heatmap_target=caption)) == ""
