"""What the steps of the panel share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CervixRiskLib.workflow.case_session import CaseSession
from CervixRiskLib.workflow.questions import Questions

from .messages import show_error
from .settings import PanelSettings
from .slice_display import SliceDisplay


@dataclass
class PanelContext:
    """One for the whole panel.

    Attributes
    ----------
    session
        The case in work.
    questions
        What asks the warm program.
    slices
        The case in Slicer's views.
    settings
        What is remembered between runs.
    resource
        Path of a file below ``Resources``.
    panel_widget
        The panel; parent of dialogs and shortcuts.
    show_error
        Tells an error in a dialog; see :func:`~.messages.show_error`.
    go_to
        Opens a step: ``"case"``, ``"contour"``, ``"ask"``, ``"answer"``.
    choose_model
        Takes a model for the next question; set by the step that asks.
    ask_again
        Asks what the last answer answered, of the case as it is now; set by the step that asks.
    set_heat_map_method
        Takes a method for the next answer's heat map; set by the step that asks.
    open_sample
        Opens a sample by its key (``"ultrasound"``, ``"mr"``).
    """

    session: CaseSession
    questions: Questions
    slices: SliceDisplay
    settings: PanelSettings
    resource: Callable[[str], str]
    panel_widget: Any
    show_error: Callable[[BaseException, str], None] = show_error
    go_to: Callable[[str], None] = lambda _name: None
    choose_model: Callable[[Path], None] = lambda _path: None
    ask_again: Callable[[], None] = lambda: None
    set_heat_map_method: Callable[[str], None] = lambda _method: None
    open_sample: Callable[[str], None] | None = None
