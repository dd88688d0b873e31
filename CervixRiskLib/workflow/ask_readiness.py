"""Whether a question can be asked now, and if not, the one thing to do first."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CervixRiskError, RoiError
from ..imaging.modality_words import modality_words
from ..scene.volume_origin import node_modality
from .case_session import CaseSession
from .channel_words import channel_title
from .model_entry import ModelEntry
from .study_questions import QUESTIONS

MEASURED_ON_CONTOUR = "maximum_diameter"
"""A clinical value that the study measures on the contour where it was not given and the pixel size is known."""

BUSY = "A question is being answered. Wait for it, or press Cancel."


@dataclass(frozen=True)
class AskReadiness:
    """``sentence`` says why not, or, when ``enabled``, what will happen."""

    enabled: bool
    sentence: str


def readiness(
    session: CaseSession,
    task: str,
    model: ModelEntry | None,
    *,
    offered: int = 0,
    busy: bool = False,
    lacking: str = "",
) -> AskReadiness:
    """Whether ``task`` can be asked of the case as it is.

    Looked at in the order in which a person would mend it. Values are checked only as far as the model is known: all of
    them once it is loaded.

    Parameters
    ----------
    model
        The one that would be asked; ``None`` when there is none, or none is chosen.
    offered
        How many models of this task could be chosen.
    busy
        An answer is on its way.
    lacking
        A sentence on what is not installed and was declined; empty when all is there or will be offered.
    """
    why = _obstacle(session, task, model, offered, busy, lacking)
    if why:
        return AskReadiness(False, why)
    assert model is not None  # an obstacle otherwise
    return AskReadiness(True, f"Ask the model {model.title}. For research use. Not a medical device.")


def _obstacle(session: CaseSession, task: str, model: ModelEntry | None, offered: int, busy: bool, lacking: str) -> str:
    question = QUESTIONS[task]
    if session.blinded:
        return "A study round is open: no predictions until it is closed."
    if busy:
        return BUSY
    if session.volume is None:
        return "Open an image in step 1 first."
    modality = node_modality(session.volume)
    needed = model.modalities if model is not None and model.modalities else (question.modality,)
    if modality is not None and modality not in needed:
        wanted = question.wanted
        if model is not None and needed != (question.modality,):
            wanted = f"{' or '.join(modality_words(code) for code in needed)} with the model {model.title}"
        return f"{question.title} needs {wanted}; this is {modality_words(modality)}."
    if model is None and offered > 1:
        return f"{offered} models answer this question: choose one of them above."
    if model is None:
        return f"No model for {question.phrase} yet: open one above."
    if model.problem:
        return model.problem
    if model.channels != session.channels and len(model.channels) > 1:
        # Step 1 asks for the images of the chosen model alone.
        titles = " and ".join(channel_title(name) for name in model.channels[1:])
        return f"The model for {question.phrase} also looks at {titles}: choose it above, then {titles} in step 1."
    return _case_obstacle(session, model) or lacking


def _case_obstacle(session: CaseSession, model: ModelEntry) -> str:
    """What the case lacks; the session's own sentence where it has one."""
    measured = None
    try:
        session.choice()
        for channel in model.channels[1:]:
            if session.further_problem(channel):
                # A long sentence, which stands there beside the choice.
                return f"{channel_title(channel)} does not belong to the image: step 1 says why."
        if len(model.channels) > 1:
            session.further_images()
        if model.needs_contour or session.segmentation is not None:
            measured = session.contour().max_diameter_mm
    except RoiError as error:
        return "Draw around the lesion in step 2 first." if session.segmentation is None else str(error)
    except CervixRiskError as error:
        return str(error)
    missing = [
        label
        for name, label in model.clinical
        if name not in session.clinical and not (name == MEASURED_ON_CONTOUR and measured is not None)
    ]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return f"{_listed(missing)} {verb} missing: enter {'it' if len(missing) == 1 else 'them'} in step 1."
    if session.facts is not None and session.bundle == model.path:
        try:
            session.clinical_values()
        except CervixRiskError as error:
            return str(error)
    return ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
