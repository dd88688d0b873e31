"""The Tab key goes down the panel as the eye does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

_MODULE = Path(__file__).resolve().parents[2] / "CervixRisk" / "CervixRisk.py"


def tab_stops(root: Any) -> list[Any]:
    """What takes the focus by the Tab key, in its order, from ``root`` on."""
    import qt

    stops, widget = [], root.nextInFocusChain()
    while widget is not root:
        if root.isAncestorOf(widget) and widget.focusPolicy in (qt.Qt.TabFocus, qt.Qt.StrongFocus, qt.Qt.WheelFocus):
            stops.append(widget)
        widget = widget.nextInFocusChain()
    return stops


def test_by_layout_and_not_by_making(slicer_app: Any) -> None:
    import qt

    from CervixRiskPanel.tab_order import follow_layout

    root = qt.QWidget()
    first, last, inner, second = (qt.QPushButton(name, root) for name in ("first", "last", "inner", "second"))
    column, row = qt.QVBoxLayout(root), qt.QHBoxLayout()
    box = qt.QWidget(root)
    in_box = qt.QHBoxLayout(box)
    column.addWidget(first)
    column.addWidget(qt.QLabel("no stop"))
    column.addLayout(row)
    row.addWidget(second)
    column.addWidget(box)
    in_box.addWidget(inner)
    column.addWidget(last)
    assert [stop.text for stop in tab_stops(root)] == ["first", "last", "inner", "second"]
    follow_layout(root)
    assert [stop.text for stop in tab_stops(root)] == ["first", "second", "inner", "last"]


def test_a_model_s_fields_lie_between_their_neighbours(slicer_app: Any, facts: Any) -> None:
    import slicer

    slicer_app.load(_MODULE)
    slicer_app.open("CervixRisk")
    panel = slicer.util.getModuleWidget("CervixRisk").panel
    panel.session.set_study(Path("model.zip"), facts)
    stops = tab_stops(panel.widget)
    case, contour = panel.steps["case"], panel.steps["contour"]
    fields = [field.editor for field in case.clinical.fields]
    assert len(fields) > 1
    wanted = [case.ui.undoButton, *fields, contour.ui.ownButton, panel.ui.diagnosticsButton]
    assert [stop for stop in stops if stop in wanted] == wanted
