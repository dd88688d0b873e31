"""Write a bundle: whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ..atomic import atomic_file, atomic_folder, storage_errors
from ..errors import BundleError, StorageError
from ..file_hash import file_sha256
from .allowed_types import dump_estimator
from .contents import MANIFEST_NAME, MODEL_CARD_NAME, check_names
from .manifest import SCHEMA_VERSION, BundleManifest
from .model_card import model_card

FileSource = Path | bytes | Callable[[Path], object]
"""A file to copy, its content, or a function that writes it to the path it is given."""

ESTIMATOR_FOLDER = "estimators"
_TRIED_BYTES = 1 << 20
_WORTH_COMPRESSING = 0.8


def write_bundle(
    destination: str | os.PathLike[str],
    manifest: BundleManifest,
    *,
    files: Mapping[str, FileSource] | None = None,
    estimators: Mapping[str, object] | None = None,
) -> Path:
    """Write a bundle as a folder, or as a ``.zip`` of it when ``destination`` ends in ``.zip``.

    ``bundle.json`` (with size and SHA-256 of every other file) and ``MODEL_CARD.md`` are made here; the estimators go
    to ``estimators/NAME.skops``. An existing bundle, or an empty folder, is replaced in one step; anything else that
    exists is left alone.

    Parameters
    ----------
    files
        Name in the bundle (``/`` between folders) to its source; see :data:`FileSource`.
    estimators
        Name to a fitted estimator whose types are on the allow-list of :mod:`.allowed_types`.

    Returns
    -------
    pathlib.Path
        ``destination``.

    Raises
    ------
    StorageError
        The disk is full, or the destination exists and is no bundle.
    BundleError
        A file's name or an estimator's type has no place in a bundle.
    """
    destination = Path(destination)
    check_destination(destination)
    # A manifest read from an older bundle is written as this version writes it.
    manifest = replace(manifest, schema_version=SCHEMA_VERSION)
    sources: dict[str, FileSource] = dict(files or {})
    for name, estimator in (estimators or {}).items():
        sources[f"{ESTIMATOR_FOLDER}/{name}.skops"] = dump_estimator(estimator, name)
    sources[MODEL_CARD_NAME] = model_card(manifest).encode()
    check_names([MANIFEST_NAME, *sources])
    if destination.suffix.lower() == ".zip":
        with atomic_file(destination) as partial, storage_errors():
            folder = partial.with_name(partial.name + ".folder")
            folder.mkdir()
            try:
                _write_folder(folder, manifest, sources)
                _zip(folder, partial)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    else:
        with atomic_folder(destination) as folder, storage_errors():
            _write_folder(folder, manifest, sources)
    return destination


def check_destination(destination: str | os.PathLike[str]) -> None:
    """Refuse, before hours of training, a destination that a bundle must not replace.

    Raises
    ------
    StorageError
    """
    destination = Path(destination)
    with storage_errors():
        destination.exists()  # raises where there can be no such name
    if destination.is_symlink():
        raise StorageError("The bundle's destination is a link: give the place itself.")
    if destination.is_dir():
        if destination.suffix.lower() == ".zip":
            raise StorageError("The bundle's destination ends in .zip and is a folder: choose another name.")
        if any(destination.iterdir()) and not (destination / MANIFEST_NAME).is_file():
            raise StorageError("The bundle's destination is a folder with other things in it: choose another one.")
    elif destination.exists() and not _is_zipped_bundle(destination):
        raise StorageError("The bundle's destination exists and is not a bundle: choose another name.")


def _is_zipped_bundle(path: Path) -> bool:
    if path.suffix.lower() != ".zip":
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST_NAME in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _write_folder(folder: Path, manifest: BundleManifest, sources: Mapping[str, FileSource]) -> None:
    for name, source in sources.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            target.write_bytes(source)
        elif isinstance(source, Path):
            shutil.copyfile(source, target)
        else:
            source(target)
            if not target.is_file():
                raise BundleError(f"The bundle's file '{name}' was not written by its writer.")
    content = manifest.to_json()
    content["files"] = {name: _record(folder / name) for name in sorted(sources)}
    (folder / MANIFEST_NAME).write_text(
        json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )


def _record(path: Path) -> dict[str, int | str]:
    return {"sha256": file_sha256(path), "size": path.stat().st_size}


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*"), key=lambda item: (item.name != MANIFEST_NAME, item)):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix(), _compression(path))


def _compression(path: Path) -> int:
    """Deflate where a piece from the middle of the file shows that it pays: trained weights hardly shrink.

    Weights that were rounded to sixteen bits do, to less than half.
    """
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(max(0, (size - _TRIED_BYTES) // 2))
        tried = handle.read(_TRIED_BYTES)
    pays = len(zlib.compress(tried, 1)) < _WORTH_COMPRESSING * len(tried)
    return zipfile.ZIP_DEFLATED if pays else zipfile.ZIP_STORED
