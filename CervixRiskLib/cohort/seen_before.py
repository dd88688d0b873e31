"""Whether cases that a model is to be judged on were among those it was made from, as far as their files tell."""

from __future__ import annotations

from collections import Counter

from ..errors import CohortError
from .image_twins import image_keys
from .shown_text import shown
from .table import Cohort

NOT_COMPARED = (
    "The bundle holds no image and no patient's name: whether one of these patients was in its training cohort cannot "
    "be seen from it. Who has that cohort's table can give it (--training-cohort)."
)


def check_not_training_table(cohort: Cohort, training_hash: str) -> None:
    """Raise ``CohortError`` where the table is the one that the model was trained on."""
    if training_hash and cohort.content_hash == training_hash:
        raise CohortError(
            "This table is the one that the model was trained on: it says nothing about other patients. How the model "
            "does on its own cohort is in its study report (cervixrisk report study)."
        )


def known_of_overlap(cohort: Cohort, training: Cohort | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences on what was compared, and alarms.

    Images are compared byte by byte (with the slice that is looked at); the same picture saved again is another file.

    Parameters
    ----------
    training
        The cohort that the model was trained on, where somebody has it; read without outcomes.

    Raises
    ------
    CohortError
        An image is in both cohorts.
    """
    images = image_keys(cohort)
    alarms = list(_repeated(cohort, images))
    if training is None:
        return ("It is not the table that the model was trained on.", NOT_COMPARED), tuple(alarms)
    known = set(image_keys(training).values())
    both = [case_id for case_id, key in images.items() if key in known]
    if both:
        are = "image is" if len(both) == 1 else "images are"
        raise CohortError(
            f"{len(both)} {are} also in the training cohort (the first is that of case '{shown(both[0])}'): leave "
            "these patients out, the model knows them."
        )
    shared = sorted(set(cohort.patients) & set(training.patients))
    if shared:
        have = "patient has" if len(shared) == 1 else "patients have"
        alarms.append(
            f"{len(shared)} {have} an identifier that a patient of the training cohort has too. Identifiers of two "
            "hospitals can agree by chance; where they are the same persons, these numbers are too good."
        )
    compared = f"None of the {len(images)} images is among the {len(training)} of the training cohort, byte by byte."
    named = "No identifier of a patient is in both tables." if not shared else alarms[-1]
    return (compared, named), tuple(alarms)


def _repeated(cohort: Cohort, images: dict[str, tuple[str, int | None]]) -> tuple[str, ...]:
    """One image under two patients: then their number is not what it seems."""
    patients = dict(zip(cohort.case_ids, cohort.patients, strict=True))
    of_image = Counter(key for key, _ in {(key, patients[case_id]) for case_id, key in images.items()})
    shared = sum(1 for count in of_image.values() if count > 1)
    if not shared:
        return ()
    image = "One image stands" if shared == 1 else f"{shared} images stand"
    return (f"{image} in the table for more than one patient: correct the table, patients are counted twice.",)
