"""Predictors that stay loaded between questions, as long as their bundles stay the same."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .predictors import Study, StudyPredictor

MOST_WARM = 4
# The coarsest clock of a file system in use (FAT): a file younger than this may change without showing it.
_SETTLED_NS = 2_000_000_000

OpenPredictor = Callable[..., tuple[Study, StudyPredictor]]
Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def bundle_hash(path: Path) -> str:
    """The hash that names the content of the whole bundle; every file is read and verified.

    Raises
    ------
    BundleError
    """
    from ..bundle import load_bundle

    return load_bundle(path).hash


@dataclass
class _Warm:
    study: Study
    predictor: StudyPredictor
    hash: str
    fingerprint: Fingerprint
    settled: bool


class WarmPredictors:
    """The last few predictors by path, device and runtime.

    A bundle is read again when the size, the times or the identity of one of its files changed, or when it was so young
    at the last look that a change need not show; it is loaded again when its content hash changed.

    Parameters
    ----------
    open_predictor
        As :func:`.predictors.open_predictor`.
    content_hash
        As :func:`bundle_hash`.
    """

    def __init__(
        self, open_predictor: OpenPredictor, content_hash: Callable[[Path], str] = bundle_hash, most: int = MOST_WARM
    ) -> None:
        self._open = open_predictor
        self._content_hash = content_hash
        self._most = most
        self._warm: OrderedDict[tuple[str, str, str], _Warm] = OrderedDict()

    def get(self, path: str, device: str, runtime: str) -> tuple[Study, StudyPredictor]:
        """The predictor for the bundle as it is now.

        Raises
        ------
        CervixRiskError
            As ``open_predictor``.
        """
        key = (path, device, runtime)
        fingerprint, settled = _fingerprint(Path(path))
        warm = self._warm.get(key)
        if warm is not None and (warm.fingerprint != fingerprint or not warm.settled):
            # Taken out first: a bundle that is now refused must not stay warm.
            del self._warm[key]
            if self._content_hash(Path(path)) == warm.hash:
                warm.fingerprint, warm.settled = fingerprint, settled
                self._warm[key] = warm
            else:
                warm = None
        if warm is None:
            while len(self._warm) >= self._most:
                self._warm.popitem(last=False)
            study, predictor = self._open(Path(path), device=device, runtime=runtime)
            known = getattr(getattr(predictor, "bundle", None), "hash", None)
            warm = _Warm(study, predictor, known or self._content_hash(Path(path)), fingerprint, settled)
            self._warm[key] = warm
        self._warm.move_to_end(key)
        return warm.study, warm.predictor


def _fingerprint(path: Path) -> tuple[Fingerprint, bool]:
    """Name, size, times and identity of every file, and whether all of them are old enough to be told by it.

    What cannot be looked at is left out: opening the bundle says what is wrong with it.
    """
    now = time.time_ns()
    files = [path]
    if path.is_dir():
        files = [Path(folder) / name for folder, _, names in os.walk(path) for name in names]
    found = []
    for file in sorted(files):
        try:
            state = file.stat()
        except OSError:
            return (), False
        found.append((str(file), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino))
    settled = all(max(item[2], item[3]) < now - _SETTLED_NS for item in found)
    return tuple(found), settled
