"""The errors a person can cause.

Each carries one sentence that says what is wrong and what to do about it, written for whoever sits at the screen.
The command line prints the sentence and exits with code 2; Slicer shows it in a dialog. Nothing about a patient
(no path, no case name taken from DICOM) belongs into the sentence, except the identifiers the person typed.
"""


class CervixRiskError(Exception):
    """Base of all errors that a person can cause and mend."""


class ImageError(CervixRiskError):
    """An image that is missing, unreadable, or not a single slice of finite numbers."""


class RoiError(CervixRiskError):
    """A region of interest that is empty, ambiguous, or does not lie on its image."""


class FeatureError(CervixRiskError):
    """A feature set that cannot be computed: bad preset, ROI too small, engine missing."""


class CohortError(CervixRiskError):
    """A cohort table that cannot be used, with the rows and the reasons."""


class ClinicalValueError(CervixRiskError):
    """A clinical value that is not a number, unknown, or outside its plausible range."""


class BundleError(CervixRiskError):
    """A bundle that is damaged, altered, of another version, or holds what it must not."""


class TrainingError(CervixRiskError):
    """A training that cannot be done on these cases: one class, too few cases, nothing to learn from."""


class ReadingError(CervixRiskError):
    """A reader study that cannot go on: no such reader or case, not that person's turn, a contour already reviewed."""


class SettingsError(CervixRiskError):
    """A setting that does not exist or contradicts another one."""


class MissingComponentError(CervixRiskError):
    """A package or file that the request needs and that is not installed; the sentence says how to get it."""


class DeviceError(CervixRiskError):
    """A graphics card that failed, is too old, or whose memory does not suffice."""


class StorageError(CervixRiskError):
    """A disk that is full or a place that cannot be written."""


class Cancelled(Exception):  # noqa: N818 - a person's choice, not an error
    """The person asked to stop. Nothing half-written is left behind."""
