"""The case in Slicer's views: slice, heat map over it, words in the corner."""

import textwrap

import slicer

from CervixRiskLib import RESEARCH_USE_NOTICE
from CervixRiskLib.scene import HeatMapDisplay

# The upper edge: Slicer's own Data Probe writes into the corners.
_UPPER_EDGE = 7
_VIEW = "Red"
# Slicer clips a longer line at the edges of a usual view.
_LINE_LETTERS = 72


class SliceDisplay:
    """Shows a session's case in the red slice view."""

    def __init__(self, session) -> None:
        self._session = session
        self.heat_map = HeatMapDisplay()
        self.heat_map_is_shown = True

    def slice_node(self):
        """The ``vtkMRMLSliceNode`` whose slice is the case's; ``None`` without a main window."""
        widget = self._widget()
        return None if widget is None else widget.mrmlSliceNode()

    def show_case(self) -> None:
        """Lay the case's image into the views, fitted and in its own plane; layers and contours of another case go."""
        from CervixRiskLib.scene.other_cases import show_case_alone

        volume = self._session.volume
        if volume is None:
            self.clear()
            return
        slicer.util.setSliceViewerLayers(background=volume, foreground=None, label=None, fit=True)
        show_case_alone(self._session.scene, self._session.case_id)
        self.fit()
        self.show_answer()

    def show_image_again(self) -> None:
        """Lay the case's image into the views where another one has taken its place; the view stays where it is."""
        widget, volume = self._widget(), self._session.volume
        if widget is not None and volume is not None:
            composite = widget.mrmlSliceCompositeNode()
            if composite.GetBackgroundVolumeID() != volume.GetID():
                slicer.util.setSliceViewerLayers(background=volume)
                self.show_answer()

    def fit(self) -> None:
        """Turn the view into the image's plane and show the whole image."""
        widget = self._widget()
        if widget is None or self._session.volume is None:
            return
        widget.mrmlSliceNode().RotateToVolumePlane(self._session.volume)
        widget.fitSliceToBackground()

    def show_answer(self) -> None:
        """Lay the answer's heat map over the slice and write its words into the view; take both away without one."""
        nodes, heat_map = self._session.answer_nodes, self._heat_map()
        visible = heat_map is not None and self.heat_map_is_shown and not self._session.answer_is_stale
        slicer.util.setSliceViewerLayers(
            foreground=heat_map if visible else None, foregroundOpacity=self.heat_map.opacity
        )
        self._show_parts(nodes.frame if visible else None, nodes.legend if visible else None)
        self._write(self._words())

    def set_opacity(self, opacity: float) -> None:
        """Of the heat map, 0-1."""
        self.heat_map = HeatMapDisplay(self.heat_map.threshold, opacity)
        self.show_answer()

    def set_threshold(self, threshold: float) -> None:
        """Hide the heat map below ``threshold``, 0-1."""
        from CervixRiskLib.scene.heat_map import apply_threshold

        self.heat_map = HeatMapDisplay(threshold, self.heat_map.opacity)
        heat_map = self._heat_map()
        if heat_map is not None:
            apply_threshold(heat_map, threshold)

    def set_heat_map_shown(self, shown: bool) -> None:
        self.heat_map_is_shown = shown
        self.show_answer()

    def clear(self) -> None:
        """Take our words and the heat map out of the view."""
        slicer.util.setSliceViewerLayers(foreground=None)
        self._show_parts(None, None)
        self._write("")

    def _show_parts(self, shown_frame, shown_legend) -> None:
        """Show where this heat map ends, and its colours; those of other answers are hidden, also without their map."""
        from CervixRiskLib.scene.heat_map import legends
        from CervixRiskLib.scene.map_frame_model import map_frames, show_map_frame

        for frame in map_frames(self._session.scene):
            show_map_frame(frame, frame is shown_frame)
        for legend in legends(self._session.scene):
            legend.SetVisibility(legend is shown_legend)
        if shown_legend is not None:
            # Drawn only if it changes after its volume has become a layer.
            shown_legend.Modified()

    def _heat_map(self):
        """The answer's; ``None`` without one, or where a person has taken it out of the scene."""
        nodes = self._session.answer_nodes
        heat_map = None if nodes is None else nodes.heat_map
        return heat_map if heat_map is not None and self._session.scene.IsNodePresent(heat_map) else None

    def _words(self) -> str:
        nodes = self._session.answer_nodes
        if nodes is None:
            return ""
        if self._session.answer_is_stale:
            return RESEARCH_USE_NOTICE
        answer = nodes.answer
        # Few lines: they lie over the image. The panel and the text node say the rest.
        whole = " · ".join(detail.replace(" ", "\N{NO-BREAK SPACE}") for detail in answer.details)
        details = [line.strip("· ") for line in textwrap.wrap(whole, _LINE_LETTERS, break_on_hyphens=False)]
        every = (answer.headline, *details, answer.simulated, answer.notice)
        # The corner annotation's syntax reserves the bar.
        return "\n".join(line.replace("|", "/") for line in every if line)

    def _write(self, words: str) -> None:
        widget = self._widget()
        if widget is None:
            return
        view = widget.sliceView()
        view.cornerAnnotation().SetText(_UPPER_EDGE, words)
        view.scheduleRender()

    @staticmethod
    def _widget():
        manager = slicer.app.layoutManager()
        return None if manager is None else manager.sliceWidget(_VIEW)
