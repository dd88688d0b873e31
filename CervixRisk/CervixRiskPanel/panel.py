"""The panel: four steps in the order of the work, a timer that hears the warm program, and what a scene keeps."""

from functools import partial

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.workflow.case_session import CaseSession
from CervixRiskLib.workflow.imported_cases import ImportedCases
from CervixRiskLib.workflow.questions import Questions

from .answer_step import AnswerStep
from .ask_step import AskStep, make_worker
from .case_step import CaseStep
from .context import PanelContext
from .contour_step import ContourStep
from .memory import PanelMemory
from .messages import show_error
from .sample_data import open_sample
from .settings import PanelSettings
from .slice_display import SliceDisplay
from .tab_order import follow_layout

_QUICK_MS, _SLOW_MS = 20, 250
# What a header of 400 pixels holds beside the step's name.
_SUMMARY_LETTERS = 42


class Panel:
    """Everything the person sees of the module, beside the views.

    Parameters
    ----------
    widget
        Of ``CervixRisk.ui``.
    resource
        Path of a file below ``Resources``.
    parameter_node
        Gives the module's wrapped parameter node.
    """

    def __init__(self, widget, resource, parameter_node) -> None:
        self.widget = widget
        self.ui = slicer.util.childWidgetVariables(widget)
        self.session = CaseSession(slicer.mrmlScene, slice_node=self._slice_node)
        self._imported = ImportedCases(slicer.mrmlScene)
        self.questions = Questions(make_worker)
        self.slices = SliceDisplay(self.session)
        self.context = PanelContext(
            self.session, self.questions, self.slices, PanelSettings(), resource, widget, go_to=self.go_to
        )
        self.context.open_sample = partial(open_sample, self.context)
        self._titles = {
            "case": _("1 · Case"),
            "contour": _("2 · Contour"),
            "ask": _("3 · Ask"),
            "answer": _("4 · Answer"),
        }
        self._buttons = {name: getattr(self.ui, f"{name}Button") for name in self._titles}
        self.memory = PanelMemory(self.context, parameter_node)
        self.steps = {
            "case": CaseStep(self.context),
            "contour": ContourStep(self.context),
            "ask": AskStep(self.context),
            "answer": AnswerStep(self.context),
        }
        for name, step in self.steps.items():
            self._buttons[name].layout().addWidget(step.widget)
            step.summary_changed.connect(self._show_summaries)
        self._buttons["answer"].collapsed = True
        self._shown_volume = None
        self._is_closed = False
        self.session.image_changed.connect(self._on_image)
        self.session.answer_changed.connect(self._on_answer)
        self._timer = qt.QTimer()
        self._timer.timeout.connect(self._on_tick)
        self._timer.setInterval(_SLOW_MS)
        self._timer.start()
        self.questions.changed.connect(self._set_pace)
        self.diagnostics = None
        self.ui.diagnosticsButton.clicked.connect(self._on_diagnostics)
        # After the steps, which build a model's fields and rows.
        self.session.study_changed.connect(self._order_keys)
        self.session.channels_changed.connect(self._order_keys)
        self._order_keys()
        self._show_summaries()

    def enter(self) -> None:
        """The person comes to the module."""
        for step in self.steps.values():
            step.enter()
        self.slices.show_answer()

    def exit(self) -> None:
        """The person goes to another module; nothing is lost, what was asked goes on."""
        for step in self.steps.values():
            step.exit()

    def close(self) -> None:
        """The module goes: the warm program ends, nobody is observed any more."""
        self._is_closed = True
        self._timer.stop()
        self.memory.close()
        self.questions.close()
        for step in self.steps.values():
            step.close()
        if self.diagnostics is not None:
            self.diagnostics.close()
        self.session.close()

    def go_to(self, name: str) -> None:
        """Open a step and bring it into sight."""
        self._buttons[name].collapsed = False
        # Once the layout has made room for it.
        qt.QTimer.singleShot(0, lambda: self._bring_into_sight(name))

    def _bring_into_sight(self, name: str) -> None:
        """Scroll to a step; the area that scrolls is Slicer's, somewhere above the panel."""
        if self._is_closed:
            return
        parent = self.widget.parentWidget()
        while parent is not None and not hasattr(parent, "ensureWidgetVisible"):
            parent = parent.parentWidget()
        if parent is not None:
            parent.ensureWidgetVisible(self._buttons[name])

    def scene_closes(self) -> None:
        """Let go of the scene's nodes before they go."""
        self.questions.cancel_all()
        self.slices.clear()
        self.session.open_volume(None)

    def remember(self) -> None:
        """Write into a new scene what is set."""
        self.memory.write()

    def scene_comes(self) -> None:
        """A scene is about to be loaded, perhaps beside what is open."""
        self._imported.begin()

    def restore(self) -> None:
        """Take up what a loaded scene holds."""
        self._imported.end()
        try:
            self.memory.read()
        except CervixRiskError as error:
            show_error(error, _("The case of this scene could not be taken up completely."))

    def _slice_node(self):
        return self.slices.slice_node()

    def _on_image(self) -> None:
        if self.session.volume is not self._shown_volume:
            self._shown_volume = self.session.volume
            self.slices.show_case()

    def _on_answer(self) -> None:
        self.slices.show_answer()

    def _order_keys(self) -> None:
        follow_layout(self.widget)

    def _on_tick(self) -> None:
        self.questions.poll()

    def _set_pace(self) -> None:
        pace = _QUICK_MS if self.questions.busy else _SLOW_MS
        if self._timer.interval != pace:
            self._timer.setInterval(pace)

    def _show_summaries(self) -> None:
        for name, step in self.steps.items():
            told = step.summary()
            shown = told if len(told) <= _SUMMARY_LETTERS else f"{told[: _SUMMARY_LETTERS - 1]}…"
            self._buttons[name].text = f"{self._titles[name]}  –  {shown}" if told else self._titles[name]

    def _on_diagnostics(self, *_args) -> None:
        from .diagnostics import DiagnosticsPage

        if self.diagnostics is None:
            self.diagnostics = DiagnosticsPage(self.context)
        self.diagnostics.open()
