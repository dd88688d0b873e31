"""What a reader study needs and Slicer does not bring: the library of its database."""

import importlib
import logging

import slicer
from slicer.i18n import tr as _

from .dependencies import INSTALLATION_FAILURES, install_packages

_REQUIREMENT = "SQLAlchemy>=2.0"


def offer_study_packages() -> bool:
    """Ask, explain and install; tells whether to try again."""
    question = _(
        "Reader studies are kept in a database, for which CervixRisk needs the package SQLAlchemy. It is downloaded "
        "from the Python Package Index into this Slicer; no image leaves this computer.\n\nInstall it now?"
    )
    if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Package for reader studies")):
        return False
    try:
        install_packages([_REQUIREMENT])
    except INSTALLATION_FAILURES as error:
        logging.error("SQLAlchemy could not be installed (%s)", type(error).__name__)
        slicer.util.errorDisplay(
            _("SQLAlchemy could not be installed: check the connection to the internet, then try again."),
            detailedText=str(error),
        )
        return False
    importlib.invalidate_caches()
    return True
