"""Simulated cohorts with a known truth: transvaginal ultrasound of a cervical tumour, and MRI sections by FIGO stage.

For demonstrations, tests and teaching. What a model reaches on simulated cases says nothing about patients.
"""

from __future__ import annotations

from .case import SimulatedCase, simulate_ultrasound_case
from .latents import LesionLatents
from .mri_case import SimulatedSection, simulate_mri_case
from .mri_cohort import simulate_mri
from .mri_latents import SectionLatents
from .ultrasound_cohort import simulate_ultrasound

__all__ = [
    "LesionLatents",
    "SectionLatents",
    "SimulatedCase",
    "SimulatedSection",
    "simulate_mri",
    "simulate_mri_case",
    "simulate_ultrasound",
    "simulate_ultrasound_case",
]
