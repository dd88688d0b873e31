"""The diagnostics page: what a report of a problem needs, to copy; and our feature engine beside PyRadiomics."""

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, MissingComponentError
from CervixRiskLib.workflow.comparison_job import (
    ComparisonFailed,
    ComparisonJob,
    comparison_command,
    pyradiomics_is_there,
)
from CervixRiskLib.workflow.diagnostics_text import diagnostics_text, without_home

from .child_python import child_python

_SIZE = (600, 640)
_POLL_MS = 100
# Both engines compute in double precision; what is larger than rounding would be a fault of one of them.
_AGREE = 1e-6


class DiagnosticsPage:
    """A window beside the panel; it stays usable while it is open.

    Parameters
    ----------
    context
        The panel's.
    has_pyradiomics
        Whether the second engine is installed.
    command
        The comparing program, by default run by Slicer's own Python.
    """

    def __init__(self, context, has_pyradiomics=pyradiomics_is_there, command=None) -> None:
        self._context = context
        self._has_pyradiomics = has_pyradiomics
        self._command = command or (lambda: comparison_command(child_python()))
        self._job = None
        self._build()
        self._timer = qt.QTimer()
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._on_tick)
        self._signals = (context.session.image_changed, context.session.contour_changed)
        for signal in self._signals:
            signal.connect(self._on_case)

    def _build(self) -> None:
        self.widget = qt.QDialog(self._context.panel_widget)
        self.widget.windowTitle = _("CervixRisk diagnostics")
        layout = qt.QVBoxLayout(self.widget)
        self._explanation = qt.QLabel(
            _("Copy this into a report of a problem. It holds no patient data, and your home folder is written ~.")
        )
        self._explanation.wordWrap = True
        self.text = qt.QPlainTextEdit()
        self.text.readOnly = True
        self.text.setLineWrapMode(qt.QPlainTextEdit.NoWrap)
        self.text.setFont(qt.QFontDatabase.systemFont(qt.QFontDatabase.FixedFont))
        self.copy_button = qt.QPushButton(_("Copy"))
        self.copy_button.toolTip = _("Put the text above onto the clipboard.")
        self.compare_button = qt.QPushButton(_("Compare engines on this case"))
        self.close_button = qt.QPushButton(_("Close"))
        self.close_button.toolTip = _("Close this window; a comparison under way is stopped.")
        self.result = qt.QLabel()
        self.result.wordWrap = True
        self.result.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        self._buttons = qt.QHBoxLayout()
        for widget in (self._explanation, self.text, self.result):
            layout.addWidget(widget)
        layout.addLayout(self._buttons)
        for button in (self.copy_button, self.compare_button, self.close_button):
            # Return in this window must not press a button by chance.
            button.autoDefault = False
            self._buttons.addWidget(button)
        self.copy_button.clicked.connect(self._on_copy)
        self.compare_button.clicked.connect(self._on_compare)
        self.close_button.clicked.connect(self._on_close)
        self.widget.finished.connect(self._on_finished)
        self.widget.resize(*_SIZE)

    def open(self) -> None:
        """Show the window with everything as it is now."""
        self.text.setPlainText(self._told())
        self._show_readiness()
        self.widget.show()
        self.widget.raise_()

    def close(self) -> None:
        """The panel goes."""
        self._stop()
        for signal in self._signals:
            signal.disconnect(self._on_case)
        self.widget.close()
        self.widget.deleteLater()

    def _told(self) -> str:
        session = self._context.session
        answer, facts = session.answer, session.facts
        try:
            python = child_python()
        except MissingComponentError as error:
            python = str(error)
        # English whatever Slicer's language: it is read by whoever mends the fault.
        return diagnostics_text(
            f"Slicer {slicer.app.applicationVersion} (revision {slicer.app.revision}, {slicer.app.platform})",
            processor=answer.processor if answer is not None else "",
            notes=[f"Model loaded: {facts.processor or 'needs no network'}"] if facts is not None else [],
            log=self._context.questions.last_log(),
            paths={
                "Temporary files": slicer.app.temporaryPath,
                "Settings": slicer.app.slicerUserSettingsFilePath,
                "Prediction program": python,
            },
        )

    def _on_copy(self, *_args) -> None:
        told = self.text.plainText
        if self.result.text:
            told += f"\n{self.result.text}\n"
        slicer.app.clipboard().setText(told)

    def _on_case(self) -> None:
        # Reading the contour takes time; nobody looks at a hidden button.
        if self.widget.visible:
            self._show_readiness()

    def _obstacle(self) -> str:
        """Why the engines cannot be compared now; empty when they can."""
        if self._job is not None:
            return _("The engines are being compared.")
        if not self._has_pyradiomics():
            return _(
                "PyRadiomics is not installed: install the extension SlicerRadiomics in the Extensions Manager and "
                "start Slicer again."
            )
        try:
            self._context.session.image()
            self._context.session.contour()
        except CervixRiskError as error:
            return str(error)
        return ""

    def _show_readiness(self) -> None:
        obstacle = self._obstacle()
        self.compare_button.enabled = not obstacle
        self.compare_button.toolTip = obstacle or _(
            "Compute the radiomic features of this slice and contour with CervixRisk's own engine and with "
            "PyRadiomics, and show how far they differ and how long each takes."
        )

    def _on_compare(self, *_args) -> None:
        session = self._context.session
        try:
            job = ComparisonJob(session.image(), session.contour(), self._command())
        except CervixRiskError as error:
            self.result.text = str(error)
            return
        failure = job.start()
        if failure is not None:
            self._show_failure(failure)
            return
        self._job = job
        self.result.text = _("Comparing…")
        self.result.toolTip = ""
        self._show_readiness()
        self._timer.start()

    def _on_tick(self) -> None:
        told = self._job.poll() if self._job is not None else None
        if told is None:
            return
        self._stop()
        if isinstance(told, ComparisonFailed):
            self._show_failure(told)
        else:
            self._show_comparison(told)
        self._show_readiness()

    def _show_failure(self, failure) -> None:
        self.result.text = failure.sentence
        self.result.toolTip = ""
        if failure.details:
            self.text.appendPlainText(f"\nComparison of engines\n{without_home(failure.details)}")

    def _show_comparison(self, compared) -> None:
        verdict = _("Both engines agree.") if compared.largest_difference <= _AGREE else _("The engines differ.")
        measured = _(
            "Largest relative difference of {count} features: {difference} ({feature}). CervixRisk took {own} s, "
            "PyRadiomics {version} took {theirs} s."
        ).format(
            count=compared.n_features,
            difference=f"{compared.largest_difference:.1e}",
            feature=compared.feature,
            own=f"{compared.own_seconds:.2f}",
            version=compared.their_version,
            theirs=f"{compared.their_seconds:.2f}",
        )
        self.result.text = f"{verdict} {measured}"
        self.result.toolTip = _("Local binary patterns and bands that hold only rounding noise are left out.")

    def _on_close(self, *_args) -> None:
        self.widget.close()

    def _on_finished(self, *_args) -> None:
        if self._job is not None:
            self.result.text = ""
        self._stop()

    def _stop(self) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.close()
            self._job = None
