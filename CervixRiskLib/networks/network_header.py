"""What a network file says of itself in its header, checked; no torch is needed to read it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import BundleError, SettingsError
from .zoo import NETWORKS, NetworkSpec, checked_input_size

FORMAT = "cervixrisk-network"
FORMAT_VERSION = 1
_KEY = "cervixrisk"


@dataclass(frozen=True)
class WeightsRecord:
    """Where a network's weights came from.

    Parameters
    ----------
    kind
        ``"none"`` (drawn from ``seed``), ``"imagenet"`` or ``"file"``.
    sha256
        Hash of the file they were read from; ``None`` for ``"none"``.
    note
        Sentences on what was changed to fit ("The head of 1000 classes was replaced.").
    seed
        Seed of whatever was drawn: all weights, or the new head.
    fine_tuned
        ``"none"``, ``"head"`` or ``"all"``: what was trained on cases since.
    """

    kind: Literal["none", "imagenet", "file"]
    sha256: str | None = None
    note: str = ""
    seed: int | None = None
    fine_tuned: Literal["none", "head", "all"] = "none"


@dataclass(frozen=True)
class NetworkHeader:
    """A network without its tensors: name in the zoo, head size, image channels, crop side, origin of the weights."""

    name: str
    n_classes: int
    in_channels: int
    input_size: int
    weights: WeightsRecord

    @property
    def spec(self) -> NetworkSpec:
        """The zoo's row."""
        return NETWORKS[self.name]

    def to_metadata(self) -> dict[str, str]:
        """The metadata of a ``.safetensors`` file."""
        stated = {"format": FORMAT, "version": FORMAT_VERSION, **dataclasses.asdict(self)}
        return {_KEY: json.dumps(stated, sort_keys=True)}


def header_from_metadata(metadata: Mapping[str, str] | None) -> NetworkHeader:
    """Read and check the header in a ``.safetensors`` file's metadata.

    Raises
    ------
    BundleError
        There is none, or it is damaged, of another version, or of a network that is not known here.
    """
    text = (metadata or {}).get(_KEY)
    if text is None:
        raise BundleError("The file holds tensors but is no network of CervixRisk: give it as weights instead.")
    try:
        header = json.loads(text)
        if header["format"] != FORMAT:
            raise BundleError("The file is no network of CervixRisk.")
        if header["version"] != FORMAT_VERSION:
            raise BundleError("The network file was written by a newer version: update CervixRisk.")
        if header["name"] not in NETWORKS:
            raise BundleError("The network file names a network this version does not know: update CervixRisk.")
        for key, smallest in (("n_classes", 2), ("in_channels", 1), ("input_size", 1)):
            if type(header[key]) is not int or not smallest <= header[key] <= 4096:
                raise BundleError(f"The network file states an impossible {key}: copy the bundle again.")
        checked_input_size(NETWORKS[header["name"]], header["input_size"])
        return NetworkHeader(
            name=header["name"],
            n_classes=header["n_classes"],
            in_channels=header["in_channels"],
            input_size=header["input_size"],
            weights=_weights_record(header["weights"]),
        )
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError, SettingsError) as error:
        raise BundleError("The network file's header is damaged: copy the bundle again.") from error


def _weights_record(stated: dict[str, Any]) -> WeightsRecord:
    record = WeightsRecord(**stated)
    if not (
        record.kind in ("none", "imagenet", "file")
        and record.fine_tuned in ("none", "head", "all")
        and isinstance(record.note, str)
        and (record.sha256 is None or isinstance(record.sha256, str))
        and (record.seed is None or type(record.seed) is int)
    ):
        raise TypeError("weights record")
    return record
