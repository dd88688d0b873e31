"""The questions that can be asked of a slice, as a person knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StudyQuestion:
    """One question.

    Parameters
    ----------
    task
        As bundles name it.
    title
        On its button.
    phrase
        In a sentence.
    modality
        DICOM's code of the images it is asked of.
    wanted
        Such an image, with its article.
    """

    task: str
    title: str
    phrase: str
    modality: str
    wanted: str


QUESTIONS = {
    question.task: question
    for question in (
        StudyQuestion("plnm", "Lymph node metastasis", "lymph node metastasis", "US", "an ultrasound image"),
        StudyQuestion("staging", "Treatment group", "the treatment group", "MR", "an MR slice"),
    )
}
"""By task, in the order of the buttons."""
