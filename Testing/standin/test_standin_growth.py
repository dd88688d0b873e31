"""Views of results, placing, keys, the desktop, colours and the interpreter's lock, as in Slicer."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for
from slicer_standin.interpreter_lock import can_be_held
from slicer_standin.placing import place_point
from slicer_standin.session import slicer_session


def add_volume() -> Any:
    import slicer

    volume = slicer.util.addVolumeFromArray(
        np.zeros((1, 40, 60), np.uint8), ijkToRAS=np.diag([-0.5, -0.5, 1.0, 1.0]), name="Slice"
    )
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume


def add_chart() -> tuple[Any, Any]:
    import slicer

    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Values")
    slicer.util.updateTableFromArray(table, np.array([[0.5], [-0.25]]), ["effect"])
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "effect")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeBar)
    series.SetYColumnName("effect")
    series.SetColor(1.0, 0.0, 0.0)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode", "Chart")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    return chart, table


def test_a_chart_and_a_table_are_shown_in_the_layout(slicer_app: Any, tmp_path: Path) -> None:
    import slicer

    manager = slicer.app.layoutManager()
    heard: list[int] = []
    manager.layoutChanged.connect(heard.append)
    assert manager.plotWidget(0) is None
    chart, table = add_chart()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
    slicer.modules.plots.logic().ShowChartInLayout(chart)
    slicer.app.applicationLogic().GetSelectionNode().SetActiveTableID(table.GetID())
    slicer.app.applicationLogic().PropagateTableSelection()
    assert heard == [slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView] == [manager.layout]
    assert manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNodeID() == chart.GetID()
    slicer_app.grab(tmp_path / "window.png")
    view = manager.tableWidget(0).tableView()
    assert view.mrmlTableNode() is table
    assert [view.item(row, 0).text() for row in range(2)] == ["0.5", "-0.25"]
    picture = Image.open(slicer_app.grab(tmp_path / "plot.png", widget=manager.plotWidget(0))).convert("RGB")
    red = np.all(np.asarray(picture) == (255, 0, 0), axis=2)
    left, right = np.hsplit(red[:, : red.shape[1] // 2 * 2], 2)
    # Twice as high as deep, and on the other side of zero.
    assert left.sum() == pytest.approx(2 * right.sum(), rel=0.05)
    assert np.nonzero(left)[0].max() < np.nonzero(right)[0].min() + 2
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert not manager.plotWidget(0).visible
    assert manager.sliceWidget("Red").visible


def test_a_line_is_placed_with_two_clicks(slicer_app: Any) -> None:
    import slicer

    add_volume()
    with pytest.raises(RuntimeError, match="Place mode is off"):
        place_point(10, 10)
    line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Ruler")
    slicer.modules.markups.logic().SetActiveList(line)
    slicer.modules.markups.logic().StartPlaceMode(False)
    place_point(10, 10)
    place_point(10, 50)
    assert line.GetLineLengthWorld() == pytest.approx(20.0)
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() == slicer.vtkMRMLInteractionNode.ViewTransform


def test_keys_reach_shortcuts_and_fields(slicer_app: Any) -> None:
    import qt

    pressed: list[str] = []
    panel = qt.QWidget()
    field = qt.QLineEdit()
    qt.QVBoxLayout(panel).addWidget(field)
    slicer_app.window.panel.setWidget(panel)
    shortcut = qt.QShortcut(qt.QKeySequence("Ctrl+Return"), panel)
    shortcut.setContext(qt.Qt.WindowShortcut)
    shortcut.activated.connect(lambda: pressed.append("submit"))
    slicer_app.press("Ctrl+Return")
    assert pressed == ["submit"]
    slicer_app.press("D", widget=field)
    assert field.text.lower() == "d"
    slicer_app.press("Ctrl+Return", widget=field)
    assert pressed == ["submit", "submit"]
    shortcut.setEnabled(False)
    slicer_app.press("Ctrl+Return")
    assert pressed == ["submit", "submit"]


def test_the_desktop_is_only_asked(slicer_app: Any) -> None:
    import qt

    assert qt.QDesktopServices.openUrl(qt.QUrl("file:///report.pdf"))
    assert slicer_app.opened_urls == ["file:///report.pdf"]


def test_a_file_is_chosen_as_told(slicer_app: Any, tmp_path: Path) -> None:
    import qt

    slicer_app.dialogs.choose_files(tmp_path / "slice.nrrd")
    dialog = qt.QFileDialog()
    dialog.setFileMode(qt.QFileDialog.ExistingFile)
    assert dialog.exec_() == qt.QDialog.Accepted
    assert dialog.selectedFiles() == [str(tmp_path / "slice.nrrd")]


def test_dark_colours_are_taken_back(tmp_path: Path) -> None:
    from PySide6 import QtWidgets

    def brightness() -> int:
        return QtWidgets.QApplication.palette().window().color().lightness()

    with slicer_session(tmp_path):
        before = brightness()
    with slicer_session(tmp_path, dark=True):
        import qt

        assert qt.QWidget().palette.window().color().lightness() < 80
    assert brightness() == before > 200


@pytest.mark.skipif(not can_be_held(), reason="Qt's library has other names here")
def test_threads_stand_still_while_the_loop_keeps_the_lock(tmp_path: Path) -> None:
    def turns_of_a_thread(*, holds: bool, wait_in_slots: bool) -> int:
        turns, ended = 0, threading.Event()

        def count() -> None:
            nonlocal turns
            while not ended.is_set():
                turns += 1
                time.sleep(0.001)

        with slicer_session(tmp_path, holds_interpreter_lock=holds):
            import qt

            timer = qt.QTimer()
            timer.timeout.connect((lambda: time.sleep(0.01)) if wait_in_slots else (lambda: None))
            timer.start(100)
            thread = threading.Thread(target=count)
            thread.start()
            try:
                turns = 0
                run_for(0.3)
                return turns
            finally:
                ended.set()
                thread.join()

    free = turns_of_a_thread(holds=False, wait_in_slots=False)
    held = turns_of_a_thread(holds=True, wait_in_slots=False)
    let_in = turns_of_a_thread(holds=True, wait_in_slots=True)
    assert held < free / 4
    assert held < let_in < free
