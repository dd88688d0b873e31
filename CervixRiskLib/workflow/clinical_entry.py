"""The clinical values of the case in work: typed by the person, or measured on the contour until they are."""

from __future__ import annotations

from ..errors import ImageError, RoiError
from .case_session import CaseSession
from .clinical_form import ClinicalForm, FieldState, measured_values, plain_number
from .signal import Signal


class ClinicalEntry:
    """Keeps the session's clinical values: those the contour gives follow it, as long as nobody has typed another.

    Attributes
    ----------
    form
        The fields of the session's model.
    form_changed
        Signal: another model, hence other fields.
    values_changed
        Signal: a value was typed, measured or taken away.
    """

    def __init__(self, session: CaseSession) -> None:
        self.session = session
        self.form = ClinicalForm.of(session.facts)
        self.form_changed = Signal()
        self.values_changed = Signal()
        self._measured: dict[str, str] = {}
        session.study_changed.connect(self._on_study)
        session.contour_changed.connect(self._measure)
        session.clinical_changed.connect(self.values_changed.emit)
        self._measure()

    def close(self) -> None:
        """Follow the session no more."""
        self.session.study_changed.disconnect(self._on_study)
        self.session.contour_changed.disconnect(self._measure)
        self.session.clinical_changed.disconnect(self.values_changed.emit)

    def text(self, name: str) -> str:
        """What stands in the field."""
        return self.session.clinical.get(name, "")

    def state(self, name: str) -> FieldState:
        """What is to be said of it."""
        return self.form.check(name, self.text(name))

    def is_from_contour(self, name: str) -> bool:
        """Whether the value is the one measured on the contour."""
        return bool(self.text(name)) and self.text(name) == self._measured.get(name)

    def waits_for_pixel_size(self, name: str) -> bool:
        """Whether the contour would give the value if the pixel size were known."""
        if self.text(name) or not self.form.field(name).measured or self.session.segmentation is None:
            return False
        try:
            return self.session.contour().spacing_mm is None
        except (ImageError, RoiError):
            return False

    def enter_text(self, name: str, text: str) -> None:
        """What the person typed; where it is empty, the measured value comes back."""
        self.session.set_clinical(name, plain_number(text) or self._measured.get(name, ""))

    def _on_study(self) -> None:
        self.form = ClinicalForm.of(self.session.facts)
        # First the fields: a value that the new model does not ask for has none to be shown in.
        self.form_changed.emit()
        self._measure()

    def _measure(self) -> None:
        before, self._measured = self._measured, self._contour_values()
        for name in {**before, **self._measured}:
            if self.text(name) in ("", before.get(name, "")):
                self.session.set_clinical(name, self._measured.get(name, ""))

    def _contour_values(self) -> dict[str, str]:
        if self.session.segmentation is None or not any(field.measured for field in self.form.fields):
            return {}
        try:
            return measured_values(self.form, self.session.contour())
        except (ImageError, RoiError):
            # No contour that can be measured yet: the step where it is drawn says why.
            return {}
