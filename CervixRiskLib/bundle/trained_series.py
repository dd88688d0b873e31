"""Whether a case's images are of the kind that the model was trained on, as far as their files and the bundle say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ImageError
from ..imaging import SliceImage
from ..imaging.modality_words import modality_words
from .contracts import PredictionWarning, WarningCode
from .foreign_text import printable

SERIES = "series"
"""In a manifest's ``details``: by channel, the ``modalities`` and ``weightings`` that the training files stated.

Absent where no file stated any, as pictures never do.
"""

_LONGEST_CODE = 16
_NAMED = re.compile(r"(?<![a-z0-9])(t[12])w?(?![a-z0-9])")


@dataclass(frozen=True)
class TrainedSeries:
    """What the model looks at.

    Parameters
    ----------
    channels
        Names of a case's images, its own first.
    modalities
        By channel, DICOM's codes; none where nothing is expected.
    weightings
        By channel, ``"T1"`` and ``"T2"`` likewise.
    """

    channels: tuple[str, ...]
    modalities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weightings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, details: Mapping[str, Any], channels: Sequence[str], usual: str) -> TrainedSeries:
        """As the bundle's ``details`` record it.

        Parameters
        ----------
        usual
            The modality of the study's own images, for channels whose training files did not state one. A channel's
            name (``image_t1``) likewise says what its files did not.
        """
        recorded = details.get(SERIES)
        told = recorded if isinstance(recorded, dict) else {}
        return cls(
            tuple(channels),
            {name: _codes(told.get(name), "modalities") or (usual,) for name in channels},
            {name: _codes(told.get(name), "weightings") or weightings_named(name) for name in channels},
        )

    def warnings(self, images: Sequence[SliceImage]) -> list[PredictionWarning]:
        """For each image whose file says that it is of another kind; the images are those of ``channels``.

        Raises
        ------
        ImageError
            Two images are exchanged, beyond doubt.
        """
        found = []
        for name, image in zip(self.channels, images, strict=True):
            prefix = "" if name == "image" else f"{printable(name)}: "
            expected = self.modalities.get(name, ())
            if image.modality and expected and image.modality not in expected:
                kinds = " or ".join(modality_words(code) for code in expected)
                text = f"This is {modality_words(image.modality)}, the model is for {kinds}: its answer means nothing."
                found.append(PredictionWarning(WarningCode.OTHER_MODALITY, prefix + text))
            expected = self.weightings.get(name, ())
            if image.weighting and expected and image.weighting not in expected:
                text = (
                    f"By its file this image is {image.weighting}-weighted, the model expects "
                    f"{' or '.join(expected)} here."
                )
                found.append(PredictionWarning(WarningCode.OTHER_WEIGHTING, prefix + text))
        for name, image in zip(self.channels[1:], images[1:], strict=True):
            check_not_exchanged(images[0], image, self.weightings.get(name, ()), printable(name))
            frames = images[0].frame_of_reference, image.frame_of_reference
            if all(frames) and frames[0] != frames[1]:
                text = (
                    f"{printable(name)} and the image have different frames of reference: another patient, or another "
                    "examination, or the patient was moved."
                )
                found.append(PredictionWarning(WarningCode.OTHER_SECTION, text))
        return found


def weightings_named(channel: str) -> tuple[str, ...]:
    """``("T1",)`` for ``"image_t1"``; none where the name says nothing or both."""
    named = set(_NAMED.findall(channel.lower().replace("_", " ")))
    return (named.pop().upper(),) if len(named) == 1 else ()


def check_not_exchanged(first: SliceImage, further: SliceImage, expected: Sequence[str], title: str) -> None:
    """Refuse a pair in the wrong order: each is what the other should be, as both files say.

    Parameters
    ----------
    expected
        Weightings of the further image; nothing is refused without.
    title
        What the further image is called in the sentence.

    Raises
    ------
    ImageError
    """
    one, two = first.weighting, further.weighting
    if one and two and one != two and one in expected and two not in expected:
        raise ImageError(
            f"By their files the image is {one}-weighted and {title} is {two}-weighted: the two are exchanged. Give "
            "them the other way round."
        )


def _codes(entry: object, name: str) -> tuple[str, ...]:
    """A stranger's words: only texts, printable and short."""
    values = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(values, list):
        return ()
    return tuple(printable(value, _LONGEST_CODE) for value in values if isinstance(value, str) and value)
