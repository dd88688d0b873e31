"""What an answer stands on, in rows of a name and words: model, cohort, validation, hashes, software."""

from __future__ import annotations

from collections.abc import Iterable

from ..bundle import BundleManifest, Metric
from ..bundle.metric_table import measure_title, value_text
from ..bundle.prediction_text import percent, pixel_size_text
from .case_report import CaseReport

NOT_KNOWN = "not known"
_HONEST = "honest"
_OWN = "cervixrisk"

Rows = list[tuple[str, str]]


def provenance_rows(report: CaseReport) -> list[tuple[str, Rows]]:
    """Headings with their rows, in the order of the page."""
    manifest = report.manifest
    return [
        ("The model", _model(manifest)),
        ("Trained on", _cohort(manifest)),
        ("Validated inside its cohort, values with 95 % interval", _validation(manifest)),
        ("This answer", _answer(report)),
        ("Software", _software(report)),
    ]


def provenance_in_brief(report: CaseReport) -> Rows:
    """What fits below an answer: model and cohort, how good it was, the hash that names it, software."""
    manifest = report.manifest
    cohort = dict(_cohort(manifest))
    first = _first_honest(manifest)
    validated = "None that counts: nobody knows how good the model is"
    if first is not None:
        validated = f"{first.model or 'Model'}: {measure_title(first.name)} {value_text(first)}, n {first.n}"
    rows = [
        ("Model", f"made {manifest.created[:10]}, trained on {cohort['Cases'].replace(' (', ' cases (', 1)}"),
        ("Validation", f"{validated}, inside its cohort. No external validation is part of this model."),
        ("Model, SHA-256", report.prediction.bundle_hash or NOT_KNOWN),
    ]
    software = [f"trained with {name} {version}" for name, version in manifest.library_versions.items() if name == _OWN]
    if _OWN in report.versions:
        software.insert(0, f"answered with {_OWN} {report.versions[_OWN]}")
    return [*rows, ("Software", ", ".join(software) or NOT_KNOWN)]


def _first_honest(manifest: BundleManifest) -> Metric | None:
    """The honest AUC of the model that answers, which is judged first."""
    honest = [metric for metric in manifest.metrics if metric.protocol == _HONEST]
    return next((metric for metric in honest if metric.name.endswith("auc")), honest[0] if honest else None)


def _model(manifest: BundleManifest) -> Rows:
    rows = [("Intended use", manifest.intended_use or NOT_KNOWN), ("Made", manifest.created)]
    rows.append(("Classes", ", ".join(manifest.class_names)))
    if manifest.threshold is not None:
        rows.append(("Threshold", f"{percent(manifest.threshold)} of {manifest.positive_class}"))
    else:
        rows.append(("Threshold", "none: the most probable class is answered"))
    rows.append(("Calibration", _calibration(manifest)))
    interval = manifest.interval
    rows.append(("Interval", f"{100 * interval.level:.0f} %, {interval.method}" if interval else NOT_KNOWN))
    network = manifest.details.get("network")
    if isinstance(network, str) and network:
        rows.append(("Network", network))
    if manifest.radiomics is not None:
        rows.append(("Radiomics", f"preset {manifest.radiomics.preset}, engine {manifest.radiomics.engine}"))
    if manifest.selected_features:
        rows.append(("Features", f"{len(manifest.selected_features)} selected"))
    if manifest.deviations:
        rows.append(("Deviations from the published protocol", " ".join(manifest.deviations)))
    return rows


def _calibration(manifest: BundleManifest) -> str:
    calibration = manifest.calibration
    if calibration.method == "none":
        return "none: scores as they are"
    numbers = (
        ("slope", calibration.slope),
        ("intercept", calibration.intercept),
        ("temperature", calibration.temperature),
    )
    told = ", ".join(f"{name} {value:.3g}" for name, value in numbers if value is not None)
    return f"{calibration.method} ({told})" if told else calibration.method


def _cohort(manifest: BundleManifest) -> Rows:
    training = manifest.training
    counts: Iterable[tuple[int, str]] = [(training.positives, manifest.positive_class)]
    if training.class_counts:
        counts = zip(training.class_counts, manifest.class_names, strict=True)
    groups = ", ".join(f"{count} {name}" for count, name in counts)
    data = "simulated images" if manifest.simulated else "images of patients"
    return [
        ("Cases", f"{training.cases} ({groups}); {data}"),
        ("Patients", NOT_KNOWN if training.patients is None else str(training.patients)),
        ("Centers", NOT_KNOWN if training.centers is None else str(training.centers)),
        ("Pixel size", f"known for {100 * training.known_pixel_size_share:.0f} % of the cases"),
        ("Cohort, SHA-256", training.cohort_hash or NOT_KNOWN),
    ]


def _validation(manifest: BundleManifest) -> Rows:
    by_model: dict[str, list[Metric]] = {}
    for metric in manifest.metrics:
        if metric.protocol == _HONEST:
            by_model.setdefault(metric.model, []).append(metric)
    rows = [
        (
            f"{model or 'Model'}, n {metrics[0].n}",
            "; ".join(f"{measure_title(m.name)} {value_text(m)}" for m in metrics),
        )
        for model, metrics in by_model.items()
    ]
    rows = rows or [("Validation", "None that counts: nobody knows how good the model is.")]
    return [*rows, ("Other hospitals", "No external validation is part of this model.")]


def _answer(report: CaseReport) -> Rows:
    image, prediction = report.image, report.prediction
    rows = [("Image", f"{image.shape[1]} × {image.shape[0]} pixels. {pixel_size_text(image)}.")]
    rows += [("", note) for note in image.notes]
    rows.append(("Score", f"{prediction.score:.3f} before clinical predictors and calibration"))
    rows += [("Computed by", report.processor)] if report.processor else []
    rows.append(("Model, SHA-256", prediction.bundle_hash or NOT_KNOWN))
    rows += [("Contour, SHA-256", prediction.mask_hash)] if prediction.mask_hash else []
    return rows


def _software(report: CaseReport) -> Rows:
    rows = [("Answered with", _versions(report.versions.items()))] if report.versions else []
    return [*rows, ("Trained with", _versions(report.manifest.library_versions.items()) or NOT_KNOWN)]


def _versions(versions: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions))
