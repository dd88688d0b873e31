"""Colours of what a line of the panel tells, readable on light and dark."""

import qt

_PROBLEM = {"light": "#b00020", "dark": "#ff8a80"}
_REMARK = {"light": "#7a4f00", "dark": "#ffcc66"}
_QUIET = {"light": "#5f5f5f", "dark": "#b5b5b5"}


def show_problem(label, text: str) -> None:
    """``text`` in red; the label is hidden without one."""
    _show(label, text, _PROBLEM)


def show_remark(label, text: str) -> None:
    """``text`` in amber; the label is hidden without one."""
    _show(label, text, _REMARK)


def show_quietly(label, text: str) -> None:
    """``text`` in grey; the label is hidden without one."""
    _show(label, text, _QUIET)


def _show(label, text: str, colours: dict[str, str]) -> None:
    ground = "dark" if label.palette.color(qt.QPalette.Window).lightness() < 128 else "light"
    label.styleSheet = f"color: {colours[ground]}"
    label.text = text
    label.visible = bool(text)
