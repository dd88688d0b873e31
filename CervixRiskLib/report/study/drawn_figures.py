"""The figures of a report, each drawn once for all that is written of it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...errors import TrainingError
from ...progress import SILENT, Progress
from ..style import figure_bytes
from .document import StudyDocument

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CSS_PIXELS_PER_INCH = 96
_MOST_BYTES_OF_LINES = 1 << 20
"""A drawing of more is slower to show than a picture of it."""


@dataclass(frozen=True, eq=False)
class DrawnFigure:
    """A figure with its files' contents, or the reason why it could not be drawn from these data.

    Parameters
    ----------
    figure
        ``None`` where it could not be drawn.
    reason
        A sentence; empty for a drawn figure.
    """

    figure: Figure | None
    reason: str = ""

    @cached_property
    def svg(self) -> bytes:
        """Empty where it could not be drawn."""
        return b"" if self.figure is None else figure_bytes(self.figure, ".svg")

    @cached_property
    def png(self) -> bytes:
        """Empty where it could not be drawn."""
        return b"" if self.figure is None else figure_bytes(self.figure, ".png")

    @property
    def address(self) -> str:
        """For an ``img`` element: lines where they are light, a picture where they are thousands."""
        kind, content = ("svg+xml", self.svg) if len(self.svg) <= _MOST_BYTES_OF_LINES else ("png", self.png)
        return f"data:image/{kind};base64,{b64encode(content).decode('ascii')}"

    @property
    def width(self) -> int:
        """In CSS pixels."""
        return self._pixels(0)

    @property
    def height(self) -> int:
        """In CSS pixels."""
        return self._pixels(1)

    def _pixels(self, side: int) -> int:
        return 0 if self.figure is None else round(float(self.figure.get_size_inches()[side]) * _CSS_PIXELS_PER_INCH)


def draw_figures(document: StudyDocument, progress: Progress = SILENT) -> dict[str, DrawnFigure]:
    """All figures by name.

    Raises
    ------
    Cancelled
        ``progress`` said so.
    """
    blocks = document.figures()
    drawn: dict[str, DrawnFigure] = {}
    with progress.task("Drawing the report's figures", total=len(blocks)) as task:
        for block in blocks:
            try:
                drawn[block.name] = DrawnFigure(block.draw())
            except TrainingError as error:
                drawn[block.name] = DrawnFigure(None, reason=str(error))
            task.advance(detail=block.name)
    return drawn
