"""``cervixrisk predict --features``: an answer for every row of a table of features."""

from __future__ import annotations

from pathlib import Path

from .answer import prediction_row
from .cohort_answers import write_answers
from .progress_bar import ProgressBar


def answer_features(bundle: Path, features: Path, output: Path, *, skip_invalid: bool, as_json: bool) -> None:
    """Write one row a case to ``output``; whole or not at all.

    Raises
    ------
    BundleError
        The bundle cannot be used, or measures images itself.
    CohortError
        The table lacks what the model needs, or a case cannot be answered (without ``skip_invalid``).
    StorageError
        ``output`` cannot be written.
    """
    from ..bundle import load_bundle
    from ..plnm.table_answers import answer_feature_table

    with ProgressBar() as progress:
        answers, left_out = answer_feature_table(
            load_bundle(bundle), features, skip_invalid=skip_invalid, progress=progress
        )
    write_answers([prediction_row(answer) for answer in answers], list(left_out), output, as_json=as_json)
