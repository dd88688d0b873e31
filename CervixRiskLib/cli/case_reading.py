"""A case as the options of ``cervixrisk predict`` describe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ..bundle import CaseInput
    from ..cohort import ColumnDictionary
    from ..worker.predictors import StudyPredictor

FIRST_CHANNEL = "image"


def read_case(
    image_path: Path,
    roi_path: Path | None,
    *,
    further_paths: Sequence[Path] = (),
    label: int | None = None,
    segment: str | None = None,
    slice_index: int | None = None,
    spacing_mm: str | None = None,
    clinical: Sequence[str] = (),
) -> CaseInput:
    """The case that the options describe; slice and pixel size hold for all of its images.

    Raises
    ------
    CervixRiskError
        An image, contour or value that cannot be used.
    """
    from ..bundle import CaseInput
    from ..cohort.cells import parse_spacing
    from ..errors import SettingsError
    from ..imaging import read_image, read_roi

    try:
        spacing = None if spacing_mm is None else parse_spacing(spacing_mm, decimal_comma=False)
    except ValueError as error:
        raise SettingsError(f"{str(error).replace('spacing_mm', '--spacing-mm', 1)}, with a decimal point.") from None
    values = clinical_values(clinical)
    image = read_image(image_path, slice_index=slice_index, spacing_mm=spacing)
    further = tuple(read_image(path, slice_index=slice_index, spacing_mm=spacing) for path in further_paths)
    roi = None if roi_path is None else read_roi(roi_path, image, label=label, segment=segment)
    return CaseInput("case", image, roi, values, further)


def clinical_values(pairs: Sequence[str]) -> dict[str, float | str]:
    """``NAME=VALUE`` pairs as a mapping; the values are read by the model's own data dictionary.

    Raises
    ------
    ClinicalValueError
        Not such a pair, or the same name twice.
    """
    from ..cohort.shown_text import shown
    from ..errors import ClinicalValueError

    values: dict[str, float | str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not (equals and name and value.strip()):
            raise ClinicalValueError(f"'{shown(pair)}' is not NAME=VALUE: write, for example, rbc_count=4.1.")
        if name in values:
            raise ClinicalValueError(f"The clinical value {shown(name)} is given twice.")
        values[name] = value.strip()
    return values


def channel_paths(pairs: Sequence[str]) -> dict[str, Path]:
    """``NAME=FILE`` pairs as a mapping.

    Raises
    ------
    SettingsError
        Not such a pair, or the same name twice.
    """
    from ..cohort.shown_text import shown
    from ..errors import SettingsError

    paths: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        name = name.strip().lower()
        if not (equals and name and path.strip()):
            raise SettingsError(f"'{shown(pair)}' is not NAME=FILE: write, for example, --channel image_t1=t1.dcm.")
        if name in paths:
            raise SettingsError(f"The channel {shown(name)} is given twice.")
        paths[name] = Path(path.strip())
    return paths


def channels_in_order(given: Mapping[str, Path], wanted: Sequence[str]) -> list[Path]:
    """The further images in the order of the model's channels, whose first is given with ``--image``.

    Raises
    ------
    SettingsError
        The model knows no such channel, or one is missing.
    """
    from ..cohort.shown_text import shown
    from ..errors import SettingsError

    further = [name for name in wanted if name != FIRST_CHANNEL]
    needs = f"it takes {', '.join(further)} beside --image" if further else "it takes --image alone"
    for name in given:
        if name not in further:
            raise SettingsError(f"This model has no channel {shown(name)}: {needs}.")
    for name in further:
        if name not in given:
            raise SettingsError(f"This model looks at several images: give the missing one with --channel {name}=FILE.")
    return [given[name] for name in further]


def check_part(roi: Path | None, label: int | None, segment: str | None) -> None:
    """Raise ``SettingsError`` where a part of a contour is named and no contour."""
    from ..errors import SettingsError

    if roi is None and (label is not None or segment is not None):
        raise SettingsError("--label and --segment say which part of the --roi is the tumour: give the --roi too.")


def check_case_options(
    predictor: StudyPredictor, *, roi: Path | None, clinical: Sequence[str], nomogram: Path | None
) -> None:
    """Refuse what this bundle cannot use, before any image is read.

    Raises
    ------
    RoiError
        The model needs a contour.
    SettingsError
        It has no nomogram.
    ClinicalValueError
        It knows no clinical values.
    """
    from ..errors import ClinicalValueError, RoiError, SettingsError

    if roi is None and predictor.needs_roi:
        raise RoiError("This model looks at the tumour: give its contour with --roi.")
    if nomogram is not None and predictor.manifest.nomogram is None:
        raise SettingsError("This model has no nomogram: leave --nomogram out, or draw the answer with --picture.")
    if clinical and not predictor.columns.names:
        raise ClinicalValueError("This model uses no clinical values: leave --clinical out.")


def known_values(values: pd.Series, columns: ColumnDictionary) -> dict[str, float | str]:
    """Those of a cohort's clinical values that are there and that the model knows."""
    return {str(name): float(value) for name, value in values.items() if str(name) in columns and value == value}
