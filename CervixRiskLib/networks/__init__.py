"""Networks: zoo, weights, embeddings, fine-tuning, class activation maps, device and threads.

Importing this package imports no torch; a name is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .answer import NetworkAnswer
from .class_activation import CamMethod, grad_cam, head_grad_cam, hires_cam, score_cam, weighted_cam
from .crop_normalisation import zscore_crops
from .device import DeviceChoice, choose_device
from .zoo import NETWORKS, STAGING_NETWORKS, NetworkSpec, network_spec

if TYPE_CHECKING:
    from .augmentation import MRI_AUGMENTATION, NO_AUGMENTATION, Augmentation
    from .bundle_files import network_files
    from .embedding_transformer import FineTunedEmbedding
    from .epoch import Epoch
    from .exported_graph import can_export, export_graph
    from .fine_tuning import fine_tune
    from .inference import InferenceEngine, available_runtimes, load_engine
    from .network import Network, WeightsRecord, build_network
    from .storage import load_network, save_network
    from .threads import available_cores, set_threads, thread_count
    from .torchvision_guard import ensure_torchvision_operators
    from .training import TrainedNetwork, train_network
    from .training_plan import TrainingPlan

_LAZY = {
    "MRI_AUGMENTATION": "augmentation",
    "NO_AUGMENTATION": "augmentation",
    "Augmentation": "augmentation",
    "Epoch": "epoch",
    "FineTunedEmbedding": "embedding_transformer",
    "InferenceEngine": "inference",
    "Network": "network",
    "TrainedNetwork": "training",
    "TrainingPlan": "training_plan",
    "WeightsRecord": "network",
    "available_cores": "threads",
    "available_runtimes": "inference",
    "build_network": "network",
    "can_export": "exported_graph",
    "ensure_torchvision_operators": "torchvision_guard",
    "export_graph": "exported_graph",
    "fine_tune": "fine_tuning",
    "load_engine": "inference",
    "load_network": "storage",
    "network_files": "bundle_files",
    "save_network": "storage",
    "set_threads": "threads",
    "thread_count": "threads",
    "train_network": "training",
}

__all__ = [
    "MRI_AUGMENTATION",
    "NETWORKS",
    "NO_AUGMENTATION",
    "STAGING_NETWORKS",
    "Augmentation",
    "CamMethod",
    "DeviceChoice",
    "Epoch",
    "FineTunedEmbedding",
    "InferenceEngine",
    "Network",
    "NetworkAnswer",
    "NetworkSpec",
    "TrainedNetwork",
    "TrainingPlan",
    "WeightsRecord",
    "available_cores",
    "available_runtimes",
    "build_network",
    "can_export",
    "choose_device",
    "ensure_torchvision_operators",
    "export_graph",
    "fine_tune",
    "grad_cam",
    "head_grad_cam",
    "hires_cam",
    "load_engine",
    "load_network",
    "network_files",
    "network_spec",
    "save_network",
    "score_cam",
    "set_threads",
    "thread_count",
    "train_network",
    "weighted_cam",
    "zscore_crops",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_LAZY))
