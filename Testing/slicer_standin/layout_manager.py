"""The views' place in the window: one red slice view, whatever the layout; the layout node keeps what was asked for."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from .mrml_world import MrmlWorld
from .slice_view import qMRMLSliceWidget


class qMRMLLayoutManager(QtCore.QObject):  # noqa: N801
    """Layout and slice widgets."""

    layoutChanged = QtCore.Signal(int)  # noqa: N815

    def __init__(self, world: MrmlWorld, viewport: QtWidgets.QWidget) -> None:
        super().__init__()
        self._world = world
        self._viewport = viewport
        self._slices = {"Red": qMRMLSliceWidget(world, "Red", viewport)}
        viewport.layout().addWidget(self._slices["Red"])

    def _get_layout(self) -> int:
        return int(self._world.layout.GetViewArrangement())

    def setLayout(self, layout: int) -> None:  # noqa: N802
        if layout != self._get_layout():
            self._world.layout.SetViewArrangement(layout)
            self.layoutChanged.emit(layout)

    layout = QtCore.Property(int, _get_layout, setLayout)

    def viewport(self) -> QtWidgets.QWidget:
        return self._viewport

    def sliceViewNames(self) -> list[str]:  # noqa: N802
        return list(self._slices)

    def sliceWidget(self, name: str) -> qMRMLSliceWidget | None:  # noqa: N802
        return self._slices.get(name)

    def mrmlSliceLogics(self) -> Any:  # noqa: N802
        return self._world.application.GetSliceLogics()

    def resetSliceViews(self) -> None:  # noqa: N802
        for widget in self._slices.values():
            widget.fitSliceToBackground()

    def release(self) -> None:
        for widget in self._slices.values():
            widget.sliceView().release()
