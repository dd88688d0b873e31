"""Step 4: the probability, what it rests on, and what it does not."""

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib import RESEARCH_USE_NOTICE
from CervixRiskLib.workflow.answer_checks import AnswerChecks
from CervixRiskLib.workflow.answer_view import answer_view, stale_reason
from CervixRiskLib.workflow.heat_map_choice import heat_map_methods, method_of, method_words
from CervixRiskLib.workflow.nomogram_rows import nomogram_of
from CervixRiskLib.workflow.signal import Signal

from .answer_charts import AnswerCharts
from .check_words import readers_words, sensitivity_words
from .nomogram_chart import NomogramChart
from .nomogram_window import NomogramWindow
from .painted_label import PaintedLabel
from .points_chart import ShareChart
from .probability_bar import ProbabilityBar
from .save_report import SaveReport
from .shortcuts import Shortcuts
from .single_shot import single_shot
from .tints import show_quietly, show_remark

_HEADLINE_SCALE = 2.2
# The answer is painted before anything else is asked about it.
_CHECKS_AFTER_MS = 50
_FOLDED = {"nomogramBox": False, "contributionsBox": True}


class AnswerStep:
    """Shows the session's answer.

    Parameters
    ----------
    context
        What the panel's steps share.
    """

    def __init__(self, context) -> None:
        self.context = context
        self.summary_changed = Signal()
        self.widget = slicer.util.loadUI(context.resource("UI/AnswerStep.ui"))
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.view = None
        self._nomogram = None
        self._shortcuts = Shortcuts({"H": self._on_key})
        self._window = None
        self._charts = AnswerCharts(context.session)
        self.checks = AnswerChecks(context.session, context.questions)
        self._report = SaveReport(context, self.checks)
        self.ui.reportRow.layout().addWidget(self._report.widget)
        self._bar = PaintedLabel(self.ui.barLabel)
        self._groups = PaintedLabel(self.ui.groupsLabel)
        self._points = PaintedLabel(self.ui.pointsLabel)
        self._contributions = PaintedLabel(self.ui.contributionsLabel, hides=False)
        self._nomogram_label = PaintedLabel(self.ui.nomogramLabel, self._on_wider, hides=False)
        self._painted = (self._bar, self._groups, self._points, self._contributions, self._nomogram_label)
        self._begin_timer = single_shot(_CHECKS_AFTER_MS, self._on_begin_checks)
        self._enlarge_headline()
        self._connect()
        self._refresh()

    def enter(self) -> None:
        """The person comes to the module: the key H is theirs."""
        self._shortcuts.install()
        self._refresh()

    def exit(self) -> None:
        """The person leaves: views and keys are as they were."""
        self._shortcuts.remove()
        self._show_charts(False)
        if self._window is not None:
            self._window.hide()

    def close(self) -> None:
        """The module goes."""
        self.exit()
        self._begin_timer.stop()
        session = self.context.session
        session.answer_changed.disconnect(self._on_answer)
        session.reading_changed.disconnect(self._refresh)
        self.context.questions.changed.disconnect(self._on_questions)
        self.checks.changed.disconnect(self._show_checks)
        self._report.close()
        self.checks.close()
        for painted in self._painted:
            painted.close()
        if self._window is not None:
            self._window.close()
            self._window = None

    def summary(self) -> str:
        """``"31 % · below the threshold of 35 %"``; nothing while there is no answer or it may not be seen."""
        if self.view is None:
            return ""
        return _("out of date") if self.view.stale else self.view.summary

    def _connect(self) -> None:
        ui, session = self.ui, self.context.session
        for name, folded in _FOLDED.items():
            box = getattr(ui, name)
            box.collapsed = self.context.settings.flag(f"folded/{name}", folded)
            box.toggled.connect(lambda opened, name=name: self._on_folded(name, opened))
        display = self.context.slices.heat_map
        ui.opacitySlider.value = 100 * display.opacity
        ui.thresholdSlider.value = 100 * display.threshold
        ui.heatMapShownBox.checked = self.context.slices.heat_map_is_shown
        ui.opacitySlider.valueChanged.connect(self._on_opacity)
        ui.thresholdSlider.valueChanged.connect(self._on_threshold)
        ui.heatMapShownBox.toggled.connect(self._on_heat_map_shown)
        ui.heatMapMethodBox.currentIndexChanged.connect(self._on_heat_map_method)
        ui.askAgainButton.clicked.connect(self._on_ask_again)
        ui.reportButton.clicked.connect(self._report.ask_and_save)
        ui.copyButton.clicked.connect(self._on_copy)
        ui.chartsButton.clicked.connect(self._on_charts)
        session.answer_changed.connect(self._on_answer)
        session.reading_changed.connect(self._refresh)
        self.context.questions.changed.connect(self._on_questions)
        self.checks.changed.connect(self._show_checks)

    def _enlarge_headline(self) -> None:
        font = qt.QFont(self.ui.headlineLabel.font)
        if font.pointSizeF() > 0:
            font.setPointSizeF(_HEADLINE_SCALE * font.pointSizeF())
        else:
            font.setPixelSize(round(_HEADLINE_SCALE * font.pixelSize()))
        font.setBold(True)
        self.ui.headlineLabel.font = font

    # What is shown.

    def _on_answer(self) -> None:
        self._refresh()
        if self.context.session.answer is None or self.context.session.answer_is_stale:
            self._show_charts(False)
        else:
            self._begin_timer.start()

    def _on_begin_checks(self) -> None:
        self.checks.begin()

    def _refresh(self) -> None:
        session, ui = self.context.session, self.ui
        answer = None if session.blinded else session.answer
        self.view = None if answer is None else answer_view(answer, stale=stale_reason(session))
        state = ""
        if session.blinded:
            state = _("A study round is open: no answer is shown until it is left.")
        elif answer is None:
            state = _("No answer yet. Ask a model in step 3.")
        show_quietly(ui.stateLabel, state)
        show_quietly(ui.noticeLabel, RESEARCH_USE_NOTICE if self.view is not None else "")
        ui.resultBox.visible = self.view is not None
        ui.staleRow.visible = self.view is not None and bool(self.view.stale)
        if self.view is None:
            if self._window is not None:
                self._window.hide()
        else:
            ui.resultBox.enabled = not self.view.stale
            show_remark(ui.staleLabel, self.view.stale)
            self._show_view(answer)
        self._show_checks()
        self.summary_changed.emit()

    def _show_view(self, answer) -> None:
        ui, view = self.ui, self.view
        ui.headlineLabel.text = view.headline
        ui.outcomeLabel.text = view.outcome
        ui.intervalLabel.text = f"{view.interval_text}\n{view.decision}"
        self._bar.show(ProbabilityBar(view))
        self._groups.show(ShareChart(view.groups) if view.groups else None)
        show_quietly(ui.basisLabel, view.basis)
        self._points.show(ShareChart(view.points) if view.points else None)
        show_quietly(ui.totalLabel, view.total)
        self._show_nomogram(answer)
        ui.contributionsBox.visible = bool(view.contributions)
        contributions = ShareChart(view.contributions, signed=True) if view.contributions else None
        self._contributions.show(contributions)
        ui.contributionsLabel.toolTip = "" if contributions is None else contributions.words()
        further = view.further_contributions
        words = _("Change of the score's log-odds.")
        if further:
            words += " " + _("{count} more in the table.").format(count=further)
        ui.furtherLabel.text = words
        ui.heatMapBox.visible = bool(view.caption)
        show_quietly(ui.captionLabel, view.caption.removeprefix("Heat map: "))
        self._show_heat_map_methods(answer)
        show_remark(ui.warningsLabel, "\n".join(f"▲ {warning}" for warning in view.warnings))
        show_remark(ui.simulatedLabel, f"▲ {view.simulated}" if view.simulated else "")
        show_quietly(ui.computedLabel, view.computed)

    def _show_heat_map_methods(self, answer) -> None:
        """The methods to choose from; the one that the answer was given with stands there."""
        box, made = self.ui.heatMapMethodBox, method_of(answer.prediction)
        methods = heat_map_methods(answer.prediction.task) if made else ()
        blocked = box.blockSignals(True)
        box.clear()
        for method in methods:
            box.addItem(method_words(method), method)
        box.currentIndex = methods.index(made) if made in methods else -1
        box.blockSignals(blocked)
        for widget in (self.ui.heatMapMethodTitle, box):
            widget.visible = made in methods

    def _show_nomogram(self, answer) -> None:
        scales = nomogram_of(answer)
        self._nomogram = None
        if scales is not None:
            outcome = self.view.outcome.removeprefix("probability of ")
            self._nomogram = NomogramChart(*scales, outcome)
        self.ui.nomogramBox.visible = self._nomogram is not None
        self._nomogram_label.show(self._nomogram)

    def _show_checks(self) -> None:
        ui, view = self.ui, self.view
        shown = view is not None and not view.stale
        sensitivity = sensitivity_words(self.checks.sensitivity) if shown else ("", False)
        readers = readers_words(self.checks.readers) if shown else ""
        ui.sensitivityLabel.text = sensitivity[0]
        for widget in (ui.sensitivityTitle, ui.sensitivityLabel):
            widget.visible = bool(sensitivity[0])
        ui.readersLabel.text = readers
        for widget in (ui.readersTitle, ui.readersLabel):
            widget.visible = bool(readers)
        remarks = []
        if shown and self.checks.readers is not None and self.checks.readers.disagreement:
            remarks.append(self.checks.readers.disagreement)
        if sensitivity[1]:
            remarks.append(_("One pixel more or less in the contour changes the class."))
        show_remark(ui.disagreementLabel, "\n".join(f"▲ {remark}" for remark in remarks))

    # What the person does.

    def _on_opacity(self, value) -> None:
        self.context.slices.set_opacity(min(max(value / 100, 0.0), 1.0))

    def _on_threshold(self, value) -> None:
        self.context.slices.set_threshold(min(max(value / 100, 0.0), 1.0))

    def _on_heat_map_shown(self, shown) -> None:
        self.context.slices.set_heat_map_shown(bool(shown))

    def _on_heat_map_method(self, *_args) -> None:
        box = self.ui.heatMapMethodBox
        method = box.itemData(box.currentIndex)
        if method:
            self.context.set_heat_map_method(method)
            self.context.ask_again()
            self._on_questions()

    def _on_questions(self) -> None:
        """What was not asked, or has not been answered, leaves the map as it was made."""
        if self.view is None or self.context.questions.busy:
            return
        box, answer = self.ui.heatMapMethodBox, self.context.session.answer
        # Left alone where nothing was chosen: its list may hang open while background questions end.
        if box.currentIndex >= 0 and box.itemData(box.currentIndex) != method_of(answer.prediction):
            self._show_heat_map_methods(answer)

    def _on_key(self, *_args) -> None:
        if self.view is not None and self.view.caption and not self.view.stale:
            self.ui.heatMapShownBox.checked = not self.ui.heatMapShownBox.checked

    def _on_folded(self, name, opened) -> None:
        self.context.settings.set_flag(f"folded/{name}", not opened)

    def _on_ask_again(self, *_args) -> None:
        self.context.ask_again()

    def _on_wider(self) -> None:
        if self._nomogram is None:
            return
        if self._window is None:
            self._window = NomogramWindow(self.context.panel_widget)
        self._window.open(self._nomogram, bool(self.view.simulated))

    def _on_copy(self, *_args) -> None:
        from CervixRiskLib.scene import results_text

        answer = self.context.session.answer
        if answer is not None:
            slicer.app.clipboard().setText(results_text(answer.prediction))

    def _on_charts(self, *_args) -> None:
        self._show_charts(not self._charts.shown)

    def _show_charts(self, shown) -> None:
        if shown:
            self._charts.show()
        else:
            self._charts.hide()
        self.ui.chartsButton.checked = self._charts.shown
        self.ui.chartsButton.text = _("Hide charts") if self._charts.shown else _("Show charts")
