"""The case as it was when it was asked about, and whether it still is."""

from __future__ import annotations

import numpy as np

from ..bundle import CaseInput
from ..errors import CervixRiskError
from ..imaging import SliceImage
from .case_session import CaseSession


class AskedCase:
    """What was sent to the model.

    Raises
    ------
    CervixRiskError
        As :meth:`~.case_session.CaseSession.case_input`.

    Attributes
    ----------
    case, choice
        The input, and the slice of the volume it was taken from.
    """

    def __init__(self, session: CaseSession) -> None:
        self.case = session.case_input()
        self.choice = session.choice()
        self._session = session
        self._volume = session.volume
        # Reading the case again takes some time; it is done only where something has said that it changed.
        self._touched = False
        self._signals = (session.image_changed, session.contour_changed, session.clinical_changed)
        for signal in self._signals:
            signal.connect(self._on_touch)

    def still_holds(self) -> bool:
        """Whether the session's case is the same, pixel by pixel, and may be answered."""
        session = self._session
        if session.blinded or session.volume is not self._volume:
            return False
        try:
            return not self._touched or _is_same(session.case_input(), self.case)
        except CervixRiskError:
            return False

    def forget(self) -> None:
        """Watch the session no more."""
        for signal in self._signals:
            signal.disconnect(self._on_touch)

    def _on_touch(self) -> None:
        self._touched = True


def _is_same(one: CaseInput, other: CaseInput) -> bool:
    if (one.roi is None) != (other.roi is None):
        return False
    if one.roi is not None and other.roi is not None and one.roi.mask_hash != other.roi.mask_hash:
        return False
    images, others = (one.image, *one.further_images), (other.image, *other.further_images)
    return (
        one.case_id == other.case_id
        and dict(one.clinical) == dict(other.clinical)
        and len(images) == len(others)
        and all(_is_same_image(*pair) for pair in zip(images, others, strict=True))
    )


def _is_same_image(one: SliceImage, other: SliceImage) -> bool:
    return one.spacing_mm == other.spacing_mm and np.array_equal(one.pixels, other.pixels, equal_nan=True)
