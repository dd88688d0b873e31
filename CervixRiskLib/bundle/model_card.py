"""The bundle's model card: what the manifest says, for a person. What is not known says so.

The parts are those of Mitchell et al. 2019 (Model Cards for Model Reporting, doi 10.1145/3287560.3287596).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import RESEARCH_USE_NOTICE
from .acquisition_record import recording_words
from .manifest import BundleManifest, Calibration, ClinicalPredictor, Metric
from .metric_table import by_model

NOT_PROVIDED = "NOT PROVIDED"

_TASKS = {
    "plnm": "Pelvic lymph node metastasis of cervical cancer, from one ultrasound slice",
    "staging": "Treatment group of cervical cancer, from one MRI section",
}

_NO_FINDINGS = "The study report, made from this bundle, says how good the model is and what that number rests on."


def model_card(manifest: BundleManifest, findings: Sequence[str] = ()) -> str:
    """The card as Markdown.

    Parameters
    ----------
    findings
        Sentences of the study report on how good the model is; a card without them points to the report.
    """
    sections = [
        _head(manifest),
        _section("Model details", _details(manifest)),
        _section("Intended use", _use(manifest)),
        _section("Factors", _factors(manifest)),
        _section("What it answers", _answer(manifest)),
        _section("What it needs", _needs(manifest)),
        _section("Training cohort", _cohort(manifest)),
        _section("Evaluation data", _evaluation(manifest)),
        _section("Findings", [*(f"- {finding}" for finding in findings)] or [_NO_FINDINGS]),
        _section("Validation", _validation(manifest)),
        _section("How it was made", _method(manifest)),
        _section("Deviations from the published protocol", _deviations(manifest)),
        _section("Ethical considerations", _ethics(manifest)),
        _section("Caveats and recommendations", _caveats(manifest)),
        _section("Not provided", _not_provided(manifest)),
        _section("Software", _table(("Package", "Version"), sorted(manifest.library_versions.items()))),
    ]
    return "\n".join(sections)


def _head(manifest: BundleManifest) -> str:
    task = _TASKS.get(manifest.task, manifest.task)
    if manifest.details.get("given_features"):
        task = task.replace("one ultrasound slice", "features measured elsewhere")
    lines = [f"# Model card: {task}", "", f"**{RESEARCH_USE_NOTICE}**", ""]
    if manifest.simulated:
        lines += ["**SIMULATED: trained on simulated images. It says nothing about any patient.**", ""]
    lines += [f"Made {manifest.created}, bundle schema {manifest.schema_version}.", ""]
    return "\n".join(lines)


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"## {title}", "", *lines, ""])


def _details(manifest: BundleManifest) -> list[str]:
    network = manifest.details.get("network")
    classifier = manifest.details.get("classifier")
    kind = [str(part) for part in (network, classifier) if part]
    kind += ["nomogram (logistic regression)"] if manifest.nomogram else []
    return [
        f"- Kind: {', '.join(kind) if kind else NOT_PROVIDED}.",
        f"- Made with CervixRisk {manifest.library_versions.get('cervixrisk', NOT_PROVIDED)} (Apache-2.0).",
        f"- Developed by, licence of the model, contact: {NOT_PROVIDED}.",
    ]


def _use(manifest: BundleManifest) -> list[str]:
    return [
        manifest.intended_use or NOT_PROVIDED,
        "",
        "Out of scope: decisions about a patient's care; other tumours, techniques or questions; images that a "
        "person of the field would not have accepted for the training cohort.",
    ]


def _factors(manifest: BundleManifest) -> list[str]:
    training = manifest.training
    return [
        f"- Scanner, probe, operator and who drew the contour can change the answer; evaluated here: {NOT_PROVIDED}.",
        *(f"- {words}" for words in recording_words(manifest)),
        f"- Centers: {training.centers if training.centers is not None else NOT_PROVIDED}. Subgroups of patients: in "
        "the study report, where the cohort table has columns for them.",
    ]


def _evaluation(manifest: BundleManifest) -> list[str]:
    honest = {metric.n for metric in manifest.metrics if metric.protocol == "honest"}
    if not honest:
        return [f"Honest evaluation: {NOT_PROVIDED}."]
    cases = " and ".join(str(n) for n in sorted(honest, reverse=True))
    return [
        f"The same cohort: {cases} cases, each answered by a model that had not seen its patient. There are no data of "
        "another hospital."
    ]


def _ethics(manifest: BundleManifest) -> list[str]:
    if manifest.simulated:
        return ["No patient's data were used: the images are simulated."]
    return [
        "- The bundle holds no image and no row of the cohort table; fitted models can still tell something of the "
        "cases they were fitted to, so share it as the data's owners allow.",
        f"- Ethics approval and consent: {NOT_PROVIDED}.",
        f"- Fairness between groups of patients: {NOT_PROVIDED}.",
    ]


def _caveats(manifest: BundleManifest) -> list[str]:
    lines = ["- Without external validation nothing is known of other hospitals, scanners and readers."]
    if manifest.training.cases:
        share = manifest.training.positives / manifest.training.cases
        lines.append(f"- Probabilities hold where the outcome is as common as in training ({share:.0%}).")
    lines.append("- Evaluate on cases of your own, calibration among them, before any use; read the answer's warnings.")
    return lines


def _answer(manifest: BundleManifest) -> list[str]:
    interval = manifest.interval
    if manifest.threshold is None:
        rule = "the probability of each; the answer is the most probable one."
    else:
        rule = f"the probability is that of **{manifest.positive_class}**."
    return [
        f"- Classes: {', '.join(manifest.class_names)}; {rule}",
        *([f"- Threshold: {manifest.threshold:.3f}."] if manifest.threshold is not None else []),
        f"- Calibration: {_calibration(manifest.calibration)}.",
        f"- Interval of a probability: {f'{interval.level:.0%}, {interval.method}' if interval else NOT_PROVIDED}.",
        f"- Nomogram: {'yes' if manifest.nomogram else 'no'}.",
    ]


def _calibration(calibration: Calibration) -> str:
    if calibration.method == "none":
        return "none (scores as they are)"
    if calibration.temperature is not None:
        return f"{calibration.method} (logits divided by {calibration.temperature:.3g})"
    return calibration.method


def _needs(manifest: BundleManifest) -> list[str]:
    lines = _image_needs(manifest)
    radiomics = manifest.radiomics
    if radiomics or manifest.selected_features:
        without = "measured elsewhere" if manifest.details.get("given_features") else "none"
        features = _radiomics_text(radiomics.preset, radiomics.engine) if radiomics else without
        lines.append(f"- Features: {features}; {len(manifest.selected_features)} are used.")
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


def _image_needs(manifest: BundleManifest) -> list[str]:
    """Which images, and whether their contour; a network says what its square is centred on."""
    if manifest.details.get("given_features"):
        return ["- A table of the features it uses, measured as in training; it cannot measure an image."]
    centre = manifest.preprocessing.get("centre")
    if centre == "slice":
        lines = ["- One slice, whole; no contour is needed."]
    elif centre == "roi":
        lines = ["- One slice and the contour of the tumour on it, on which the network's square is centred."]
    else:
        lines = ["- One slice and the contour of the tumour on it."]
    channels = manifest.details.get("channels")
    if isinstance(channels, list | tuple) and len(channels) > 1:
        names = ", ".join(f"`{name}`" for name in channels)
        lines.append(f"- Channels: {names}; images of the same section on the same grid.")
    network = manifest.details.get("network")
    if isinstance(network, str) and network:
        lines.append(f"- Network: `{network}`.")
    return lines


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
    given = bool(manifest.details.get("given_features"))
    if training.class_counts:
        counted = zip(training.class_counts, manifest.class_names, strict=True)
    else:
        counted = zip((training.positives,), (manifest.positive_class,), strict=True)
    parts = [f"{count} {name} ({count / training.cases if training.cases else 0.0:.0%})" for count, name in counted]
    return [
        f"- {training.cases} cases, {', '.join(parts)}.",
        f"- Patients: {training.patients if training.patients is not None else NOT_PROVIDED}; "
        f"centers: {training.centers if training.centers is not None else NOT_PROVIDED}.",
        *([] if given else [f"- Pixel size known for {training.known_pixel_size_share:.0%} of the cases."]),
        f"- Rows left out: {training.excluded}.",
        f"- Cohort content (SHA-256): `{training.cohort_hash}`.",
    ]


def _validation(manifest: BundleManifest) -> list[str]:
    if not manifest.metrics:
        return [NOT_PROVIDED]
    lines: list[str] = []
    for protocol in dict.fromkeys(metric.protocol for metric in manifest.metrics):
        metrics = [metric for metric in manifest.metrics if metric.protocol == protocol]
        wide = by_model(metrics)
        lines += [f"Protocol `{protocol}`{', values with their 95 % interval' if wide else ''}:", ""]
        lines += [*(_table(*wide) if wide else _long_table(metrics)), ""]
    lines.append("No external validation is part of this bundle.")
    return lines


def _long_table(metrics: Iterable[Metric]) -> list[str]:
    rows = [
        (metric.model or "–", metric.name, _number(metric.value), _interval(metric), str(metric.n))
        for metric in metrics
    ]
    return _table(("Model", "Measure", "Value", "95 % interval", "n"), rows)


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
