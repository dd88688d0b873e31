"""CervixRisk: from a delineated slice to a risk, and from a cohort to a validated model.

For research use. Not a medical device.
"""

__version__ = "0.1.0"

RESEARCH_USE_NOTICE = "For research use. Not a medical device."

SIMULATED_MARK = "Demo bundle: trained on simulated data."
"""Stands on every screen, figure and report of a bundle made from simulated images."""

SIMULATED_DATA_MARK = "Simulated data: no patient was examined."
"""Stands where readings of simulated images are shown and no bundle answers."""
