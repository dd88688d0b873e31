"""Check a bundle and tell everything that is wrong with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256

from ..errors import BundleError
from .allowed_types import check_estimator
from .contents import MANIFEST_NAME, read_contents
from .load import problems_of, read_manifest
from .write import ESTIMATOR_FOLDER


@dataclass(frozen=True)
class VerifiedFile:
    """A file of the bundle with what was found."""

    name: str
    size: int
    sha256: str
    listed: bool
    intact: bool


@dataclass(frozen=True)
class VerificationReport:
    """``problems`` is empty for a sound bundle; each is one sentence."""

    hash: str
    task: str
    simulated: bool
    files: tuple[VerifiedFile, ...]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify_bundle(path: str | os.PathLike[str]) -> VerificationReport:
    """Check every hash and every estimator's types, without building any of it.

    Raises
    ------
    BundleError
        There is no bundle here, or its manifest cannot be read; damaged files are in the report instead.
    """
    contents = read_contents(path)
    manifest, records = read_manifest(contents)
    problems = problems_of(contents, records)
    files: list[VerifiedFile] = []
    for name, content in sorted(contents.files.items()):
        if name == MANIFEST_NAME:
            continue
        digest, record = contents.sha256(name), records.get(name)
        intact = record is not None and record.sha256 == digest and record.size == len(content)
        files.append(VerifiedFile(name, len(content), digest, record is not None, intact))
        if intact and name.startswith(ESTIMATOR_FOLDER + "/"):
            try:
                check_estimator(content, name.removeprefix(ESTIMATOR_FOLDER + "/").removesuffix(".skops"))
            except BundleError as error:
                problems.append(str(error))
    return VerificationReport(
        sha256(contents.files[MANIFEST_NAME]).hexdigest(),
        manifest.task,
        manifest.simulated,
        tuple(files),
        tuple(problems),
    )
