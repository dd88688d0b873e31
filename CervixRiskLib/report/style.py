"""The house style of all figures: one palette, one set of type sizes, one way to write a file.

Figures are made without pyplot: no window, no list of open figures, safe in a worker thread's process.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import RESEARCH_USE_NOTICE, SIMULATED_MARK, __version__
from ..atomic import atomic_file
from ..errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito, Color Universal Design (2008): told apart in every common colour blindness and in grey print.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
INK = "#1A1A1A"
GREY = "#6B6B6B"
LIGHT_GREY = "#C8C8C8"

# In points; legible when a figure is printed one column (84 mm) wide at half its size.
TITLE_SIZE = 12.0
TEXT_SIZE = 10.0
TICK_SIZE = 8.5
NOTE_SIZE = 8.0

DOTS_PER_INCH = 200

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.2,
    "lines.solid_capstyle": "butt",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.usetex": False,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    # Words stay words: a figure can be searched and edited.
    "svg.fonttype": "none",
    "svg.hashsalt": "cervixrisk",
    "pdf.fonttype": 42,
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib's settings for the length of a block; a person's own settings do not leak into a figure."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)  # type: ignore[arg-type]
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure of ``width`` by ``height`` inches that nothing else knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    return figure


def closing_line(simulated: bool, mark: str = SIMULATED_MARK) -> str:
    """What stands under every figure that shows a risk."""
    return f"{mark} {RESEARCH_USE_NOTICE}" if simulated else RESEARCH_USE_NOTICE


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write ``figure`` as its suffix says (.png, .svg, .pdf); the file is whole or not there, and the same every time.

    Raises
    ------
    SettingsError
        Another suffix.
    StorageError
        The disk is full or the place cannot be written.
    """
    path = Path(path)
    content = figure_bytes(figure, path.suffix)
    with atomic_file(path) as partial:
        partial.write_bytes(content)
    return path


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """What :func:`save_figure` writes into a file that ends with ``suffix``.

    Raises
    ------
    SettingsError
        Another suffix.
    """
    creator = f"CervixRisk {__version__}"
    metadata = {
        ".png": {"Software": creator, "Disclaimer": RESEARCH_USE_NOTICE},
        ".svg": {"Creator": creator, "Date": None, "Description": RESEARCH_USE_NOTICE},
        ".pdf": {"Creator": creator, "CreationDate": None, "Subject": RESEARCH_USE_NOTICE},
    }.get(suffix.lower())
    if metadata is None:
        raise SettingsError(f'A figure is written as .png, .svg or .pdf, not "{suffix}".')
    content = io.BytesIO()
    with house_style():
        figure.savefig(content, format=suffix.lower()[1:], metadata=metadata)
    return content.getvalue()
