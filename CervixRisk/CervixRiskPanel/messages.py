"""An error as one sentence for a person, with the technical details folded away."""

import logging
import traceback

import slicer

from CervixRiskLib.errors import Cancelled, CervixRiskError


def show_error(error: BaseException, what: str) -> None:
    """Tell ``error`` in a dialog.

    Parameters
    ----------
    what
        What could not be done, a sentence: ``"The contour was not saved."``
    """
    if isinstance(error, Cancelled):
        return
    if isinstance(error, CervixRiskError):
        slicer.util.errorDisplay(f"{what}\n{error}")
        return
    # A fault of the program: its kind and place, not its text, which may hold what must not be told.
    logging.error("%s (%s)", what, type(error).__name__)
    slicer.util.errorDisplay(what, detailedText="".join(traceback.format_exception(error)))
