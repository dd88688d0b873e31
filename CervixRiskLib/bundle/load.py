"""Open a bundle: verified as a whole before anything of it is used."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..atomic import storage_errors
from ..errors import BundleError
from .allowed_types import check_estimator, load_estimator
from .contents import MANIFEST_NAME, BundleContents, check_names, read_contents
from .json_record import Json, from_json
from .manifest import BundleManifest, check_schema_version
from .write import ESTIMATOR_FOLDER


@dataclass(frozen=True)
class FileRecord:
    """What ``bundle.json`` says of a file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class _Listing:
    files: dict[str, FileRecord]


@dataclass(frozen=True, eq=False)
class Bundle:
    """A verified bundle. Everything it gives comes from the bytes that were verified.

    Parameters
    ----------
    manifest
        What the bundle says about itself.
    hash
        SHA-256 of ``bundle.json``; since that lists the hash of every other file, it names the whole bundle.
    """

    manifest: BundleManifest
    hash: str
    contents: BundleContents = field(repr=False)
    _folder: list[Path] = field(default_factory=list, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The files, sorted, without ``bundle.json``."""
        return tuple(sorted(name for name in self.contents.files if name != MANIFEST_NAME))

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in self.contents.files

    def read_bytes(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        BundleError
            There is none.
        """
        try:
            return self.contents.files[name]
        except KeyError:
            raise BundleError(f"The bundle lacks the file '{name}' that its model needs: get it again.") from None

    def path_of(self, name: str) -> Path:
        """The file in a private folder that lives as long as this object, for libraries that want a path.

        Raises
        ------
        BundleError
            There is none.
        StorageError
            The disk is full.
        """
        content = self.read_bytes(name)
        with storage_errors():
            if not self._folder:
                folder = Path(tempfile.mkdtemp(prefix="cervixrisk-"))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                self._folder.append(folder)
            path = self._folder[0] / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return path

    def estimator(self, name: str) -> Any:
        """The fitted estimator ``estimators/NAME.skops``, a new object on every call.

        Raises
        ------
        BundleError
            There is none, or it holds a type that bundles may not hold.
        """
        return load_estimator(self.read_bytes(f"{ESTIMATOR_FOLDER}/{name}.skops"), name)

    @property
    def estimator_names(self) -> tuple[str, ...]:
        """Names for :meth:`estimator`."""
        prefix, suffix = ESTIMATOR_FOLDER + "/", ".skops"
        return tuple(
            name[len(prefix) : -len(suffix)] for name in self.names if name.startswith(prefix) and name.endswith(suffix)
        )


def load_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Open a bundle's folder or ``.zip``.

    Nothing of it is executed: the manifest is JSON, the estimators are checked against a fixed list of types when they
    are asked for, weights are safetensors.

    Raises
    ------
    BundleError
        Nothing is there; a file was changed, is missing or not listed; the schema is newer than this library; an entry
        of the manifest is not valid; the archive tries to leave its folder or swells beyond reason.
    """
    contents = read_contents(path)
    manifest, records = read_manifest(contents)
    for problem in problems_of(contents, records):
        raise BundleError(problem)
    bundle = Bundle(manifest, sha256(contents.files[MANIFEST_NAME]).hexdigest(), contents)
    for name in bundle.estimator_names:
        check_estimator(bundle.read_bytes(f"{ESTIMATOR_FOLDER}/{name}.skops"), name)
    return bundle


def read_manifest(contents: BundleContents) -> tuple[BundleManifest, dict[str, FileRecord]]:
    """The manifest and the listing of files.

    Raises
    ------
    BundleError
    """
    return read_manifest_bytes(contents.files[MANIFEST_NAME])


def read_manifest_bytes(described: bytes) -> tuple[BundleManifest, dict[str, FileRecord]]:
    """The manifest and the listing of files of a ``bundle.json``.

    Raises
    ------
    BundleError
    """
    content = parse_json(described, MANIFEST_NAME)
    check_schema_version(content)
    listing = from_json(_Listing, {"files": content.pop("files", None)})
    check_names([MANIFEST_NAME, *listing.files])
    return BundleManifest.from_json(content), listing.files


def problems_of(contents: BundleContents, records: dict[str, FileRecord]) -> list[str]:
    """One sentence for each file that is not what the listing says."""
    problems: list[str] = []
    for name in sorted(set(contents.files) - set(records) - {MANIFEST_NAME}):
        problems.append(f"The bundle holds the file '{name}' that it does not list: it was not opened. Get it again.")
    for name, record in sorted(records.items()):
        if name not in contents.files:
            problems.append(f"The bundle's file '{name}' is missing: get the bundle again.")
        elif len(contents.files[name]) != record.size or contents.sha256(name) != record.sha256:
            problems.append(
                f"The bundle's file '{name}' was changed after the bundle was made (its SHA-256 differs): "
                "get the bundle again."
            )
    return problems


def parse_json(content: bytes, name: str) -> Json:
    """Strict JSON: UTF-8, no NaN, no key twice.

    Raises
    ------
    BundleError
    """
    try:
        return json.loads(content.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"The bundle's file '{name}' is not valid JSON: get the bundle again.") from error


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content
