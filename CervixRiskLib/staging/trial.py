"""One network trained on some cases and asked about others, remembered so that a killed run goes on."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..atomic import atomic_file
from ..bundle.library_versions import library_versions
from ..cohort.engine_version import code_version
from ..progress import SILENT, Progress
from .case_crops import CaseCrops
from .domain import NetworkDomain
from .settings import StagingSettings

if TYPE_CHECKING:
    from ..networks import Epoch, Network, TrainingPlan

_BATCH = 16
# A run that is resumed after an update begins anew.
_ROOMS = ("networks", "staging")


@dataclass(frozen=True, eq=False)
class Trial:
    """What a network said of the cases it had not been trained on.

    Parameters
    ----------
    network
        Its name.
    plan
        How it was trained.
    positions
        ``(judged,)`` rows of the cases.
    logits
        ``(judged, groups)`` float64.
    distances
        ``(judged,)`` from the training cases; see :class:`.domain.NetworkDomain`.
    history
        One entry an epoch, as JSON.
    best_epoch
        The epoch that was kept, from 1.
    device, precision
        Where and how exactly it was trained.
    trained, domain
        The network and where its training cases lie, where the caller asked to keep them.
    """

    network: str
    plan: TrainingPlan
    positions: np.ndarray
    logits: np.ndarray
    distances: np.ndarray
    history: tuple[dict[str, Any], ...]
    best_epoch: int
    device: str
    precision: str
    trained: Network | None = None
    domain: NetworkDomain | None = None


def run_trial(
    name: str,
    cases: CaseCrops,
    training: np.ndarray,
    judged: np.ndarray,
    plan: TrainingPlan,
    settings: StagingSettings,
    *,
    device: str,
    work_dir: Path,
    keep: bool = False,
    progress: Progress = SILENT,
) -> Trial:
    """Train ``name`` on the rows ``training`` and answer for the rows ``judged``.

    The judged cases have no part in training: not in stopping, not in choosing an epoch. A finished trial is read from
    ``work_dir``; an unfinished one goes on from its last epoch.

    Parameters
    ----------
    keep
        Whether the trained network and its domain are wanted. Its last epoch then stays in ``work_dir``.
    """
    from ..networks import build_network, train_network

    start = build_network(
        name,
        n_classes=len(cases.cohort.class_names),
        weights=settings.weights,
        in_channels=cases.crops.shape[1],
        seed=settings.torch_seed,
        input_size=cases.preprocessing.size,
    )
    key = _key(start, cases, training, judged, plan, settings)
    stored = work_dir / f"{name}-{key[:24]}.npz"
    if not keep:
        found = _load(stored, name, plan, judged)
        if found is not None:
            return found
    checkpoint = work_dir / f"{name}-{key[:24]}.checkpoint.safetensors"
    result = train_network(
        start,
        cases.crops[training],
        cases.labels[training],
        plan,
        groups=cases.patients[training],
        seed=settings.torch_seed,
        checkpoint=checkpoint,
        device=device,
        progress=progress,
    )
    domain = NetworkDomain.fit(_answers(result.network, cases.crops[training], device)[1])
    logits, pooled = _answers(result.network, cases.crops[judged], device) if judged.size else _nobody(start.n_classes)
    distances = domain.distances(pooled) if judged.size else np.zeros(0)
    result.network.to("cpu")
    trial = Trial(
        name,
        plan,
        judged,
        logits,
        distances,
        tuple(_as_json(epoch) for epoch in result.history),
        result.best_epoch,
        result.device,
        result.precision,
        result.network if keep else None,
        domain if keep else None,
    )
    if not keep:
        _save(stored, trial)
        checkpoint.unlink(missing_ok=True)
    return trial


def _as_json(epoch: Epoch) -> dict[str, Any]:
    """An epoch's numbers; what is not defined (an AUC of one group) is ``None``, since JSON has no NaN."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(epoch).items()
    }


def _answers(network: Network, crops: np.ndarray, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Logits ``(cases, groups)`` and pooled features ``(cases, pooled)``; heat maps are not needed here."""
    logits, pooled = [], []
    for start in range(0, len(crops), _BATCH):
        answer = network.answer(crops[start : start + _BATCH], device=device, classes=())
        logits.append(answer.logits.astype(np.float64))
        pooled.append(answer.pooled)
    return np.concatenate(logits), np.concatenate(pooled)


def _nobody(groups: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((0, groups)), np.zeros((0, 0), dtype=np.float32)


def _key(
    network: Network,
    cases: CaseCrops,
    training: np.ndarray,
    judged: np.ndarray,
    plan: TrainingPlan,
    settings: StagingSettings,
) -> str:
    """Hash of all that the trial's answers depend on."""
    made_by = [code_version(_ROOMS), library_versions(["torch"])]
    described = json.dumps(
        [network.name, asdict(network.weights), plan.to_json(), settings.torch_seed, network.n_classes, made_by],
        sort_keys=True,
    )
    digest = sha256(described.encode())
    for array in (cases.crops, cases.labels, np.asarray(cases.patients).astype("U"), training, judged):
        contiguous = np.ascontiguousarray(array)
        digest.update(f"{contiguous.dtype.str}{contiguous.shape}".encode())
        digest.update(contiguous.tobytes())
    return digest.hexdigest()


def _save(path: Path, trial: Trial) -> None:
    facts = json.dumps([trial.history, trial.best_epoch, trial.device, trial.precision])
    with atomic_file(path) as partial, partial.open("wb") as handle:
        np.savez(handle, logits=trial.logits, distances=trial.distances, facts=np.array(facts))


def _load(path: Path, name: str, plan: TrainingPlan, judged: np.ndarray) -> Trial | None:
    """The stored trial; ``None`` where there is none or it is damaged, and training then begins anew."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as content:
            logits, distances = content["logits"], content["distances"]
            history, best_epoch, device, precision = json.loads(str(content["facts"]))
    except (OSError, ValueError, KeyError, EOFError):
        return None
    if len(logits) != judged.size or len(distances) != judged.size:
        return None
    return Trial(name, plan, judged, logits, distances, tuple(history), best_epoch, device, precision)
