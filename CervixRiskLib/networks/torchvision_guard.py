"""Let torchvision be imported beside a torch its compiled operators were not built for.

torchvision registers Python meta functions for its C++ operators ``nms`` and ``qnms`` at import. Where the compiled
library does not load (a CPU build of torch beside the ordinary torchvision wheel is the usual case), the operators do
not exist and that registration ends the import with "operator torchvision::nms does not exist". No network here uses
either operator, so declaring their schemas is enough. Calling one still fails, as it should.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import threading
from pathlib import Path
from typing import Any

from .torch_import import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# A torch Library takes its definitions back when it is collected, so it lives as long as the process.
_libraries: list[Any] = []
_lock = threading.Lock()


def ensure_torchvision_operators() -> bool:
    """Declare torchvision's missing operators; call it before anything imports torchvision (timm does).

    Returns
    -------
    bool
        Whether schemas had to be declared: ``False`` where torchvision's own compiled operators load.
    """
    with _lock:
        if not _missing():
            return bool(_libraries)
        _load_compiled_operators()
        missing = _missing()
        if missing:
            library = torch.library.Library("torchvision", "FRAGMENT")
            for name in missing:
                library.define(_SCHEMAS[name])
            _libraries.append(library)
        return bool(_libraries)


def _missing() -> list[str]:
    """The operators that torch does not know. Looking one up is how torch tells."""
    return [name for name in _SCHEMAS if not hasattr(torch.ops.torchvision, name)]


def _load_compiled_operators() -> None:
    """Load torchvision's extension as its own ``__init__`` does, without running that ``__init__``."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return
    for path in sorted(Path(found.origin).parent.glob("_C*")):
        if path.name.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES)):
            try:
                torch.ops.load_library(str(path))
            except (ImportError, OSError):
                # torchvision swallows the same two; the missing operators are then declared.
                continue
