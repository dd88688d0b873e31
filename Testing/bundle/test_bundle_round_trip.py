"""What is written is what is read, as a folder and as a zip; and nothing else is ever left on the disk."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.bundle import BundleManifest, check_destination, load_bundle, verify_bundle, write_bundle
from CervixRiskLib.errors import BundleError, StorageError


@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_round_trip(tmp_path: Path, manifest: BundleManifest, estimator: object, name: str) -> None:
    path = write_bundle(
        tmp_path / name,
        manifest,
        files={
            "notes.txt": b"hello",
            "deep/made.bin": lambda target: target.write_bytes(b"made"),
            "copied.bin": Path(__file__),
        },
        estimators={"score": estimator},
    )
    bundle = load_bundle(path)
    assert bundle.manifest == manifest
    assert bundle.names == ("MODEL_CARD.md", "copied.bin", "deep/made.bin", "estimators/score.skops", "notes.txt")
    assert bundle.read_bytes("notes.txt") == b"hello"
    assert bundle.path_of("deep/made.bin").read_bytes() == b"made"
    assert bundle.read_bytes("copied.bin") == Path(__file__).read_bytes()
    assert bundle.estimator_names == ("score",)
    X = np.random.default_rng(1).normal(size=(20, 3))
    expected = estimator.predict_proba(X)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(bundle.estimator("score").predict_proba(X), expected)
    assert verify_bundle(path).ok
    assert [item.name for item in tmp_path.iterdir()] == [name]


def test_listing_holds_the_true_hashes(pristine: Path) -> None:
    listing = json.loads((pristine / "bundle.json").read_text())["files"]
    found = {
        file.relative_to(pristine).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in pristine.rglob("*")
        if file.is_file() and file.name != "bundle.json"
    }
    assert {name: record["sha256"] for name, record in listing.items()} == found
    bundle = load_bundle(pristine)
    assert bundle.hash == hashlib.sha256((pristine / "bundle.json").read_bytes()).hexdigest()


def test_folder_and_zip_are_the_same_bundle(tmp_path: Path, manifest: BundleManifest) -> None:
    hashes = {load_bundle(write_bundle(tmp_path / name, manifest)).hash for name in ("model", "model.zip")}
    assert len(hashes) == 1


def test_a_zip_compresses_what_shrinks(tmp_path: Path, manifest: BundleManifest) -> None:
    """Weights fill their bytes and are stored; rounded to sixteen bits their lower halves are zeros."""
    weights = np.random.default_rng(1).normal(size=600_000).astype(np.float32)
    rounded = (weights.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    files = {"weights.safetensors": weights.tobytes(), "rounded.safetensors": rounded.tobytes()}
    path = write_bundle(tmp_path / "model.zip", manifest, files=files)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.getinfo(name) for name in files}
    assert entries["weights.safetensors"].compress_type == zipfile.ZIP_STORED
    assert entries["rounded.safetensors"].compress_size < 0.6 * rounded.nbytes
    assert load_bundle(path).read_bytes("rounded.safetensors") == rounded.tobytes()


def test_an_older_bundle_is_replaced_as_a_whole(tmp_path: Path, manifest: BundleManifest) -> None:
    for name in ("model", "model.zip"):
        write_bundle(tmp_path / name, manifest, files={"old.txt": b"old"})
        write_bundle(tmp_path / name, manifest, files={"new.txt": b"new"})
        assert load_bundle(tmp_path / name).names == ("MODEL_CARD.md", "new.txt")


def test_what_is_no_bundle_is_left_alone(tmp_path: Path, manifest: BundleManifest) -> None:
    thesis = tmp_path / "work"
    thesis.mkdir()
    (thesis / "thesis.txt").write_text("ten years")
    photo = tmp_path / "photos.zip"
    photo.write_bytes(b"PK but not really")
    file = tmp_path / "file"
    file.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(thesis, target_is_directory=True)
    for place in (thesis, photo, file, link, tmp_path / ("a" * 300)):
        with pytest.raises(StorageError):
            check_destination(place)
        with pytest.raises(StorageError):
            write_bundle(place, manifest)
    assert (thesis / "thesis.txt").read_text() == "ten years"
    assert photo.read_bytes() == b"PK but not really"


def test_an_empty_folder_may_become_a_bundle(tmp_path: Path, manifest: BundleManifest) -> None:
    (tmp_path / "model").mkdir()
    assert load_bundle(write_bundle(tmp_path / "model", manifest)).manifest == manifest


@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_a_failing_writer_leaves_nothing(tmp_path: Path, manifest: BundleManifest, name: str) -> None:
    def fail(target: Path) -> None:
        target.write_bytes(b"half of")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match="disk is full"):
        write_bundle(tmp_path / name, manifest, files={"big.bin": fail})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_a_full_disk_is_one_sentence(tmp_path: Path, name: str) -> None:
    """The system itself refuses to write more than 100 kB into a file."""
    program = f"""
import resource, signal, sys
from CervixRiskLib.bundle import BundleManifest, Calibration, TrainingSummary, write_bundle
from CervixRiskLib.errors import StorageError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
manifest = BundleManifest("plnm", "now", {{}}, True, "b", ("a", "b"), 0.5, Calibration("none"),
                          TrainingSummary(2, 1, "", 0.0))
try:
    write_bundle({str(tmp_path / name)!r}, manifest, files={{"big.bin": bytes(400_000)}})
except StorageError as error:
    print(error)
"""
    done = _run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "not written" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path, manifest: BundleManifest) -> None:
    program = f"""
import os, signal
from CervixRiskLib.bundle import BundleManifest, Calibration, TrainingSummary, write_bundle
manifest = BundleManifest("plnm", "now", {{}}, True, "b", ("a", "b"), 0.5, Calibration("none"),
                          TrainingSummary(2, 1, "", 0.0))
write_bundle({str(tmp_path / "model")!r}, manifest, files={{"z": lambda _: os.kill(os.getpid(), signal.SIGKILL)}})
"""
    assert _run(program).returncode == -9
    with pytest.raises(BundleError, match="no bundle"):
        load_bundle(tmp_path / "model")
    write_bundle(tmp_path / "model", manifest)
    assert [item.name for item in tmp_path.iterdir()] == ["model"]


def test_private_files_are_private_and_go_away(pristine: Path) -> None:
    bundle = load_bundle(pristine)
    folder = bundle.path_of("notes.txt").parent
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder == bundle.path_of("deep/weights.bin").parents[1]
    del bundle
    assert not folder.exists()


def test_what_was_verified_is_what_is_read(folder: Path) -> None:
    """A file that changes after loading changes nothing."""
    bundle = load_bundle(folder)
    (folder / "notes.txt").write_bytes(b"other")
    assert bundle.read_bytes("notes.txt") == b"hello"
    assert bundle.path_of("notes.txt").read_bytes() == b"hello"


def test_missing_content_is_a_sentence(pristine: Path) -> None:
    bundle = load_bundle(pristine)
    for ask in (lambda: bundle.read_bytes("x"), lambda: bundle.path_of("x"), lambda: bundle.estimator("x")):
        with pytest.raises(BundleError, match="lacks the file"):
            ask()


def test_a_writer_that_writes_nothing_is_told(tmp_path: Path, manifest: BundleManifest) -> None:
    with pytest.raises(BundleError, match="not written"):
        write_bundle(tmp_path / "model", manifest, files={"nothing.bin": lambda target: None})


@pytest.mark.parametrize(
    "name", ["../out", "/etc/x", "a\\b", "C:x", "a/../b", "a//b", ".hidden", "BUNDLE.JSON", "a\nb"]
)
def test_names_that_no_bundle_may_have(tmp_path: Path, manifest: BundleManifest, name: str) -> None:
    with pytest.raises(BundleError):
        write_bundle(tmp_path / "model", manifest, files={name: b"x"})
    assert list(tmp_path.iterdir()) == []


def _run(program: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)


def test_an_old_manifest_is_written_as_of_now(tmp_path: Path, manifest: BundleManifest) -> None:
    """What this version writes is not announced as something an older one could read."""
    bundle = load_bundle(write_bundle(tmp_path / "model", dataclasses.replace(manifest, schema_version=1)))
    assert bundle.manifest == manifest
    assert f"schema {manifest.schema_version}" in bundle.read_bytes("MODEL_CARD.md").decode()
