"""Everything a report of a problem should say, as text to copy. It holds nothing about a patient."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import RESEARCH_USE_NOTICE, __version__
from ..bundle.library_versions import library_versions

BASE_PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "SimpleITK",
    "pydicom",
    "PyWavelets",
    "pyarrow",
    "PyYAML",
    "matplotlib",
    "pillow",
    "jinja2",
    "joblib",
    "skops",
    "threadpoolctl",
    "SQLAlchemy",
    "typer",
    "rich",
)
NETWORK_PACKAGES = ("torch", "torchvision", "timm", "safetensors", "onnxruntime", "openvino")
OTHER_PACKAGES = ("xgboost", "lightgbm", "skorch", "mapie", "pyradiomics", "slicer-core")


def diagnostics_text(
    application: str,
    *,
    processor: str = "",
    log: str = "",
    paths: Mapping[str, str | os.PathLike[str]] | None = None,
    notes: Iterable[str] = (),
) -> str:
    """Versions, processor, places, free disk space and the last failures.

    Parameters
    ----------
    application
        What the library runs in: ``"Slicer 5.10.0 (revision 12345)"``.
    processor
        What computed the answer that is shown, a sentence.
    log
        Technical details of the last failures.
    paths
        Places by what they are (``{"Settings": …}``), never a study's or a case's; free space is told for the first,
        and the person's home folder is written ``~``.
    notes
        Further lines.
    """
    lines = [
        f"CervixRisk {__version__}",
        RESEARCH_USE_NOTICE,
        "",
        f"{application}, Python {platform.python_version()}",
        f"{platform.platform()}, {os.cpu_count()} cores",
        f"Answer shown: {processor or 'none'}",
        *notes,
    ]
    for title, names in (("Needed", BASE_PACKAGES), ("Networks", NETWORK_PACKAGES), ("Further", OTHER_PACKAGES)):
        lines += ["", title, *_versions(names)]
    lines += ["", "Places", *_places(dict(paths or {}))]
    lines += ["", "Last failures", log.strip() or "none"]
    return without_home("\n".join(lines)) + "\n"


def without_home(text: str) -> str:
    """``text`` with the person's home folder, whose name may be the person's, written ``~``."""
    home = str(Path.home())
    if len(home) <= 1:
        return text
    for spelling in {home, home.replace("\\", "/")}:
        text = text.replace(spelling, "~")
    return text


def _versions(names: tuple[str, ...]) -> list[str]:
    installed = library_versions(names)
    return [f"  {name} {installed.get(name, 'not installed')}" for name in names]


def _places(paths: dict[str, str | os.PathLike[str]]) -> list[str]:
    lines = [f"  {title}: {os.fspath(path)}" for title, path in paths.items()]
    lines.append(f"  Python: {sys.prefix}")
    for path in list(paths.values())[:1]:
        try:
            free = shutil.disk_usage(path).free
        except OSError:
            lines.append("  Free disk space: not known")
        else:
            lines.append(f"  Free disk space: {free / 1e9:.1f} GB")
    return lines
