"""What quality a slice must have, and in words what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .settings_mapping import check_range, check_types, settings_from_mapping, settings_to_mapping
from .slice_quality import SliceQuality

_WHAT = "quality limits"


@dataclass(frozen=True)
class QualityLimits:
    """Limits of :class:`SliceQuality`; a slice beyond any of them is called poor.

    The defaults were chosen on 80 MR slices of mixed sources and on spoilt copies of them. They refuse one slice, an
    excerpt in a drawn frame; all copies that were blank, had a fifth of their tissue clipped or were strongly blurred;
    and two thirds of those with strong ghosts, for ghosts show only where there is air. They are for MR: an ultrasound
    sector has dim borders and speckle. 0 switches a lower limit off, 1 the limits of clipping and blur.

    Parameters
    ----------
    least_contrast, least_grey_levels, least_foreground
        Below any of them the slice is almost blank.
    most_clipped_bright, most_clipped_dark
        Parts of the body at the ends of the grey scale.
    most_noise, most_blur, most_ghosting
        See :class:`SliceQuality`. Parts that could not be measured pass.

    Raises
    ------
    SettingsError
        A value of another type or out of range.
    """

    least_contrast: float = 0.05
    least_grey_levels: int = 16
    least_foreground: float = 0.05
    most_clipped_bright: float = 0.09
    most_clipped_dark: float = 0.15
    most_noise: float = 0.1
    most_blur: float = 0.73
    most_ghosting: float = 0.14

    def __post_init__(self) -> None:
        check_types(self, _WHAT)
        check_range(
            self,
            _WHAT,
            least_contrast=(0.0, 2.0),
            least_grey_levels=(0, 65536),
            least_foreground=(0.0, 1.0),
            most_clipped_bright=(0.0, 1.0),
            most_clipped_dark=(0.0, 1.0),
            most_noise=(0.0, 100.0),
            most_blur=(0.0, 1.0),
            most_ghosting=(0.0, 100.0),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the bundle; see :meth:`from_json`."""
        return settings_to_mapping(self)

    @classmethod
    def from_json(cls, mapping: Mapping[str, Any]) -> QualityLimits:
        """The limits in a mapping that JSON holds; what it leaves out keeps its default.

        Raises
        ------
        SettingsError
            An unknown entry, or a value of another type or out of range.
        """
        return settings_from_mapping(cls, mapping, _WHAT)


def quality_problems(quality: SliceQuality, limits: QualityLimits) -> tuple[str, ...]:
    """What is wrong with a slice, in sentences for a radiologist; empty for a good one.

    A blank slice is called that and nothing else, for its other measures mean nothing; a blurred one is not called
    ghosted as well, for its body is blurred into the air.
    """
    if quality.contrast < limits.least_contrast:
        return (f"The slice is almost blank: its grey values differ by no more than {_percent(quality.contrast)}.",)
    if quality.foreground_share < limits.least_foreground:
        return (f"The slice is almost blank: tissue covers {_percent(quality.foreground_share)} of it.",)
    if quality.grey_levels < limits.least_grey_levels:
        return (f"The slice is almost blank: it holds only {quality.grey_levels} grey values.",)
    problems = []
    if quality.clipped_bright > limits.most_clipped_bright:
        problems.append(f"{_percent(quality.clipped_bright)} of the tissue is at the brightest grey value (clipped).")
    if quality.clipped_dark > limits.most_clipped_dark:
        problems.append(f"{_percent(quality.clipped_dark)} of the body is at the darkest grey value (clipped).")
    if quality.noise is not None and quality.noise > limits.most_noise:
        problems.append(f"The slice is noisy: the noise is {_percent(quality.noise)} of the range of grey values.")
    if quality.blur is not None and quality.blur > limits.most_blur:
        problems.append(
            f"The slice is blurred: {_percent(quality.blur)} of its edges would survive further blurring "
            f"(at most {_percent(limits.most_blur)} allowed)."
        )
    elif quality.ghosting is not None and quality.ghosting > limits.most_ghosting:
        problems.append(
            f"The slice has ghosts, as motion leaves them: structures in the air around the body reach "
            f"{_percent(quality.ghosting)} of the tissue's brightness."
        )
    return tuple(problems)


def _percent(share: float) -> str:
    return f"{100.0 * share:.2g} %" if share < 0.1 else f"{100.0 * share:.0f} %"
