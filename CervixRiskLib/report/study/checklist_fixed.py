"""Answers to a checklist's items that are the same for every study of a task."""

from __future__ import annotations

FIXED: dict[str, dict[str, str]] = {
    "updating": {"": "The model was not updated."},
    "calculation": {"": "For every honest number each case was answered by a model that had not seen its patient."},
    "checklists": {"": "TRIPOD+AI, CLEAR and METRICS, filled below as far as software can."},
    "external_testing": {"": "None is part of this study."},
    "system": {
        "": "CervixRisk, a 3D Slicer extension and command line, opens the bundle; sharing it is for the authors."
    },
    "interaction": {
        "": "A person gives the image and what else the model needs; the expertise it takes is for the authors."
    },
    "uncertainty": {"": "95 % intervals throughout.", "plnm": '95 % intervals throughout; "How sure this is".'},
    "comparison": {"": "Paired tests, not corrected for their number."},
    "predictor_handling": {
        "plnm": "Features are standardised inside every resample; clinical predictors enter linearly.",
    },
    "performance_measures": {
        "plnm": "AUC, accuracy, sensitivity, specificity, predictive values, calibration slope and intercept, Brier "
        "score, Hosmer-Lemeshow test, net benefit; models compared by paired DeLong tests.",
    },
    "poor_input": {
        "plnm": "The program warns of an unknown pixel size, a contour that is small or touches the border, values "
        "outside the training range and images unlike the training cohort; it refuses missing or implausible values.",
        "staging": "The program warns of images unlike the training cohort and refuses what it cannot read.",
    },
}
"""Answers that are the same for every study of a task; ``""`` is every task."""
PAPER_ALONE = {
    "objectives": "The printed protocol alone: no honest validation. The clinical aim is for the authors.",
    "calculation": "By models fitted to one training split, and chosen on the test side; no answer is out of fold.",
    "comparison": "",
    "predictor_handling": "Features are standardised on the training split; clinical predictors enter linearly.",
    "reduction": '"The features": tests, correlation filter, LASSO, components, elimination; once, on one split.',
}
"""Answers of a lymph node study without the honest protocol, where those of others would not be true."""
