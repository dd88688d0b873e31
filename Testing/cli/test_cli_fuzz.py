"""Whatever is thrown at the command line: an answer, or one sentence and exit code 2. Never a fault, never a hang."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

FUZZ = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def _told(outcome: Any) -> None:
    """An answer or a mistake that is told; 1 would be a fault of ours."""
    assert outcome.code in (0, 2), outcome.err
    assert "Traceback" not in outcome.err + outcome.out
    if outcome.code == 2:
        # Half a command gets the help of what may follow.
        assert outcome.err.strip() or outcome.out.strip().startswith("Usage:")


_HEADS = st.sampled_from(
    [
        b"",
        b"NRRD0004\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"II*\x00",
        b"MM\x00*",
        b"\0" * 128 + b"DICM",
        b"BM",
    ]
)


@FUZZ
@given(head=_HEADS, body=st.binary(max_size=400), which=st.sampled_from(["image", "roi"]))
@example(head=b"NRRD0004\ntype: float\ndimension: 2\nsizes: 4 4\nencoding: raw\n\n", body=b"\xff" * 64, which="image")
@example(head=b"NRRD0004\ntype: short\ndimension: 2\nsizes: 99999 99999\nencoding: raw\n\n", body=b"", which="image")
def test_any_bytes_as_image_or_mask(predict: Any, tmp_path: Path, head: bytes, body: bytes, which: str) -> None:
    path = tmp_path / "anything"
    path.write_bytes(head + body)
    outcome = predict(**{which: path})
    outcome.sentence()


@FUZZ
@given(data=st.data())
def test_a_damaged_picture(predict: Any, case: dict[str, str], tmp_path: Path, data: st.DataObject) -> None:
    """Flips in the compressed data of a real picture: read as another picture, or refused."""
    content = bytearray(Path(case["--roi"]).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(8, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.png"
    path.write_bytes(bytes(content))
    _told(predict(roi=path))


@settings(FUZZ, max_examples=15)
@given(
    mask=st.integers(0, 2**16 - 1).map(lambda bits: np.array([bits >> place & 1 for place in range(16)]).reshape(4, 4))
)
@example(mask=np.eye(4, dtype=int))
@example(mask=np.array([[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))
def test_any_small_region(predict: Any, case: dict[str, str], tmp_path: Path, mask: np.ndarray) -> None:
    """Dots, lines and crumbs get an answer or a reason."""
    from PIL import Image

    with Image.open(case["--roi"]) as whole:
        pixels = np.zeros((whole.height, whole.width), np.uint8)
    pixels[60:64, 60:64] = 255 * mask
    Image.fromarray(pixels).save(tmp_path / "small.png")
    _told(predict(roi=tmp_path / "small.png"))


@FUZZ
@given(pair=st.one_of(st.text(max_size=20), st.text(max_size=12).map(lambda value: f"rbc_count={value}")))
@example(pair="rbc_count=1_0")
@example(pair="rbc_count=٤")
@example(pair="rbc_count=0x4")
@example(pair="rbc_count=4,1")
@example(pair="--clinical")
def test_any_clinical_value(predict: Any, case: dict[str, str], tmp_path: Path, pair: str) -> None:
    """The values are read before anything is measured, so a missing image keeps this fast."""
    if "\0" in pair:
        return  # no shell can pass it
    _told(predict(clinical=(f"--clinical={pair}",), image=tmp_path / "nothing.png"))


_CELL = st.one_of(
    st.sampled_from(["", "0", "1", "x", "sim-00001", "images/sim-00001.png", "../..", "nan", "1e999", '"', "=1+1"]),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
_NAMES = [
    "case_id",
    "image",
    "roi",
    "outcome",
    "patient_id",
    "spacing_mm",
    "slice",
    "label",
    "split",
    "rbc_count",
    "age",
]


@FUZZ
@given(
    names=st.lists(st.sampled_from(_NAMES), max_size=8),
    rows=st.lists(st.lists(_CELL, max_size=8), max_size=4),
    separator=st.sampled_from([",", ";", "\t"]),
)
def test_any_table(
    call: Any,
    in_this_process: None,
    bundle: Path,
    tmp_path: Path,
    names: list[str],
    rows: list[list[str]],
    separator: str,
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("\n".join(separator.join(row) for row in [names, *rows]), encoding="utf-8", newline="")
    _told(call("predict", "--bundle", bundle, "--cohort", table, "--output", tmp_path / "p.csv"))
    _told(call("train", "plnm", table, "--output", tmp_path / "m", "--no-deep"))
    assert not (tmp_path / "m").exists()


@FUZZ
@given(content=st.binary(max_size=300))
def test_any_bytes_as_table_or_bundle(call: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "anything"
    path.write_bytes(content)
    _told(call("train", "plnm", path, "--output", tmp_path / "m", "--no-deep"))
    call("bundle", "inspect", path).sentence()
    call("bundle", "verify", path).sentence()


_WORDS = st.sampled_from(
    [
        "predict",
        "bundle",
        "inspect",
        "verify",
        "train",
        "plnm",
        "--json",
        "--bundle",
        "--image",
        "--roi",
        "--cohort",
        "-o",
        "--output",
        "--clinical",
        "--jobs",
        "1",
        "x",
        "--",
        "-",
        "--effort",
        "quick",
        "--help",
        "--debugx",
        "-x",
        "=",
    ]
)


@settings(FUZZ, max_examples=60)
@given(words=st.lists(_WORDS, max_size=7))
def test_any_words(
    call: Any, in_this_process: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = call(*words)
    if "--json" in itertools.takewhile(lambda word: word != "--", words) and outcome.code == 2:
        assert set(outcome.json) == {"error"}
    else:
        _told(outcome)


def test_a_picture_bomb(predict: Any, tmp_path: Path) -> None:
    """A small file that says it is 60,000 × 60,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    stream = io.BytesIO()
    stream.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)))
    stream.write(chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b""))
    (tmp_path / "bomb.png").write_bytes(stream.getvalue())
    predict(image=tmp_path / "bomb.png").sentence()
