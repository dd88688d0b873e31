"""``python -m CervixRiskLib.worker``: the answering program."""

from __future__ import annotations

import sys

from .child import main

if __name__ == "__main__":
    sys.exit(main())
