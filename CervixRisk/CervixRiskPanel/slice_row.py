"""Which slice or frame of the image is meant: the red view chooses it until a contour is begun."""

from slicer.i18n import tr as _

from CervixRiskLib.errors import ImageError
from CervixRiskLib.workflow.case_facts import slice_words

from .tints import show_problem


class SliceRow:
    """Binds the widgets of ``CaseStep.ui`` that are about the slice, and follows the view while the step is entered."""

    def __init__(self, context, ui) -> None:
        self._session, self._slices, self._ui = context.session, context.slices, ui
        self._node = None
        self._tag = None
        self._shown = None
        ui.showSliceButton.clicked.connect(self._on_show)
        ui.showSliceButton.toolTip = _("Show the slice or frame that the contour was drawn on.")
        for signal in (self._session.image_changed, self._session.contour_changed):
            signal.connect(self.refresh)
        self.refresh()

    def enter(self) -> None:
        """Follow the view."""
        self._node = self._slices.slice_node()
        if self._node is not None and self._tag is None:
            self._tag = self._node.AddObserver("ModifiedEvent", self._on_view)
        self.refresh()

    def exit(self) -> None:
        """Follow it no more."""
        if self._tag is not None:
            self._node.RemoveObserver(self._tag)
            self._tag = None

    def close(self) -> None:
        self.exit()
        for signal in (self._session.image_changed, self._session.contour_changed):
            signal.disconnect(self.refresh)

    def refresh(self) -> None:
        """Show what the session holds."""
        ui, session = self._ui, self._session
        self._shown = self._choice()
        words, problem = "", ""
        if session.volume is not None:
            try:
                words = slice_words(session.volume, session.choice())
            except ImageError as error:
                problem = str(error)
        for widget in (ui.sliceTitle, ui.sliceLabel):
            widget.visible = bool(words or problem)
        ui.showSliceButton.visible = bool(words) and self._contour_is_elsewhere()
        kind, _space, place = words.partition(" ")
        ui.sliceTitle.text = _("Frame") if kind == "frame" else _("Slice")
        if problem:
            show_problem(ui.sliceLabel, problem)
        elif words:
            ui.sliceLabel.styleSheet = ""
            self._show_place(place)

    def fit_view(self) -> None:
        """The image has another size in millimetres: fill the view with it again, on the same slice."""
        choice = self._choice()
        self._slices.fit()
        if choice is not None:
            self._scroll_to(choice)

    def _show_place(self, place: str) -> None:
        from CervixRiskLib.scene.volume_frames import frame_place
        from CervixRiskLib.workflow.film_frame import drawn_frame

        label, session = self._ui.sliceLabel, self._session
        drawn = drawn_frame(session.segmentation, session.volume)
        if drawn is not None:
            show_problem(label, _("{place} · the contour is on {frame}").format(place=place, frame=drawn + 1))
            label.toolTip = _("A contour belongs to the frame it was drawn on. Show that frame, or delete the contour.")
        elif frame_place(session.volume) is not None:
            label.text = _("{place} · as in the sequence browser").format(place=place)
            label.toolTip = _("Play or scroll the film to the frame that shows the lesion best, then draw.")
        elif session.slice_is_fixed:
            label.text = _("{place} · fixed by the contour").format(place=place)
            label.toolTip = _("The contour was begun on this slice. Delete it in step 2 to take another slice.")
        else:
            label.text = _("{place} · as in the red view").format(place=place)
            label.toolTip = _("Scroll in the red view to the slice that shows the lesion best.")

    def _choice(self):
        """The session's slice, ``None`` where there is none to speak of."""
        try:
            return None if self._session.volume is None else self._session.choice()
        except ImageError:
            return None

    def _contour_is_elsewhere(self) -> bool:
        from CervixRiskLib.scene import choose_slice
        from CervixRiskLib.workflow.film_frame import drawn_frame

        session = self._session
        if drawn_frame(session.segmentation, session.volume) is not None:
            return True
        if not session.slice_is_fixed:
            return False
        try:
            return choose_slice(session.volume, self._slices.slice_node()) != session.choice()
        except ImageError:
            # The view shows no slice of the image at all.
            return True

    def _scroll_to(self, choice) -> None:
        from CervixRiskLib.scene.slice_grid import slice_matrix

        node = self._slices.slice_node()
        if node is not None:
            node.JumpSliceByOffsetting(*slice_matrix(self._session.volume, choice)[:3, 3])

    def _on_view(self, *_args) -> None:
        """The view was scrolled or turned: another slice may be meant now."""
        if self._session.volume is None:
            return
        if self._session.slice_is_fixed:
            self.refresh()
        elif self._choice() != self._shown:
            self._session.touch_image()

    def _on_show(self, *_args) -> None:
        from CervixRiskLib.workflow.film_frame import show_drawn_frame

        show_drawn_frame(self._session.segmentation, self._session.volume)
        choice = self._choice()
        if choice is not None:
            self._scroll_to(choice)
