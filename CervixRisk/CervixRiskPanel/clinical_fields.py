"""The clinical values that the chosen model asks for, as fields with unit, range and what is wrong with them."""

import qt
from slicer.i18n import tr as _

from CervixRiskLib.workflow.clinical_entry import ClinicalEntry

from .tints import show_problem, show_quietly, show_remark

_LABEL_WIDTH, _EDITOR_WIDTH = 100, 84
# So long after the last key a text that is still being typed is judged.
_PAUSE_MS = 600


class ClinicalFields:
    """Fills a grid with one row for each field of the model, bound to a :class:`ClinicalEntry`.

    Parameters
    ----------
    parent
        The widget whose layout takes the rows.
    hint
        A label for what is to be said without fields.
    """

    def __init__(self, session, parent, hint) -> None:
        self.entry = ClinicalEntry(session)
        self._session = session
        self._parent = parent
        self._hint = hint
        self._rows = None
        self.fields: list[_Field] = []
        self.entry.form_changed.connect(self._rebuild)
        self.entry.values_changed.connect(self.refresh)
        session.image_changed.connect(self.refresh)
        session.contour_changed.connect(self.refresh)
        session.reading_changed.connect(self.refresh)
        self._rebuild()

    def close(self) -> None:
        for signal in (
            self._session.image_changed,
            self._session.contour_changed,
            self._session.reading_changed,
            self.entry.values_changed,
        ):
            signal.disconnect(self.refresh)
        self.entry.form_changed.disconnect(self._rebuild)
        self.entry.close()

    def field(self, name: str) -> "_Field":
        return next(field for field in self.fields if field.name == name)

    def refresh(self) -> None:
        """Show what the session holds."""
        self._hint.text = self._hint_text()
        self._hint.visible = bool(self._hint.text)
        reason = self._why_disabled()
        for field in self.fields:
            field.refresh(reason)

    def _rebuild(self) -> None:
        if self._rows is not None:
            for field in self.fields:
                field.retire()
            self._rows.hide()
            self._rows.deleteLater()
        self._rows = qt.QWidget(self._parent)
        grid = qt.QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(2, 1)
        self.fields = [_Field(self.entry, field, grid, 2 * row) for row, field in enumerate(self.entry.form.fields)]
        self._parent.layout().addWidget(self._rows)
        self._rows.visible = bool(self.fields)
        self.refresh()

    def _hint_text(self) -> str:
        if self._session.facts is None:
            return _("What the model in step 3 needs is asked here once loaded.")
        return "" if self.fields else _("This model needs no clinical values.")

    def _why_disabled(self) -> str:
        if self._session.blinded:
            return _("A study round is open: only contours are drawn. Leave it to enter values.")
        return "" if self._session.volume is not None else _("Choose an image first.")


class _Field:
    """One row: label, editor, unit and range, and below what is to be said of the value."""

    def __init__(self, entry, field, grid, row: int) -> None:
        self.name = field.name
        self._entry, self._field = entry, field
        self._busy = self._typing = self._is_retired = False
        self._help = _help(field)
        self.label = qt.QLabel(field.label)
        self.label.wordWrap = True
        self.label.setFixedWidth(_LABEL_WIDTH)
        self.hint = qt.QLabel()
        self.hint.wordWrap = True
        self.message = qt.QLabel()
        self.message.wordWrap = True
        self._choices = _choices(field)
        self.editor = qt.QComboBox() if self._choices else qt.QLineEdit()
        if self._choices:
            for text, shown in self._choices:
                self.editor.addItem(shown, text)
            self.editor.currentIndexChanged.connect(self._on_choice)
        else:
            self.editor.setFixedWidth(_EDITOR_WIDTH)
            self.editor.placeholderText = _("by contour") if field.measured else ""
            self.editor.textChanged.connect(self._on_text)
            self.editor.editingFinished.connect(self._on_finished)
        self.label.setBuddy(self.editor)
        self._pause = qt.QTimer(self.editor)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._judge)
        grid.addWidget(self.label, row, 0)
        if self._choices:
            grid.addWidget(self.editor, row, 1, 1, 2)
        else:
            grid.addWidget(self.editor, row, 1)
            grid.addWidget(self.hint, row, 2)
        grid.addWidget(self.message, row + 1, 1, 1, 2)

    def refresh(self, why_disabled: str) -> None:
        """Show what the session holds; a text that is being typed is left alone."""
        self.editor.enabled = not why_disabled
        for widget in (self.label, self.editor, self.hint):
            widget.toolTip = why_disabled or self._help
        if not self._typing:
            self._show_text()
            self._judge()
        show_quietly(self.hint, self._hint_text())

    def _show_text(self) -> None:
        text = self._entry.text(self.name)
        self._busy = True
        if self._choices:
            self.editor.setCurrentIndex(self._index_of(text))
        elif self.editor.text != text:
            self.editor.text = text
        self._busy = False

    def _judge(self, *_args) -> None:
        state = self._entry.state(self.name)
        if state.problem:
            show_problem(self.message, state.problem)
        elif self._entry.waits_for_pixel_size(self.name):
            show_quietly(self.message, _("Known once the pixel size is calibrated; or type it."))
        else:
            show_remark(self.message, state.remark)

    def _hint_text(self) -> str:
        told = _("from contour") if self._entry.is_from_contour(self.name) else self._field.training_range
        return " · ".join(part for part in (self._field.unit, told) if part)

    def _on_text(self, *_args) -> None:
        if self._busy:
            return
        # Half a number is no mistake yet, and an emptied field is about to be filled.
        self._typing = self.editor.focus
        if self._typing:
            self._pause.start()
        self._entry.enter_text(self.name, self.editor.text)

    def retire(self) -> None:
        """Another model is there: hiding the row ends the typing in it, which must not be judged any more."""
        self._is_retired = True
        self._pause.stop()

    def _on_finished(self, *_args) -> None:
        if self._is_retired:
            return
        self._pause.stop()
        self._typing = False
        self._show_text()
        self._judge()

    def _on_choice(self, *_args) -> None:
        if not self._busy:
            self._entry.enter_text(self.name, self.editor.currentData or "")

    def _index_of(self, text: str) -> int:
        """The choice with that value, whether its name or its code was given."""
        value = self._entry.form.check(self.name, text).value
        for index, (choice, _shown) in enumerate(self._choices):
            if value is not None and choice and self._entry.form.check(self.name, choice).value == value:
                return index
        return 0


def _choices(field) -> list[tuple[str, str]]:
    """What can be chosen: the text that is kept and the one shown; none for numbers."""
    if field.kind == "category":
        return [("", _("not given")), *((level, level) for level in field.levels)]
    if field.kind == "binary":
        return [("", _("not given")), ("0", _("no")), ("1", _("yes"))]
    return []


def _help(field) -> str:
    """What the field means, its ranges, and where the value comes from."""
    lines = [field.description or field.label]
    unit = f" {field.unit}" if field.unit else ""
    if field.plausible_range:
        lines.append(_("Accepted: {range}{unit}.").format(range=field.plausible_range, unit=unit))
    if field.training_range:
        lines.append(
            _("Training cohort: {range}{unit}. Outside it the model has seen nobody.").format(
                range=field.training_range, unit=unit
            )
        )
    if field.measured:
        lines.append(_("Measured on the contour until you type another value; empty the field to have it back."))
    return "\n".join(lines)
