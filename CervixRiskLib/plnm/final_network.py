"""The network that goes into a bundle, and what writes it there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..progress import Progress
from .case_table import CaseTable
from .model import PlnmModel
from .settings import FineTuning, TrainingSettings


def final_network(
    model: PlnmModel,
    cases: CaseTable,
    settings: TrainingSettings,
    positions: np.ndarray,
    device: str,
    progress: Progress,
) -> tuple[Any, str]:
    """The winner's network, with its head trained when asked for, and what is to be said of it.

    Parameters
    ----------
    positions
        The training cases, as positions in ``cases``.

    Returns
    -------
    tuple
        ``None`` where the winner uses none, and a sentence or an empty text.
    """
    name = model.winner_.network
    if not name:
        return None, ""
    if settings.fine_tuning is FineTuning.ALL:
        blocks = model.signature_.named_steps["blocks"].transformers_
        return blocks["deep"].named_steps["embedding"].network_, "The network was fine-tuned on the training cases."
    network = cases.networks[name]
    if settings.fine_tuning is FineTuning.HEAD:
        from ..networks import fine_tune

        assert cases.crops is not None
        result = fine_tune(
            network, cases.crops[positions], cases.y[positions], mode="head", epochs=settings.fine_tuning_epochs,
            seed=settings.torch_seed, groups=cases.groups[positions], progress=progress, device=device,
        )  # fmt: skip
        return result.network, "The network's head was trained; its embeddings are those of the frozen network."
    note = (
        ""
        if settings.weights != "none"
        else ("The network's weights are random (--weights none): its features are random textures, not learned ones.")
    )
    return network, note


def network_files_of(network: Any) -> tuple[dict[str, Any], str]:
    """The network's files by name, and why its graph is not among them."""
    if network is None:
        return {}, ""
    from ..networks import network_files

    return network_files(network)
