"""What several rooms' tests stand on can be imported, and the longest files begin.

At the end no single file keeps the other core waiting then.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
if str(_HERE) not in sys.path:
    # Last: the rooms' folders have names of the standard library's.
    sys.path.append(str(_HERE))
pytest.register_assert_rewrite("child_programs", "drawn_report", "secret_study")

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
