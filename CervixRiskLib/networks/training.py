"""Train a network on labelled crops: the one loop of both studies."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import SettingsError, TrainingError
from ..progress import SILENT, Progress
from .checkpoint import DamagedCheckpointError, load_checkpoint, training_fingerprint
from .checkpoint_writer import CheckpointWriter
from .device import choose_device
from .epoch import Epoch
from .graphics_card import computing_on
from .inner_split import hold_out
from .network import Network
from .precision import choose_precision
from .random_state import kept_random_state
from .training_plan import TrainingPlan
from .training_run import Cases, TrainingRun


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network and the way there.

    Parameters
    ----------
    network
        On the CPU, in evaluation mode, with the weights of ``best_epoch``.
    history
        One entry an epoch.
    best_epoch
        Counted from 1, as ``Epoch.number`` is: with early stopping that of the lowest held-out loss, else the last.
    stopped_early
        Whether early stopping ended it before the last epoch.
    device, precision
        What it was computed on and in.
    resumed_from
        Epochs taken over from a checkpoint; 0 without one.
    note
        Why a checkpoint that was there could not be used; empty otherwise.
    """

    network: Network
    history: tuple[Epoch, ...]
    best_epoch: int
    stopped_early: bool
    device: str
    precision: str = "float32"
    resumed_from: int = 0
    note: str = ""


def train_network(
    network: Network,
    crops: np.ndarray,
    labels: np.ndarray,
    plan: TrainingPlan,
    *,
    groups: np.ndarray | None = None,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 3407,
    checkpoint: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> TrainedNetwork:
    """Train a copy of ``network`` on labelled crops as ``plan`` says; ``network`` itself stays as it was.

    On the CPU the same arguments, versions and thread count give the same bits. Torch's own random state is left
    alone: what is drawn in an epoch follows from ``seed`` and the epoch's number.

    Parameters
    ----------
    crops
        ``(n, size, size)`` or ``(n, channels, size, size)``, not normalised.
    labels
        ``(n,)`` integers from 0.
    groups
        ``(n,)`` patient of each crop; early stopping's held-out part divides none.
    validation
        Crops and labels that are only watched: their loss and AUC stand in the history and change nothing. Not
        together with early stopping, which watches its own held-out part.
    checkpoint
        File that is rewritten after every epoch. When it is there and was made with the same arguments, training goes
        on from it, to the same bits (on the CPU) as without the interruption; when it is another's or damaged,
        training begins anew and ``note`` says so. The caller removes it.
    progress
        One step a batch. Cancelling leaves the checkpoint of the last whole epoch.

    Raises
    ------
    TrainingError
        One class only, fewer than two cases of a class with early stopping, or a loss that is no longer finite.
    DeviceError
        The graphics card's memory does not suffice, or it failed.
    SettingsError
        Labels the head has no output for, crops of another size, or arguments that contradict each other.
    StorageError
        The checkpoint cannot be written.
    """
    crops = np.asarray(crops)
    labels = _checked_labels(network, crops, labels)
    if len(np.unique(labels)) < 2:
        raise TrainingError("All cases have the same outcome: there is nothing to learn from.")
    if groups is not None and len(groups) != len(labels):
        raise SettingsError(f"Each of the {len(labels)} crops needs one patient; {len(groups)} came.")
    if seed < 0:
        raise SettingsError("The seed must be a whole number from 0.")
    if validation is not None and plan.patience is not None:
        raise SettingsError("Early stopping holds out a part of the training cases: give no validation cases with it.")
    patients = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    training = np.arange(len(labels))
    held_out = np.arange(0)
    if plan.patience is not None:
        training, held_out = hold_out(labels, patients, fraction=plan.validation_fraction, seed=seed)

    chosen = choose_device(device).device
    precision = choose_precision(plan.precision, chosen, network.module)
    tuned = copy.deepcopy(network)
    if validation is not None:
        watched_labels = _checked_labels(network, np.asarray(validation[0]), validation[1])

    fingerprint: dict[str, str] = {}
    if checkpoint is not None:
        arrays = {"crops": crops, "labels": labels, "patients": patients, "validation crops": None}
        if validation is not None:
            arrays |= {"validation crops": np.asarray(validation[0]), "validation labels": watched_labels}
        fingerprint = training_fingerprint(network, plan, seed=seed, device=chosen, precision=precision, arrays=arrays)
    with ExitStack() as stack:
        stack.enter_context(computing_on(chosen))
        stack.enter_context(kept_random_state(chosen))
        images = tuned.prepare(crops, chosen)
        watched = None
        if plan.patience is not None:
            watched = Cases(images[held_out], labels[held_out])
        elif validation is not None:
            watched = Cases(tuned.prepare(validation[0], chosen), watched_labels)
        cases = Cases(images[training], labels[training])
        run = TrainingRun(tuned, plan, cases, watched, seed=seed, device=chosen, precision=precision)
        note = _resume(run, checkpoint, fingerprint)
        resumed_from = len(run.history)
        writer = None if checkpoint is None else stack.enter_context(CheckpointWriter(checkpoint, fingerprint))
        run.fit(progress, writer)
    before = network.weights
    tuned.weights = replace(
        before,
        fine_tuned="all" if "all" in (plan.mode, before.fine_tuned) else plan.mode,
        note=f"{before.note} Trained ({plan.mode}) on {len(labels)} crops, epoch {run.best_epoch} kept.".strip(),
    )
    return TrainedNetwork(
        tuned, tuple(run.history), run.best_epoch, len(run.history) < plan.epochs, chosen, precision, resumed_from, note
    )


def _resume(run: TrainingRun, path: Path | None, fingerprint: dict[str, str]) -> str:
    """Bring ``run`` to where the checkpoint at ``path`` stands, or say why not."""
    if path is None or not path.exists():
        return ""
    try:
        found = load_checkpoint(path)
        others = [
            name
            for name in {**fingerprint, **found.fingerprint}
            if fingerprint.get(name) != found.fingerprint.get(name)
        ]
        if others:
            return f"The checkpoint was made with another {', another '.join(others)}: training began anew."
        run.restore(found)
    except DamagedCheckpointError as error:
        return f"{error} Training began anew."
    return ""


def _checked_labels(network: Network, crops: np.ndarray, labels: np.ndarray) -> np.ndarray:
    given = np.asarray(labels)
    if given.ndim != 1 or len(given) != len(crops) or len(given) == 0:
        raise SettingsError(f"Each of the {len(crops)} crops needs one label; {given.size} came.")
    whole = given.astype(np.int64)
    if not np.array_equal(whole, given) or whole.min() < 0 or whole.max() >= network.n_classes:
        raise SettingsError(f"Labels must be whole numbers from 0 to {network.n_classes - 1}.")
    return whole
