"""The pixel size that a person gives: from a line on the image's ruler, or as a number they know."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ImageError
from ..scene import (
    CaseRole,
    PixelSize,
    RulerReading,
    calibrate_pixel_size,
    can_undo_pixel_size,
    read_ruler,
    set_pixel_size_by_hand,
    undo_pixel_size,
)
from .case_session import CaseSession
from .clinical_form import plain_number
from .observers import Observers
from .signal import Signal

_LENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mm|cm)?", re.IGNORECASE)


class Calibration:
    """Gives the session's image its pixel size, and takes it back.

    Attributes
    ----------
    line
        The ``vtkMRMLMarkupsLineNode`` that is being drawn or moved, ``None`` while nobody calibrates.
    changed
        Signal: the line was drawn, moved, finished or given up.
    """

    def __init__(self, session: CaseSession) -> None:
        self.session = session
        self.line: Any | None = None
        self.changed = Signal()
        self._volume: Any | None = None
        self._observers = Observers()
        session.image_changed.connect(self._on_image)

    def close(self) -> None:
        """Follow the session no more; the scene is left as it is."""
        self.session.image_changed.disconnect(self._on_image)
        self._let_go()

    def start(self) -> Any:
        """A new line without points in the case's folder, for the person to draw; an earlier one goes.

        Raises
        ------
        ImageError
            No image, or the view shows no single slice of it.
        """
        self.session.pixel_size()
        self.cancel()
        folder = self.session.folder
        folder.remove(CaseRole.RULER)
        self._volume = self.session.volume
        self.line = folder.add(self.session.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Ruler"), CaseRole.RULER)
        self.line.CreateDefaultDisplayNodes()
        # Its own label counts in the millimetres that are about to change.
        self.line.GetDisplayNode().SetPropertiesLabelVisibility(False)
        for event in (
            self.line.PointPositionDefinedEvent,
            self.line.PointPositionUndefinedEvent,
            self.line.PointModifiedEvent,
            self.line.PointRemovedEvent,
        ):
            self._observers.add(self.line, event, self.changed.emit)
        self.changed.emit()
        return self.line

    @property
    def points_missing(self) -> int:
        """How many ends of the line are still to be clicked."""
        return 0 if self.line is None else max(0, 2 - int(self.line.GetNumberOfDefinedControlPoints()))

    def reading(self, length: str) -> RulerReading:
        """What applying ``length`` would give; see :func:`parse_length`.

        Raises
        ------
        ImageError
            No line, or it or the length cannot be used.
        """
        return read_ruler(self._volume, self._drawn(), parse_length(length), choice=self.session.choice())

    def apply(self, length: str) -> RulerReading:
        """Set the pixel size from the line; the line stays in the case's folder, hidden.

        Raises
        ------
        ImageError
            As :meth:`reading`; nothing was changed.
        """
        line = self._drawn()
        reading = calibrate_pixel_size(self._volume, line, parse_length(length), choice=self.session.choice())
        self._let_go()
        line.SetDisplayVisibility(False)
        line.SetLocked(True)
        self.session.touch_image()
        self.changed.emit()
        return reading

    def cancel(self) -> None:
        """Take the unfinished line out of the scene."""
        line = self.line
        if line is None:
            return
        self._let_go()
        if self.session.scene.IsNodePresent(line):
            self.session.scene.RemoveNode(line)
        self.changed.emit()

    def set_by_hand(self, text: str) -> tuple[float, float]:
        """A pixel size that the person knows; see :func:`parse_pixel_size`.

        Raises
        ------
        ImageError
            No image, or the text is no pixel size.
        """
        spacing_mm = parse_pixel_size(text)
        choice = self.session.choice()
        set_pixel_size_by_hand(self.session.volume, spacing_mm, choice)
        self.session.touch_image()
        return spacing_mm

    @property
    def can_undo(self) -> bool:
        """Whether the pixel size was changed by a person before."""
        return self.session.volume is not None and can_undo_pixel_size(self.session.volume)

    def undo(self) -> PixelSize:
        """Take back the last change of the pixel size; returns what holds now."""
        size = undo_pixel_size(self.session.volume)
        self.session.touch_image()
        return size

    def _drawn(self) -> Any:
        if self.line is None:
            raise ImageError("Draw a line with two points, from one mark of the ruler to another.")
        return self.line

    def _let_go(self) -> None:
        self._observers.clear()
        self.line = None

    def _on_image(self) -> None:
        if self.session.volume is not self._volume:
            self.cancel()


def parse_length(text: str) -> float:
    """Millimetres from ``"20"``, ``"20 mm"`` or ``"2 cm"``, with a decimal point or comma.

    Raises
    ------
    ImageError
        It is no length.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None or float(plain_number(match.group(1))) == 0:
        raise ImageError("Type the length between the two marks: 20 for 20 mm, or 2 cm.")
    return float(plain_number(match.group(1))) * (10.0 if (match.group(2) or "").lower() == "cm" else 1.0)


def parse_pixel_size(text: str) -> tuple[float, float]:
    """``(row_mm, column_mm)`` from ``"0.1"`` (square pixels) or ``"0.1 x 0.12"``, with decimal points or commas.

    Raises
    ------
    ImageError
        It is no pixel size between 0.001 and 10 mm.
    """
    from ..cohort.cells import parse_spacing

    try:
        return parse_spacing(text, decimal_comma=True)
    except ValueError as error:
        raise ImageError(
            "Type the millimetres from one pixel to the next: 0.104, or 0.1 x 0.12 (between rows, between columns)."
        ) from error
