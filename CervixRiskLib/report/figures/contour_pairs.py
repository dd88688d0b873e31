"""Contours of the same tumour drawn on its slice: where readings differ, a person sees why."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import SIMULATED_DATA_MARK
from ...errors import RoiError, TrainingError
from ...imaging import Roi, SliceImage
from ..style import NOTE_SIZE, TEXT_SIZE, TICK_SIZE, house_style, save_figure
from .fitted_text import fit_width, shortened
from .outline import LINES, draw_outline, outline_handle
from .panels import Panels, PanelSize

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE = 2.9
# Room around the contours, as a share of the longer side of their common box.
_MARGIN = 0.18
_LEAST_PIXELS = 24
_LONGEST_BAR = 0.35
# Longer names stand below each other in the legend.
_LONGEST_BESIDE = 24
_LONGEST_IN_HEAD = 10
_SHOWN_PERCENTILES = (0.5, 99.5)


def draw_contour_pairs(
    pairs: Sequence[tuple[str, SliceImage, Sequence[tuple[str, Roi]]]],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a panel for each case: the slice around the contours, each contour a line of its own.

    Under the panel's title stand Dice and 95 % Hausdorff distance of the first contour and each other.

    Parameters
    ----------
    pairs
        The case's title, its slice, and name and region of each contour (up to six names in all).
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no case, or one has no contour.
    RoiError
        A contour does not lie on its slice.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not pairs or not all(contours for _, _, contours in pairs):
        raise TrainingError("There is no contour to draw.")
    names = list(dict.fromkeys(name for _, _, contours in pairs for name, _ in contours))
    if len(names) > len(LINES):
        raise TrainingError(f"At most {len(LINES)} readings can be told apart in one figure; there are {len(names)}.")
    for _, image, contours in pairs:
        if len({name for name, _ in contours}) < len(contours):
            raise ValueError("Two contours of one case have the same name.")
        if any(roi.shape != image.shape for _, roi in contours):
            raise RoiError("A contour does not have the size of the slice it is drawn on.")
    told = [_agreement(contours) for _, _, contours in pairs]
    lines = max(len(words) for words in told)
    with house_style():
        size = PanelSize(_SIDE, _SIDE, left=0.1, right=0.1, above=0.32 + 0.16 * lines, below=0.1)
        columns = min(3, len(names), len(pairs)) if max(map(len, names)) <= _LONGEST_BESIDE else 1
        panels = Panels(
            len(pairs),
            3,
            size,
            title=title,
            legend_rows=-(-len(names) // columns),
            simulated=simulated,
            mark=SIMULATED_DATA_MARK,
        )
        for (case, image, contours), words, axes in zip(pairs, told, panels.axes, strict=True):
            _draw_slice(axes, image, [roi for _, roi in contours])
            for name, roi in contours:
                draw_outline(axes, roi, names.index(name), gid=f"contour:{name}")
            _draw_scale_bar(axes, image)
            _head(axes, case, words)
        panels.legend([outline_handle(name, number) for number, name in enumerate(names)], columns=columns)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _agreement(contours: Sequence[tuple[str, Roi]]) -> list[str]:
    """A line for the first contour against each other."""
    from ...imaging import compare_contours

    (first_name, first), *others = contours
    words = []
    for name, roi in others:
        found = compare_contours(first, roi)
        distance = f"{found.hausdorff95:.1f} {found.unit}"
        pair = f"{shortened(first_name, _LONGEST_IN_HEAD)} – {shortened(name, _LONGEST_IN_HEAD)}: "
        between = pair if len(others) > 1 else ""
        words.append(f"{between}Dice {found.dice:.2f}, Hausdorff 95 % {distance}")
    return words


def _draw_slice(axes: Axes, image: SliceImage, rois: Sequence[Roi]) -> None:
    """The grey slice in mm (or pixels), cut to a square of tissue around all contours."""
    row_size, column_size = image.spacing_mm or (1.0, 1.0)
    boxes = np.array([roi.bounding_box for roi in rois], dtype=float)
    top, left = boxes[:, :2].min(axis=0) * (row_size, column_size)
    bottom, right = boxes[:, 2:].max(axis=0) * (row_size, column_size)
    side = max((bottom - top) * (1 + 2 * _MARGIN), (right - left) * (1 + 2 * _MARGIN))
    side = max(side, _LEAST_PIXELS * min(row_size, column_size))
    rows, columns = image.shape
    y0, x0 = (top + bottom - side) / 2, (left + right - side) / 2
    first_row, last_row = max(0, math.floor(y0 / row_size)), min(rows, math.ceil((y0 + side) / row_size))
    first_column, last_column = max(0, math.floor(x0 / column_size)), min(columns, math.ceil((x0 + side) / column_size))
    seen = image.pixels[first_row:last_row, first_column:last_column]
    dark, bright = (float(value) for value in np.percentile(seen, _SHOWN_PERCENTILES))
    axes.imshow(
        seen, cmap="gray", vmin=dark, vmax=bright if bright > dark else dark + 1.0, interpolation="bilinear",
        extent=(first_column * column_size, last_column * column_size, last_row * row_size, first_row * row_size),
        gid="slice",
    )  # fmt: skip
    # Beyond the image's edge there is nothing; it must not look like tissue.
    axes.set_facecolor("#2B2B3A")
    axes.set_xlim(x0, x0 + side)
    axes.set_ylim(y0 + side, y0)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_scale_bar(axes: Axes, image: SliceImage) -> None:
    from matplotlib.patheffects import Normal, Stroke

    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    side = right - left
    power = 10.0 ** math.floor(math.log10(_LONGEST_BAR * side))
    length = next(step * power for step in (5, 2, 1) if step * power <= _LONGEST_BAR * side)
    x, y = left + 0.05 * side, bottom - 0.06 * (bottom - top)
    rim = [Stroke(linewidth=5.0, foreground="black"), Normal()]
    axes.plot([x, x + length], [y, y], color="white", linewidth=2.6, gid="scale", zorder=8, path_effects=rim)
    rim = [Stroke(linewidth=2.2, foreground="black"), Normal()]
    axes.text(x, y - 0.025 * side, f"{length:g} {'px' if image.spacing_mm is None else 'mm'}", color="white",
              fontsize=TICK_SIZE, va="bottom", gid="scale:words", zorder=8, path_effects=rim)  # fmt: skip


def _head(axes: Axes, case: str, words: Sequence[str]) -> None:
    above: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    for number, line in enumerate(reversed(words)):
        text = axes.annotate(line, (0, 1), (0, 4 + 11.5 * number), fontsize=NOTE_SIZE, gid="agreement", **above)
        fit_width(text, _SIDE, least=NOTE_SIZE - 1)
    text = axes.annotate(
        case,
        (0, 1),
        (0, 5 + 11.5 * len(words)),
        fontsize=TEXT_SIZE,
        fontweight="bold",
        gid="case",
        **above,
    )
    fit_width(text, _SIDE, least=NOTE_SIZE - 1)
