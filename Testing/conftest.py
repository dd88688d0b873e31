"""The order of the tests: the longest files begin, so that at the end no single one keeps the other core waiting."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_LONGEST = (
    "reading/test_reading_two_programs.py",
    "reading/test_reading_killed.py",
    "plnm/test_plnm_training.py",
    "networks/test_networks_inference.py",
    "cli/test_cli_reader_study.py",
    "plnm/test_plnm_model.py",
    "networks/test_networks_whole_way.py",
    "networks/test_networks_pretend_card.py",
    "staging/test_staging_training.py",
    "worker/test_worker_program.py",
    "cli/test_cli_mistakes.py",
)
_PLACES = {_HERE / name: place for place, name in enumerate(_LONGEST)}
assert all(path.is_file() for path in _PLACES)


def pytest_configure(config: pytest.Config) -> None:
    # By itself pytest-xdist begins with the files that hold most tests.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _PLACES.get(item.path, len(_PLACES)))
