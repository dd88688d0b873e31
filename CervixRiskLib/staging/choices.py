"""The closed choices of a staging run; a command line can name them without loading anything else."""

from __future__ import annotations

from enum import Enum


class Validation(str, Enum):
    """How cases are kept from the network that is judged on them."""

    HOLDOUT = "holdout"
    CROSS_VALIDATION = "cv"


class Search(str, Enum):
    """How learning rate, batch size and weight decay are found, inside the training cases alone."""

    NONE = "none"
    GRID = "grid"
    RANDOM = "random"


class Centre(str, Enum):
    """What the network looks at: a square around the contour, the whole slice, or as the cohort allows."""

    AUTO = "auto"
    ROI = "roi"
    SLICE = "slice"
