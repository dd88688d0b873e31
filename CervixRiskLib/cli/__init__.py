"""The command line ``cervixrisk``: one file a command, and one place where errors become sentences."""

from __future__ import annotations

from .run import main

__all__ = ["main"]
