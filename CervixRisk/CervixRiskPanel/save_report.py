"""The report of an answer: where to, a line of progress, and where it is now."""

import html
import os
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, SettingsError

from .child_python import child_python
from .tints import show_problem, show_quietly

_FOLDER = "folder/report"
_ENDING = ".pdf"
_LOOK_MS = 100


class SaveReport:
    """Saves the report of the session's answer as PDF, picture and table.

    Parameters
    ----------
    context
        What the panel's steps share.
    checks
        What was found out about the answer; see :class:`CervixRiskLib.workflow.answer_checks.AnswerChecks`.

    Attributes
    ----------
    widget
        The line of progress with its Cancel button, to be put below the button that saves; hidden while there is
        nothing to tell.
    """

    def __init__(self, context, checks=None) -> None:
        self._context = context
        self._checks = checks
        self._job = None
        self.widget = qt.QWidget()
        self._line = qt.QLabel(self.widget)
        self._line.wordWrap = True
        self._line.textFormat = qt.Qt.RichText
        self._line.linkActivated.connect(self._on_link)
        self._cancel = qt.QPushButton(_("Cancel"), self.widget)
        self._cancel.toolTip = _("Stop drawing the report; nothing is written.")
        self._cancel.clicked.connect(self._on_cancel)
        self._layout = qt.QHBoxLayout(self.widget)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._line, 1)
        self._layout.addWidget(self._cancel)
        self._timer = qt.QTimer()
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._on_time)
        context.session.answer_changed.connect(self._on_answer)
        self._tell("")

    @property
    def busy(self) -> bool:
        """A report is being drawn."""
        return self._job is not None

    def ask_and_save(self, *_args) -> None:
        """Ask where the report goes and have it drawn; what is wrong stands in the line."""
        from CervixRiskLib.workflow.report_job import ReportJob
        from CervixRiskLib.workflow.session_report import session_report

        if self.busy:
            return
        try:
            report = session_report(self._context.session, checks=self._checks, heat_map=self._context.slices.heat_map)
            base = self._ask_where()
            if base is None:
                return
            self._job = ReportJob(report, base, child_python())
            self._job.start()
        except CervixRiskError as error:
            self._job = None
            self._tell_problem(str(error))
            return
        self._context.settings.set_text(_FOLDER, str(base.parent))
        self._show_progress()
        self._timer.start()

    def close(self) -> None:
        """Stop what is being drawn and hear nothing any more."""
        self._timer.stop()
        self._context.session.answer_changed.disconnect(self._on_answer)
        if self._job is not None:
            self._job.close()
            self._job = None

    def _ask_where(self):
        """The page's path; ``None`` where the person does not want to."""
        from CervixRiskLib.bundle.bundle_folder import lies_in_bundle
        from CervixRiskLib.report.case_files import report_paths
        from CervixRiskLib.report.earlier_report import check_only_reports
        from CervixRiskLib.scene.stored_files import first_kept
        from CervixRiskLib.workflow.session_report import report_file_name

        dialog = qt.QFileDialog(self._context.panel_widget, _("Save the report"))
        dialog.setAcceptMode(qt.QFileDialog.AcceptSave)
        dialog.setFileMode(qt.QFileDialog.AnyFile)
        dialog.setNameFilters([_("Report: PDF, picture and table") + f" (*{_ENDING})"])
        # It would ask about one of the three files; they are asked about together below.
        dialog.setOption(qt.QFileDialog.DontConfirmOverwrite, True)
        folder = self._context.settings.text(_FOLDER)
        if folder:
            dialog.setDirectory(folder)
        dialog.selectFile(report_file_name(self._context.session.case_id) + _ENDING)
        chosen = dialog.selectedFiles() if dialog.exec_() else ()
        dialog.deleteLater()
        if not chosen:
            return None
        paths = report_paths(chosen[0])
        kept = first_kept(slicer.mrmlScene, paths.values())
        if kept is not None:
            raise SettingsError(
                f"{kept.name} is open here and would be overwritten: save the report under another name."
            )
        # An image that was opened by its file is in no storage node.
        check_only_reports(paths.values())
        if lies_in_bundle(paths["pdf"]):
            raise SettingsError(
                "This folder is a model, which would not open any more: save the report in another folder."
            )
        # Not Path.exists, which raises for a name that is too long.
        there = [path.name for path in paths.values() if os.path.exists(path)]
        if there and not slicer.util.confirmOkCancelDisplay(
            _("There is a report of this name already. Replace it?\n{files}").format(files="\n".join(there)),
            _("Save the report"),
        ):
            return None
        # With its ending: of "slice.png.pdf" without, the next to ask would take off the other one as well.
        return paths["pdf"]

    def _on_time(self) -> None:
        from CervixRiskLib.workflow.report_job import ReportDone

        if self._job is None:
            self._timer.stop()
            return
        result = self._job.poll()
        if result is None:
            self._show_progress()
            return
        self._timer.stop()
        self._job = None
        if isinstance(result, ReportDone):
            self._tell_saved(result.paths[0])
        else:
            self._tell_failed(result)

    def _on_cancel(self, *_args) -> None:
        if self._job is not None:
            self._job.cancel()

    def _on_answer(self) -> None:
        """The line is about the answer that was there before."""
        if not self.busy:
            self._tell("")

    def _on_link(self, link) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl(link))

    def _show_progress(self) -> None:
        progress = self._job.progress
        doing = _("starting") if progress is None else progress.detail or progress.description
        self._tell(_("Saving the report: {doing} …").format(doing=html.escape(doing, quote=False)))

    def _tell_saved(self, path: Path) -> None:
        folder = qt.QUrl.fromLocalFile(str(path.parent)).toString()
        link = f'<a href="{html.escape(folder)}">' + _("Open its folder") + "</a>"
        files = _("{name}, with picture and table").format(name=path.name)
        self._line.toolTip = str(path.parent)
        self._tell(_("Saved: {files}. {link}").format(files=html.escape(files, quote=False), link=link))

    def _tell_failed(self, failure) -> None:
        self._tell_problem(failure.sentence)
        self._line.toolTip = failure.details

    def _tell_problem(self, sentence: str) -> None:
        self._tell("")
        self.widget.visible = True
        show_problem(self._line, html.escape(sentence, quote=False))

    def _tell(self, words: str) -> None:
        """``words``, which may hold a link; none hides the line."""
        self._line.toolTip = ""
        show_quietly(self._line, words)
        self._cancel.visible = self.busy
        self.widget.visible = bool(words)
