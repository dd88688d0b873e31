"""Which versions of which libraries made a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from .. import __version__


def library_versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions by name, this library's first; what is not installed is left out.

    A package whose CPU-only build has a name of its own (``xgboost-cpu``) is found under either.
    """
    found = {"cervixrisk": __version__}
    for name in packages:
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = version(distribution)
                break
            except PackageNotFoundError:
                continue
    return found
