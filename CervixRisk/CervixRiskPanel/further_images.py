"""The further images that the chosen model looks at (T1 beside T2): a selector for each, and what is wrong with it."""

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.workflow.channel_words import channel_label, channel_title

from .image_files import chosen_image_file, instance_file, remember_folder
from .tints import show_problem

_LABEL_WIDTH = 100
_TYPES = ["vtkMRMLScalarVolumeNode", "vtkMRMLVectorVolumeNode"]


class FurtherImages:
    """Fills ``furtherFrame`` of ``CaseStep.ui`` with a row for each further image."""

    def __init__(self, context, ui) -> None:
        self._context, self._session, self._frame = context, context.session, ui.furtherFrame
        self._rows_widget = None
        self.rows: list[_Row] = []
        session = self._session
        self._rebuilds = (session.channels_changed, session.answer_changed)
        self._refreshes = (session.image_changed, session.contour_changed, session.reading_changed)
        for signal in self._rebuilds:
            signal.connect(self._rebuild)
        for signal in self._refreshes:
            signal.connect(self.refresh)
        self._rebuild()

    def close(self) -> None:
        for signal in self._rebuilds:
            signal.disconnect(self._rebuild)
        for signal in self._refreshes:
            signal.disconnect(self.refresh)
        for row in self.rows:
            row.retire()

    def row(self, channel: str) -> "_Row":
        return next(row for row in self.rows if row.channel == channel)

    def refresh(self) -> None:
        """Show what the session holds."""
        for row in self.rows:
            row.refresh()

    def _channels(self) -> tuple[str, ...]:
        """What the chosen model looks at, and what the answer that is shown was asked with."""
        answer = self._session.answer
        asked = () if answer is None else answer.study.channels
        return tuple(dict.fromkeys((*self._session.channels[1:], *asked[1:])))

    def _rebuild(self) -> None:
        channels = self._channels()
        if self._rows_widget is not None and channels == tuple(row.channel for row in self.rows):
            self.refresh()
            return
        if self._rows_widget is not None:
            for row in self.rows:
                row.retire()
            self._rows_widget.hide()
            self._rows_widget.deleteLater()
        self._rows_widget = qt.QWidget(self._frame)
        grid = qt.QGridLayout(self._rows_widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.rows = [_Row(self._context, channel, grid, 2 * row) for row, channel in enumerate(channels)]
        self._frame.layout().addWidget(self._rows_widget, 0, 0, 1, 2)
        self._frame.visible = bool(channels)
        self.refresh()


class _Row:
    """Label, selector, a button for a file, and below why the image cannot be used."""

    def __init__(self, context, channel: str, grid, row: int) -> None:
        self.channel = channel
        self._context, self._session = context, context.session
        self._title = channel_title(channel)
        self._busy, self._refused = False, ""
        self.label = qt.QLabel(channel_label(channel))
        self.label.wordWrap = True
        self.label.setFixedWidth(_LABEL_WIDTH)
        self.selector = slicer.qMRMLNodeComboBox()
        self.selector.nodeTypes = _TYPES
        self.selector.showChildNodeTypes = False
        self.selector.addEnabled = False
        self.selector.removeEnabled = False
        self.selector.noneEnabled = True
        self.selector.noneDisplay = _("Choose {title}").format(title=self._title)
        # A long name of an image must not widen the panel.
        self.selector.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.selector.objectName = f"selector {channel}"
        self.open_button = qt.QPushButton(_("Open file…"))
        self.open_button.objectName = f"open {channel}"
        self.message = qt.QLabel()
        self.message.wordWrap = True
        grid.addWidget(self.label, row, 0)
        grid.addWidget(self.selector, row, 1)
        grid.addWidget(self.open_button, row, 2)
        grid.addWidget(self.message, row + 1, 1, 1, 2)
        self.label.setBuddy(self.selector)
        self._busy = True
        self.selector.setMRMLScene(self._session.scene)
        self._busy = False
        self.selector.currentNodeIDChanged.connect(self._on_chosen)
        self.open_button.clicked.connect(self._on_open)

    def retire(self) -> None:
        """Another model is chosen, or the panel closes: the selector loses its scene, and would say so."""
        self._busy = True
        self.selector.setMRMLScene(None)

    def refresh(self) -> None:
        """Show what the session holds; leave out of the list what cannot be meant."""
        from CervixRiskLib.workflow.open_image import is_case_image

        session = self._session
        chosen = session.further_volume(self.channel)
        volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        self._busy = True
        try:
            self.selector.sortFilterProxyModel().hiddenNodeIDs = [
                node.GetID() for node in volumes if node is session.volume or not is_case_image(node)
            ]
            if self.selector.currentNode() is not chosen:
                self.selector.setCurrentNode(chosen)
        finally:
            self._busy = False
        reason = ""
        if session.blinded:
            reason = _("A study round is open: only contours are drawn. Leave it to choose images.")
        elif session.volume is None:
            reason = _("Choose the case's image first.")
        for widget, help_text in (
            (self.label, self._help()),
            (self.selector, self._help()),
            (self.open_button, _("Open a file as {title} of this case.").format(title=self._title)),
        ):
            widget.toolTip = reason or help_text
        self.selector.enabled = self.open_button.enabled = not reason
        if chosen is not None:
            self._refused = ""
        show_problem(self.message, self._refused or session.further_problem(self.channel))

    def _help(self) -> str:
        words = _(
            "{title} of the section that the image shows, on the same grid. An image of the scene; files dropped onto "
            "Slicer appear here. Of a stack the slice at the image's section is taken."
        ).format(title=self._title)
        if self.channel not in self._session.channels:
            words += "\n" + _("The chosen model does not look at it; the answer shown was asked with it.")
        return words

    def _on_chosen(self, *_args) -> None:
        if not self._busy:
            self._take(self.selector.currentNode())

    def _on_open(self, *_args) -> None:
        path = chosen_image_file(self._context, _("Open {title}").format(title=self._title))
        if path:
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Open an image file as this image of the case; what is wrong with it is told."""
        from CervixRiskLib.workflow.open_image import open_image_file

        try:
            with slicer.util.WaitCursor():
                volume = open_image_file(self._session.scene, path)
        except CervixRiskError as error:
            self._refused = str(error)
            self.refresh()
            return
        except Exception as error:
            self._context.show_error(error, _("The image was not opened."))
            return
        remember_folder(self._context, path)
        self._take(volume)

    def _take(self, volume) -> None:
        from CervixRiskLib.workflow.open_image import check_pixel_size

        self._refused = ""
        try:
            if volume is not None:
                check_pixel_size(volume, instance_file)
            self._session.set_further_volume(self.channel, volume)
        except CervixRiskError as error:
            self._refused = str(error)
        # What was opened last lies in the views: the contour is drawn on the case's own image.
        self._context.slices.show_image_again()
        self.refresh()
