"""Whatever was done to a bundle: one sentence, a ``BundleError``, and nothing of it is used."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.bundle import contents, load_bundle, verify_bundle
from CervixRiskLib.errors import BundleError

Rewrite = Callable[[Path, Callable[[dict[str, Any]], None]], None]


def refused(path: Path, match: str) -> None:
    with pytest.raises(BundleError, match=match) as caught:
        load_bundle(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_nothing_there(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "no bundle at this path")
    refused(tmp_path / "bad\0name", "no bundle at this path")


def test_not_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not a zip at all")
    refused(tmp_path / "x.zip", "not a bundle")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "no bundle.json")


@pytest.mark.parametrize("name", ["notes.txt", "deep/weights.bin", "MODEL_CARD.md", "estimators/score.skops"])
def test_one_byte_changed(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    refused(folder, "was changed")
    report = verify_bundle(folder)
    assert not report.ok
    assert [file.name for file in report.files if not file.intact] == [name]


def test_a_file_too_many(folder: Path) -> None:
    (folder / "extra.txt").write_text("x")
    refused(folder, "does not list")
    report = verify_bundle(folder)
    assert [file.name for file in report.files if not file.listed] == ["extra.txt"]


def test_a_file_too_few(folder: Path) -> None:
    (folder / "notes.txt").unlink()
    refused(folder, "is missing")
    assert not verify_bundle(folder).ok


def test_a_newer_schema(folder: Path, rewrite: Rewrite) -> None:
    rewrite(folder, lambda content: content.update(schema_version=3, brand_new_entry={}))
    refused(folder, r"newer CervixRisk \(schema 3, this version reads 1 to 2\): update")


@pytest.mark.parametrize("version", [None, "1", 0, True, 1.0, [1]])
def test_no_schema(folder: Path, rewrite: Rewrite, version: object) -> None:
    rewrite(folder, lambda content: content.update(schema_version=version))
    refused(folder, "no schema version")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"unknown": 1}, "unknown entry 'unknown'"),
        ({"threshold": "high"}, "'threshold' must be a number"),
        ({"threshold": 1.5}, "threshold must lie"),
        ({"threshold": 10**400}, "finite number"),
        ({"simulated": 1}, "'simulated' must be true or false"),
        ({"simulated": None}, "'simulated'"),
        ({"class_names": "ab"}, "'class_names' must be a list"),
        ({"positive_class": "other"}, "positive class"),
        ({"training": {"cases": 1}}, "lacks the entry 'training"),
        ({"training": []}, "'training' must be an object"),
        ({"metrics": [{"name": 1}]}, r"metrics\[0\]"),
        ({"seeds": {"numpy": 1.5}}, "'seeds.numpy' must be a whole number"),
        ({"files": None}, "'files' must be an object"),
        ({"files": {"notes.txt": {"sha256": "x"}}}, "lacks the entry 'files.notes.txt.size'"),
        ({"files": {"../x": {"sha256": "x", "size": 1}}}, "name a bundle may not have"),
    ],
)
def test_a_manifest_that_is_not_one(folder: Path, rewrite: Rewrite, change: dict[str, Any], match: str) -> None:
    rewrite(folder, lambda content: content.update(change))
    refused(folder, match)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        '{"schema_version": NaN}',
        '{"schema_version": 1, "schema_version": 1}',
        "[" * 100_000,
        "\ufeff",
    ],
)
def test_json_that_is_not(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text)
    refused(folder, "bundle.json")


def test_bytes_that_are_no_text(folder: Path) -> None:
    (folder / "bundle.json").write_bytes(b'{"schema_version": 1, "task": "\xff\xfe"}')
    refused(folder, "not valid JSON")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
class TestLinks:
    def test_a_link_to_a_file(self, folder: Path) -> None:
        (folder / "notes.txt").unlink()
        (folder / "notes.txt").symlink_to("/etc/hostname")
        refused(folder, "holds a link")

    def test_a_link_to_a_folder(self, folder: Path, tmp_path: Path) -> None:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
        refused(folder, "holds a link")

    def test_a_pipe_does_not_hang(self, folder: Path) -> None:
        (folder / "notes.txt").unlink()
        os.mkfifo(folder / "notes.txt")
        refused(folder, "not an ordinary file")

    def test_a_link_in_a_zip(self, zipped: Callable[..., Path]) -> None:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        refused(zipped((entry, b"/etc/passwd")), "holds a link")


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil", "a/./b", "evil\x07", "x" * 300, "a/b."]
)
def test_a_zip_that_leaves_its_folder(zipped: Callable[..., Path], name: str) -> None:
    refused(zipped((name, b"x")), "name a bundle may not have")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["notes.txt", "NOTES.txt", "bundle.json", "Bundle.JSON"])
def test_the_same_name_twice(zipped: Callable[..., Path], name: str) -> None:
    refused(zipped((name, b"other")), "twice")


def test_folders_in_a_zip_are_allowed(zipped: Callable[..., Path]) -> None:
    """As other programs write them when they pack a folder."""
    assert load_bundle(zipped(("deep/", b""), ("estimators/", b""))).has("deep/weights.bin")


def test_a_zip_of_the_folder_itself(pristine: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "deep.zip", "w") as archive:
        for file in pristine.rglob("*"):
            archive.write(file, "model/" + file.relative_to(pristine).as_posix())
    refused(tmp_path / "deep.zip", "one folder deeper")


def test_a_zip_bomb(zipped: Callable[..., Path]) -> None:
    path = zipped(("bomb.bin", bytes(64 << 20)))
    assert path.stat().st_size < 1 << 20
    refused(path, "swells")


def test_a_zip_that_lies_about_its_size(zipped: Callable[..., Path]) -> None:
    """The directory says 10 bytes, the data unpacks to more."""
    path = zipped(("liar.bin", b"x" * 5_000))
    content = bytearray(path.read_bytes())
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    refused(path, "bundle")


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_FILES", 3)
    refused(folder, "more than 3 files")


def test_too_large(zipped: Callable[..., Path], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped()
    monkeypatch.setattr(contents, "MOST_BYTES", 1_000)
    refused(path, "larger than a bundle")
    refused(folder, "larger than a bundle")


def test_a_foreign_name_cannot_move_the_cursor(folder: Path) -> None:
    with contextlib.suppress(OSError):
        (folder / "x\x1b[2J\n").write_text("x")
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert str(caught.value).isprintable()


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_the_zip_is_a_bundle_error(zipped: Callable[..., Path], data: st.DataObject) -> None:
    """Flipped, cut or grown bytes: refused, or without effect (zip comments and times), never another error."""
    path = zipped()
    content = bytearray(path.read_bytes())
    whole = load_bundle(path)
    kind = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    place = data.draw(st.integers(0, len(content) - 1))
    if kind == "flip":
        content[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        content = content[:place]
    else:
        content[place:place] = data.draw(st.binary(min_size=1, max_size=50))
    path.write_bytes(bytes(content))
    try:
        bundle = load_bundle(path)
    except BundleError:
        return
    assert bundle.contents.files == whole.contents.files


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_manifest_is_read_or_refused(folder: Path, data: st.DataObject) -> None:
    content = json.loads((folder / "bundle.json").read_text())
    key = data.draw(st.sampled_from(sorted(content)))
    changed = {**content, key: data.draw(_JSON)}
    (folder / "bundle.json").write_text(json.dumps(changed))
    try:
        with contextlib.suppress(BundleError):
            load_bundle(folder)
    finally:
        (folder / "bundle.json").write_text(json.dumps(content))
