"""What it takes to make the same model again: versions, seeds, hashes, settings."""

from __future__ import annotations

import json

from ... import __version__
from ...bundle.json_record import Json, to_json
from ...bundle.study_file import Study
from .document import Absence, Block, NamedValues, Section

NOT_KNOWN = "not known"


def reproducing_sections(study: Study) -> tuple[Section, ...]:
    """Names with their values; what is not known says so."""
    manifest, training = study.manifest, study.manifest.training
    radiomics = manifest.radiomics
    identity = (
        ("Bundle", study.bundle_hash or NOT_KNOWN),
        ("Made", manifest.created),
        ("Cohort content (SHA-256)", training.cohort_hash or NOT_KNOWN),
        ("Radiomics preset", _preset(study)),
        ("Preset content (SHA-256)", "none" if radiomics is None else radiomics.content_hash),
        *_source(study),
        ("Report written by", f"cervixrisk {__version__}"),
    )
    sections = [Section("Making this again", (NamedValues(identity, "identity"),))]
    for name, values in (
        ("seeds", manifest.seeds),
        ("versions", manifest.library_versions),
        ("settings", _settings(study)),
        ("preprocessing", manifest.preprocessing),
    ):
        block: Block = Absence(f"No {name} are in the bundle.")
        if values:
            block = NamedValues(tuple((str(key), _words(value)) for key, value in sorted(values.items())), name)
        sections.append(Section(name.capitalize(), (block,), level=2))
    return tuple(sections)


def provenance(study: Study) -> dict[str, Json]:
    """The same for ``report.json``, as values."""
    manifest = study.manifest
    content: dict[str, Json] = to_json(
        {
            "task": manifest.task,
            "bundle_hash": study.bundle_hash,
            "created": manifest.created,
            "simulated": manifest.simulated,
            "report_version": __version__,
            "library_versions": manifest.library_versions,
            "seeds": manifest.seeds,
            "cohort_hash": manifest.training.cohort_hash,
            "radiomics": manifest.radiomics,
            "settings": _settings(study),
            "preprocessing": manifest.preprocessing,
            "deviations": manifest.deviations,
        }
    )
    return content


def _source(study: Study) -> tuple[tuple[str, str], ...]:
    """What the features come from: images of a known pixel size, or a file."""
    given = study.manifest.details.get("given_features")
    if isinstance(given, dict):
        return (("Features' content (SHA-256)", str(given.get("content_hash") or NOT_KNOWN)),)
    share = 100 * study.manifest.training.known_pixel_size_share
    return (("Pixel size known", f"{share:.0f} % of the cases"),)


def _preset(study: Study) -> str:
    radiomics = study.manifest.radiomics
    if radiomics is not None:
        return f"{radiomics.preset}, engine {radiomics.engine}"
    return "none: features were measured elsewhere" if study.manifest.details.get("given_features") else "none"


def _settings(study: Study) -> dict[str, Json]:
    settings = study.manifest.details.get("settings")
    return dict(settings) if isinstance(settings, dict) else {}


def _words(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value) or "none"
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(item)}" for name, item in value.items()) or "none"
    return json.dumps(to_json(value), ensure_ascii=False)
