"""The answer's table and chart beside the slice, and the views as they were before."""

import slicer


class AnswerCharts:
    """Changes the layout and changes it back."""

    def __init__(self, session) -> None:
        self._session = session
        self._layout_before = None

    @property
    def shown(self) -> bool:
        return self._layout_before is not None

    @property
    def available(self) -> bool:
        """Whether there is a table; a person may have taken it out of the scene."""
        nodes = self._session.answer_nodes
        return nodes is not None and self._is_there(nodes.table)

    def show(self) -> None:
        """Slice, chart and table; of two charts the contributions, because the panel draws the points itself."""
        manager = slicer.app.layoutManager()
        nodes = self._session.answer_nodes
        if manager is None or not self.available:
            return
        layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView
        if not self.shown:
            self._layout_before = manager.layout
        both = (nodes.contributions, nodes.points)
        chart = next((one for one in both if one is not None and self._is_there(one.chart)), None)
        if chart is None:
            layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView
        manager.setLayout(layout)
        application = slicer.app.applicationLogic()
        selection = application.GetSelectionNode()
        selection.SetActiveTableID(nodes.table.GetID())
        application.PropagateTableSelection()
        if chart is not None:
            selection.SetActivePlotChartID(chart.chart.GetID())
            application.PropagatePlotChartSelection()

    def _is_there(self, node) -> bool:
        return node is not None and bool(self._session.scene.IsNodePresent(node))

    def hide(self) -> None:
        """The layout from before; a layout that the person has chosen since then stays."""
        manager = slicer.app.layoutManager()
        before, self._layout_before = self._layout_before, None
        ours = (
            slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView,
            slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpTableView,
        )
        if manager is not None and before is not None and manager.layout in ours:
            manager.setLayout(before)
