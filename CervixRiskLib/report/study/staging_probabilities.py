"""What a staging network's probabilities are worth: calibration, decisions, prediction sets, subgroups; two groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from ...bundle.study_file import Study
from .calibration_blocks import calibration_blocks
from .conformal_blocks import conformal_blocks
from .decision_blocks import decision_blocks
from .document import Absence, Block, Paragraph, Section
from .performance import Judged
from .staging_networks import judged_networks, own_network, validation_words
from .subgroup_blocks import subgroup_blocks

_NO_PERMUTATIONS = (
    "No permutation test and no optimism bootstrap: each permutation or resample would be a whole training of a "
    "network. Training once with --shuffle-outcome shows whether anything leaks."
)
_NO_SAMPLE_SIZE = (
    "No sample size: the rules for prediction models (Riley et al.) count the predictors of a regression and do not "
    "hold for the weights of a network. The widths of the intervals tell what these cases can show."
)
_NO_CENTRES = (
    "No centre was left out, so how the network does in another hospital is not known; where the table has a column "
    '"center", the subgroups show centres that the network has seen.'
)
_NO_BASELINE = (
    "No clinical model was judged beside the networks: whether the image adds to what is known without it is not known."
)


def probability_sections(study: Study) -> tuple[Section, ...]:
    """How far the shares of a network can be believed, and where these cases say nothing."""
    groups = len(study.manifest.class_names)
    absences = tuple(Absence(text) for text in (_NO_BASELINE, _NO_PERMUTATIONS, _NO_SAMPLE_SIZE, _NO_CENTRES))
    if groups != 2:
        lacking = Absence(
            "Calibration, decision curves, prediction sets and subgroups are shown for one probability, that of the "
            f"second of two groups; this cohort has {groups} groups, so they are left out."
        )
        return (Section("How sure this is", (lacking, *absences)),)
    return (
        Section("Calibration", _calibration(study)),
        Section("What the answers are worth: decision curves", _decisions(study)),
        Section("How sure this is", absences),
        Section("Prediction sets: when the network should abstain", _sets(study), level=2),
        Section("Subgroups", _subgroups(study), level=2),
    )


def shares(study: Study) -> dict[str, Judged]:
    """The networks of two groups with the softmax share of the second as their scores, by title.

    It is what the networks answered to the judged cases, before the bundle's calibration, which was fitted to them.
    """
    return {
        # Two logits' softmax share is the logistic function of their difference, which the record holds.
        title: replace(
            network, model=replace(network.model, scores=tuple(map(tuple, expit(network.scores))), probability=True)
        )
        for title, network in judged_networks(study).items()
    }


def _names(study: Study) -> tuple[str, str]:
    negative, positive = study.manifest.class_names
    return negative, positive


def _calibration(study: Study) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(
            f"Of the softmax share of {_names(study)[1]}, as the networks answered it, before the bundle's "
            f"calibration, on cases that were {validation_words(study)}. {_bundle_calibration(study)}"
        )
    ]
    if not _both_groups(study):
        return (*blocks, Absence("Calibration is undefined: all judged cases are of one group."))
    return (*blocks, *calibration_blocks(shares(study), _names(study), simulated=study.manifest.simulated))


def _bundle_calibration(study: Study) -> str:
    """What the bundle does to the shares before it answers."""
    found = study.manifest.details.get("calibration")
    if isinstance(found, dict) and found.get("no_discrimination"):
        return (
            "The network did not rank these cases better than chance, or answered them all but alike, so the bundle "
            "answers every case with the shares of the groups among them."
        )
    return (
        "The bundle corrects its network's share by Platt scaling fitted to these same cases: how well its own "
        "probabilities are calibrated can only be judged on further cases."
    )


def _decisions(study: Study) -> tuple[Block, ...]:
    if not _both_groups(study):
        return (Absence("The decision curve is undefined: all judged cases are of one group."),)
    positive = _names(study)[1]
    opening = Paragraph(
        f"To treat is here to give {positive}, at a softmax share above the threshold. The shares are not calibrated, "
        "so a low curve can be their fault and not that of the network's ranking."
    )
    title, _ = own_network(study)
    return (
        opening,
        *decision_blocks(shares(study), main=title, simulated=study.manifest.simulated, spoken=title),
    )


def _sets(study: Study) -> tuple[Block, ...]:
    if not _both_groups(study):
        return (Absence("No prediction sets: all judged cases are of one group."),)
    title, _ = own_network(study)
    return conformal_blocks(shares(study)[title], _names(study), simulated=study.manifest.simulated)


def _subgroups(study: Study) -> tuple[Block, ...]:
    _, network = own_network(study)
    return subgroup_blocks(network, simulated=study.manifest.simulated, positive=_names(study)[1])


def _both_groups(study: Study) -> bool:
    _, network = own_network(study)
    return len(np.unique(network.outcomes)) == 2
