"""The fixture ``slicer_app``: a running stand-in; a test that leaves a question or an error behind fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .session import SlicerSession


@pytest.fixture
def slicer_app(tmp_path: Path) -> Iterator[SlicerSession]:
    """One session a test. An error that a test expects is taken out of ``errors`` by it; so is a question."""
    from .session import slicer_session

    with slicer_session(tmp_path) as session:
        yield session
    assert not session.errors, f"An exception in a slot: {session.errors[0]!r}"
    assert not session.dialogs.unexpected, f"A question without an answer: {session.dialogs.unexpected[0]}"
