"""Simulated cohorts: cases that look like transvaginal ultrasound of a cervical tumour, with a known truth.

For demonstrations, tests and teaching. What a model reaches on simulated cases says nothing about patients.
"""

from __future__ import annotations

from .case import SimulatedCase, simulate_ultrasound_case
from .latents import LesionLatents
from .ultrasound_cohort import simulate_ultrasound

__all__ = ["LesionLatents", "SimulatedCase", "simulate_ultrasound", "simulate_ultrasound_case"]
