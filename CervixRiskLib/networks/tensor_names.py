"""Names of tensors in files that another package published, brought to those of the module built here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REGNET_BLOCK = re.compile(r"^trunk_output\.block\d+\.block(\d+)-(\d+)\.")
_REGNET_PARTS = (
    ("stem.0.", "stem.conv."),
    ("stem.1.", "stem.bn."),
    ("proj.0.", "downsample.conv."),
    ("proj.1.", "downsample.bn."),
    ("f.a.0.", "conv1.conv."),
    ("f.a.1.", "conv1.bn."),
    ("f.b.0.", "conv2.conv."),
    ("f.b.1.", "conv2.bn."),
    ("f.c.0.", "conv3.conv."),
    ("f.c.1.", "conv3.bn."),
    ("f.se.", "se."),
    ("fc.", "head.fc."),
)


def built_names(network: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """``tensors`` under the names that the module of ``network`` has for them; others keep theirs.

    RegNetY is built by timm and published by torchvision, whose ``trunk_output.block3.block3-0.f.a.1.weight`` is
    timm's ``s3.b1.conv1.bn.weight``. Every other network is published by the names it is built with.
    """
    if network != "regnety_016" or "stem.0.weight" not in tensors:
        return dict(tensors)
    return {_regnet_name(name): tensor for name, tensor in tensors.items()}


def _regnet_name(name: str) -> str:
    block = _REGNET_BLOCK.match(name)
    start = f"s{block.group(1)}.b{int(block.group(2)) + 1}." if block else ""
    rest = name[block.end() :] if block else name
    for theirs, ours in _REGNET_PARTS:
        if rest.startswith(theirs):
            return f"{start}{ours}{rest.removeprefix(theirs)}"
    return name
