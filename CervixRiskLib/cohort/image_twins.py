"""Which cases have the same image: a patient who counts twice would be recognised in the test, not judged."""

from __future__ import annotations

from .case_key import image_file_hash
from .table import Cohort


def image_twins(cohort: Cohort) -> dict[str, str]:
    """Cases whose first image is, byte by byte, that of an earlier case of another patient; and that case."""
    patients = dict(zip(cohort.case_ids, cohort.patients, strict=True))
    first: dict[tuple[str, int | None], str] = {}
    twins = {}
    for case_id, key in image_keys(cohort).items():
        earlier = first.setdefault(key, case_id)
        if patients[earlier] != patients[case_id]:
            twins[case_id] = earlier
    return twins


def image_keys(cohort: Cohort) -> dict[str, tuple[str, int | None]]:
    """What tells each case's first image apart: its file's bytes, and the slice; without files that cannot be read."""
    found = {}
    slices = cohort.table["slice"]
    for case_id in cohort.case_ids:
        place = slices.loc[case_id]
        try:
            key = image_file_hash(cohort.image_path(case_id))
        except OSError:
            # The case itself will be told as one that cannot be answered.
            continue
        found[case_id] = (key, None if place is None or place != place else int(place))
    return found
