"""Write checkpoints while the next epoch trains."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from .checkpoint import Checkpoint, save_checkpoint
from .torch_import import torch


class CheckpointWriter:
    """Copies a training's tensors and writes them to ``path`` in a thread of its own.

    Use as a context manager: leaving it waits for the last write. A write that fails is raised by the next
    :meth:`write` or on leaving.
    """

    def __init__(self, path: Path, fingerprint: Mapping[str, str]) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self._copies: dict[str, Any] = {}
        self._pending: Future[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")

    def write(self, history: Any, best_epoch: int, tensors: Mapping[str, Any], scaler: Mapping[str, float]) -> None:
        """Take over where the training stands, and return before it is on the disk.

        Raises
        ------
        StorageError
            The write before failed.
        """
        self.wait()
        copies = {}
        for name, tensor in tensors.items():
            # Memory of the write before is used again: fresh pages cost more than the copying.
            copy = self._copies.get(name)
            if copy is None:
                copy = torch.empty(tensor.shape, dtype=tensor.dtype)
            copies[name] = copy.copy_(tensor.detach())
        self._copies = copies
        checkpoint = Checkpoint(self.fingerprint, tuple(history), best_epoch, copies, dict(scaler))
        self._pending = self._thread.submit(save_checkpoint, checkpoint, self.path)

    def wait(self) -> None:
        """Return when the last write is on the disk, or raise what went wrong with it."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def __enter__(self) -> CheckpointWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait()
        finally:
            self._thread.shutdown()
