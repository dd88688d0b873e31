"""What a person is told about a loaded model, in a line."""

from __future__ import annotations

from ..bundle.foreign_text import printable
from ..bundle.manifest import BundleManifest, Metric
from ..worker import StudyFacts

SIMULATED = "Simulated images: shows how it works, says nothing about a patient."
NO_NETWORK = "This model has no neural network; it is computed on the CPU."


def model_words(facts: StudyFacts) -> str:
    """``"Trained on 200 cases (52 metastasis). AUC 0.84 on cases it had not seen (95 % interval 0.78 to 0.91)."``"""
    manifest = facts.manifest
    training = manifest.training
    words = f"Trained on {training.cases} cases ({training.positives} {printable(manifest.positive_class, 30)}). "
    words += _discrimination(_auc(manifest))
    return f"{SIMULATED} {words}" if manifest.simulated else words


def processor_words(facts: StudyFacts) -> str:
    """What computes, a sentence."""
    return facts.processor or NO_NETWORK


def _auc(manifest: BundleManifest) -> Metric | None:
    """Of the model that answers: the nomogram where there is one, else the network that was chosen."""
    network = manifest.details.get("network")
    model = "nomogram" if manifest.nomogram is not None else network if isinstance(network, str) else None
    return manifest.metric("auc", model=model) or manifest.metric("auc")


def _discrimination(auc: Metric | None) -> str:
    if auc is None or auc.value is None:
        return "How well it discriminates is not known."
    if auc.lower is None or auc.upper is None:
        return f"AUC {auc.value:.2f} on cases it had not seen."
    return f"AUC {auc.value:.2f} on cases it had not seen (95\u00a0% interval {auc.lower:.2f} to {auc.upper:.2f})."
