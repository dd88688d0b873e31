"""The study record on disk: in a bundle, or in the folder that a training run leaves beside it.

A run's folder holds copies of the bundle's ``bundle.json`` and ``study.json``, and pictures of example cases. Pictures
are patients' data and stay with those who trained; the bundle, which is passed on, has none.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..atomic import atomic_file
from ..errors import BundleError
from .contents import MANIFEST_NAME, MOST_MANIFEST_BYTES
from .json_record import from_json, to_json
from .load import Bundle, load_bundle, parse_json, read_manifest_bytes
from .manifest import BundleManifest
from .study_checks import check_record
from .study_record import STUDY_NAME, STUDY_VERSION, StudyRecord

RUN_NAME = "run.json"
_RUN = {"cervixrisk_run": 1}
_NO_RECORD = (
    "This bundle holds no study record: it was trained before reports were made. Train again to get a report; the "
    "bundle itself still answers."
)


@dataclass(frozen=True, eq=False)
class Study:
    """What a report is made of.

    Parameters
    ----------
    manifest, record
        What the bundle says of itself, and how good its model is.
    bundle_hash
        Names the bundle, as :attr:`.load.Bundle.hash`.
    run
        The run's folder, where the study was read from one; pictures of examples lie there.
    """

    manifest: BundleManifest
    record: StudyRecord
    bundle_hash: str
    run: Path | None = field(default=None, repr=False)


def study_bytes(record: StudyRecord) -> bytes:
    """``study.json``: strict JSON, scores with six significant digits.

    Raises
    ------
    BundleError
        The record could not be read again: a score is not a number, or arrays do not match their cases.
    """
    content = json.dumps(_rounded(to_json(record)), allow_nan=False, ensure_ascii=False).encode() + b"\n"
    _record(content)
    return content


def load_study(path: str | os.PathLike[str]) -> Study:
    """Read the study of a bundle (folder or ``.zip``) or of a run's folder.

    Raises
    ------
    BundleError
        Nothing is there, it was changed, it holds no record, or its numbers are not possible.
    """
    folder = Path(path)
    if (folder / RUN_NAME).is_file():
        return _load_run(folder)
    return study_of(load_bundle(path))


def study_of(bundle: Bundle) -> Study:
    """The study of an open bundle.

    Raises
    ------
    BundleError
        It holds no record, or its numbers are not possible.
    """
    if not bundle.has(STUDY_NAME):
        raise BundleError(_NO_RECORD)
    return Study(bundle.manifest, _record(bundle.read_bytes(STUDY_NAME), len(bundle.manifest.class_names)), bundle.hash)


def write_run(folder: str | os.PathLike[str], bundle: Bundle) -> Path:
    """Make ``folder`` the run's folder of ``bundle``; what else lies there is left alone.

    Raises
    ------
    BundleError
        The bundle holds no record.
    StorageError
    """
    folder = Path(folder)
    if not bundle.has(STUDY_NAME):
        raise BundleError(_NO_RECORD)
    # First what tells the folder from a bundle: a writer that was killed then leaves what can be written again.
    contents = {
        RUN_NAME: json.dumps(_RUN).encode() + b"\n",
        MANIFEST_NAME: bundle.contents.files[MANIFEST_NAME],
        STUDY_NAME: bundle.read_bytes(STUDY_NAME),
    }
    for name, content in contents.items():
        with atomic_file(folder / name) as partial:
            partial.write_bytes(content)
    return folder


def _load_run(folder: Path) -> Study:
    if parse_json(_read(folder / RUN_NAME), RUN_NAME) != _RUN:
        raise BundleError("This folder was written by a newer version of CervixRisk: update to read it.")
    described = _read(folder / MANIFEST_NAME)
    manifest, listing = read_manifest_bytes(described)
    content = _read(folder / STUDY_NAME)
    listed = listing.get(STUDY_NAME)
    if listed is None or listed.sha256 != sha256(content).hexdigest():
        raise BundleError(
            "The run's study.json does not belong to its bundle.json: make the report from the bundle instead."
        )
    return Study(manifest, _record(content, len(manifest.class_names)), sha256(described).hexdigest(), folder)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            content = handle.read(MOST_MANIFEST_BYTES + 1)
    except OSError as error:
        raise BundleError(f"The run's folder lacks {path.name}, or it cannot be read: give the bundle.") from error
    if len(content) > MOST_MANIFEST_BYTES:
        raise BundleError(f"The run's {path.name} is larger than it can be: it was not opened.")
    return content


def _record(content: bytes, groups: int | None = None) -> StudyRecord:
    values = parse_json(content, STUDY_NAME)
    version = values.get("version") if isinstance(values, dict) else None
    if isinstance(version, int) and version > STUDY_VERSION:
        raise BundleError("This study record was written by a newer version of CervixRisk: update to read it.")
    try:
        record = from_json(StudyRecord, values)
    except BundleError as error:
        raise BundleError(f"The study record is damaged: get the bundle again. ({error})") from error
    check_record(record, groups)
    return record


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value
