"""Which study answers for a bundle: one registry for everything that answers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..bundle import Bundle, BundleManifest, CaseInput, Prediction
    from ..cohort import ColumnDictionary
    from ..progress import Progress


class StudyPredictor(Protocol):
    """What a study makes of a loaded bundle.

    Attributes
    ----------
    needs_roi
        Whether a case needs a contour.
    channels
        Names of the images of a case; the first is ``"image"``.
    columns
        Dictionary of the clinical columns; may be empty.
    clinical_predictors
        Names of the clinical columns that the model uses; may be empty.
    """

    @property
    def manifest(self) -> BundleManifest: ...

    @property
    def needs_roi(self) -> bool: ...

    @property
    def channels(self) -> tuple[str, ...]: ...

    @property
    def columns(self) -> ColumnDictionary: ...

    @property
    def clinical_predictors(self) -> tuple[str, ...]: ...

    def predict(self, case: CaseInput, *, heatmap: bool = ..., progress: Progress = ..., **options: str) -> Prediction:
        """Answer for one case; ``options`` are the study's own, such as the way its heat maps are made.

        Raises
        ------
        CervixRiskError
            The case cannot be answered; the sentence says why.
        """
        ...


@dataclass(frozen=True)
class Study:
    """A study as the commands know it.

    Parameters
    ----------
    title
        What stands over its answers.
    module
        Its ``load_predictor`` serves.
    heat_map_methods
        Where a person can choose how heat maps are made: the values of :class:`CervixRiskLib.networks.CamMethod` that
        its ``predict`` takes as ``heat_map_method``, its own default first. Else empty: it is Grad-CAM.
    """

    title: str
    module: str
    heat_map_methods: tuple[str, ...] = ()

    def loader(self) -> Callable[..., Any]:
        """The module's ``load_predictor(bundle, *, device, runtime)``, imported now."""
        load: Callable[..., Any] = importlib.import_module(self.module).load_predictor
        return load


STUDIES = {
    "plnm": Study("Pelvic lymph node metastasis", "CervixRiskLib.plnm.predictor", ("hirescam", "gradcam")),
    "staging": Study("Treatment group", "CervixRiskLib.staging.predictor"),
}
"""By the task that a bundle names."""


def heat_map_options(study: Study, method: str | None) -> dict[str, str]:
    """What ``predict`` of a study is given so that its heat map is made by ``method``; ``None``: as the study does.

    Raises
    ------
    SettingsError
        The study makes its heat maps in one way, or in none of this name.
    """
    from ..errors import SettingsError

    if method is None:
        return {}
    if not study.heat_map_methods:
        raise SettingsError(
            f"{study.title}: heat maps of this model are always made with Grad-CAM. Leave the choice of another out."
        )
    if method not in study.heat_map_methods:
        known = ", ".join(study.heat_map_methods)
        raise SettingsError(f"There is no way '{method}' to make a heat map: choose one of {known}.")
    return {"heat_map_method": method}


def study_of(bundle: Bundle) -> Study:
    """The study that answers for ``bundle``.

    Raises
    ------
    BundleError
        No study of this version does.
    """
    from ..bundle.foreign_text import printable
    from ..errors import BundleError

    task = bundle.manifest.task
    if task not in STUDIES:
        known = ", ".join(STUDIES)
        raise BundleError(f"This bundle answers a question that CervixRisk does not know ('{printable(task)}', not "
                          f"one of {known}): update CervixRisk to use it.")  # fmt: skip
    return STUDIES[task]


def open_predictor(path: Path, *, device: str = "auto", runtime: str = "auto") -> tuple[Study, StudyPredictor]:
    """Load and verify a bundle of any study, and make it ready to answer.

    Raises
    ------
    BundleError
        The bundle cannot be used.
    MissingComponentError, SettingsError
        It needs a package that is not installed, or the processor or runtime does not exist.
    """
    from ..bundle import load_bundle

    bundle = load_bundle(path)
    study = study_of(bundle)
    # "auto" is every study's own default.
    chosen = {} if runtime == "auto" else {"runtime": runtime}
    predictor: StudyPredictor = study.loader()(bundle, device=device, **chosen)
    return study, predictor
