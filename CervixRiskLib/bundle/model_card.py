"""The bundle's model card: what the manifest says, for a person. What is not known says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import RESEARCH_USE_NOTICE
from .manifest import BundleManifest, ClinicalPredictor, Metric

NOT_PROVIDED = "NOT PROVIDED"

_TASKS = {
    "plnm": "Pelvic lymph node metastasis of cervical cancer, from one ultrasound slice",
    "staging": "Treatment group of cervical cancer, from one MRI slice",
}


def model_card(manifest: BundleManifest) -> str:
    """The card as Markdown."""
    sections = [
        _head(manifest),
        _section("Intended use", [manifest.intended_use or NOT_PROVIDED]),
        _section("What it answers", _answer(manifest)),
        _section("What it needs", _needs(manifest)),
        _section("Training cohort", _cohort(manifest)),
        _section("Validation", _validation(manifest)),
        _section("How it was made", _method(manifest)),
        _section("Deviations from the published protocol", _deviations(manifest)),
        _section("Not provided", _not_provided(manifest)),
        _section("Software", _table(("Package", "Version"), sorted(manifest.library_versions.items()))),
    ]
    return "\n".join(sections)


def _head(manifest: BundleManifest) -> str:
    lines = [f"# Model card: {_TASKS.get(manifest.task, manifest.task)}", "", f"**{RESEARCH_USE_NOTICE}**", ""]
    if manifest.simulated:
        lines += ["**SIMULATED: trained on simulated images. It says nothing about any patient.**", ""]
    lines += [f"Made {manifest.created}, bundle schema {manifest.schema_version}.", ""]
    return "\n".join(lines)


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *lines, ""])


def _answer(manifest: BundleManifest) -> list[str]:
    calibration = manifest.calibration.method if manifest.calibration.method != "none" else "none (scores as they are)"
    interval = manifest.interval
    return [
        f"- Classes: {', '.join(manifest.class_names)}; the probability is that of **{manifest.positive_class}**.",
        f"- Threshold: {manifest.threshold:.3f}.",
        f"- Calibration: {calibration}.",
        f"- Interval of a probability: {f'{interval.level:.0%}, {interval.method}' if interval else NOT_PROVIDED}.",
        f"- Nomogram: {'yes' if manifest.nomogram else 'no'}.",
    ]


def _needs(manifest: BundleManifest) -> list[str]:
    radiomics = manifest.radiomics
    lines = [
        "- One slice and the contour of the tumour on it.",
        f"- Features: {_radiomics_text(radiomics.preset, radiomics.engine) if radiomics else 'none'}; "
        f"{len(manifest.selected_features)} are used.",
    ]
    if not manifest.clinical:
        return [*lines, "- Clinical predictors: none."]
    rows = [
        (
            predictor.label,
            f"`{predictor.name}`",
            predictor.unit or "–",
            _range(predictor.observed_low, predictor.observed_high, predictor.levels),
            _plausible(predictor),
        )
        for predictor in manifest.clinical
    ]
    return [*lines, "", *_table(("Clinical predictor", "Name", "Unit", "Seen in training", "Accepted"), rows)]


def _radiomics_text(preset: str, engine: str) -> str:
    return f"radiomics preset `{preset}`, engine `{engine}`"


def _range(low: float | None, high: float | None, levels: tuple[str, ...] = ()) -> str:
    if levels:
        return ", ".join(levels)
    if low is None and high is None:
        return NOT_PROVIDED
    return f"{'–∞' if low is None else f'{low:g}'} to {'∞' if high is None else f'{high:g}'}"


def _plausible(predictor: ClinicalPredictor) -> str:
    if predictor.plausible_low is None and predictor.plausible_high is None:
        return ", ".join(predictor.levels) if predictor.levels else "any number"
    return _range(predictor.plausible_low, predictor.plausible_high)


def _cohort(manifest: BundleManifest) -> list[str]:
    training = manifest.training
    share = training.positives / training.cases if training.cases else 0.0
    return [
        f"- {training.cases} cases, {training.positives} {manifest.positive_class} ({share:.0%}).",
        f"- Patients: {training.patients if training.patients is not None else NOT_PROVIDED}; "
        f"centers: {training.centers if training.centers is not None else NOT_PROVIDED}.",
        f"- Pixel size known for {training.known_pixel_size_share:.0%} of the cases.",
        f"- Rows left out: {training.excluded}.",
        f"- Cohort content (SHA-256): `{training.cohort_hash}`.",
    ]


def _validation(manifest: BundleManifest) -> list[str]:
    if not manifest.metrics:
        return [NOT_PROVIDED]
    lines: list[str] = []
    for protocol in dict.fromkeys(metric.protocol for metric in manifest.metrics):
        rows = [
            (metric.model or "–", metric.name, _number(metric.value), _interval(metric), str(metric.n))
            for metric in manifest.metrics
            if metric.protocol == protocol
        ]
        lines += [f"Protocol `{protocol}`:", ""]
        lines += [*_table(("Model", "Measure", "Value", "95 % interval", "n"), rows), ""]
    lines.append("No external validation is part of this bundle.")
    return lines


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(metric: Metric) -> str:
    if metric.lower is None or metric.upper is None:
        return NOT_PROVIDED
    return f"{metric.lower:.3f} to {metric.upper:.3f}"


def _method(manifest: BundleManifest) -> list[str]:
    lines = [f"- {name.replace('_', ' ')}: {_value(value)}" for name, value in sorted(manifest.preprocessing.items())]
    lines += [f"- seed, {name}: {seed}" for name, seed in sorted(manifest.seeds.items())]
    if manifest.selected_features:
        lines += ["- selected features:", *(f"  - `{name}`" for name in manifest.selected_features)]
    return lines or [NOT_PROVIDED]


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "none" if value is None else str(value)


def _deviations(manifest: BundleManifest) -> list[str]:
    return [f"- {deviation}" for deviation in manifest.deviations] or ["None declared."]


def _not_provided(manifest: BundleManifest) -> list[str]:
    """What a reader of the card would ask for and this library cannot know."""
    missing = [
        "Scanners, probes and image settings of the training cohort",
        "Age, ethnicity and stage distribution of the training cohort",
        "External validation",
        "Performance in subgroups",
    ]
    if manifest.training.centers is None:
        missing.append("Centers of the training cohort")
    return [f"- {text}: {NOT_PROVIDED}" for text in missing]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return lines


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
