"""Which image is the case: the selector, a file, a sample."""

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.workflow.signal import Signal

from .image_files import chosen_image_file, instance_file, remember_folder


class ImageChoice:
    """Binds ``imageSelector``, ``openButton`` and the sample buttons of ``CaseStep.ui``.

    Attributes
    ----------
    told
        Signal with two sentences, empty where all is well: why an image was not taken, what was changed when it was.
    """

    def __init__(self, context, ui) -> None:
        self.told = Signal()
        self._context, self._session, self._ui = context, context.session, ui
        self._busy = self._entered = False
        self._sample = None
        ui.imageSelector.currentNodeIDChanged.connect(self._on_chosen)
        ui.openButton.clicked.connect(self._on_open)
        ui.sampleUltrasoundButton.clicked.connect(self._on_ultrasound)
        ui.sampleMrButton.clicked.connect(self._on_mr)
        for signal in (self._session.image_changed, self._session.answer_changed, self._session.reading_changed):
            signal.connect(self.refresh)
        scene = self._session.scene
        self._arrivals = scene.AddObserver(scene.NodeAddedEvent, self._on_node_added)
        self.refresh()

    def close(self) -> None:
        # The selector loses its scene after this, and says so.
        self._busy = True
        for signal in (self._session.image_changed, self._session.answer_changed, self._session.reading_changed):
            signal.disconnect(self.refresh)
        self._session.scene.RemoveObserver(self._arrivals)

    def enter(self) -> None:
        """From now on the first image to arrive is taken; so is one that waits, when it is the only one."""
        self._entered = True
        self.refresh()
        self._on_node_added()

    def exit(self) -> None:
        """The person works elsewhere: what arrives now is not meant for us."""
        self._entered = False

    def refresh(self) -> None:
        """Show the session's image; leave out of the list what is ours."""
        from CervixRiskLib.workflow.open_image import is_case_image

        ui = self._ui
        volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        self._busy = True
        try:
            ui.imageSelector.sortFilterProxyModel().hiddenNodeIDs = [
                node.GetID() for node in volumes if not is_case_image(node)
            ]
            if ui.imageSelector.currentNode() is not self._session.volume:
                ui.imageSelector.setCurrentNode(self._session.volume)
        finally:
            self._busy = False
        reason = _("A study round is open: its list of cases chooses the image.") if self._session.blinded else ""
        for widget, help_text in (
            (ui.imageSelector, _("An image of the scene. Files dropped onto Slicer appear here.")),
            (
                ui.openButton,
                _("DICOM, NRRD, NIfTI, MetaImage, PNG, JPEG or TIFF. A file of several slices opens whole."),
            ),
            (
                ui.sampleUltrasoundButton,
                _("A simulated ultrasound slice with its demo model: draw, then ask for lymph node metastasis."),
            ),
            (ui.sampleMrButton, _("A simulated MR slice with its demo model: draw, then ask for the treatment group.")),
        ):
            widget.enabled = not reason
            widget.toolTip = reason or help_text
        # Out of the way once a case of one's own is open.
        shown = self._session.volume is None or self._session.volume is self._sample
        ui.sampleRow.visible = shown and self._context.open_sample is not None

    def open_file(self, path: str) -> None:
        """Open an image file as a case named after it; what is wrong with it is told."""
        from CervixRiskLib.workflow.open_image import file_case_name, open_image_file

        try:
            with slicer.util.WaitCursor():
                volume = open_image_file(self._session.scene, path)
                self._session.open_volume(volume, file_case_name(path))
        except CervixRiskError as error:
            self.told.emit(str(error), "")
            return
        except Exception as error:
            self._context.show_error(error, _("The image was not opened."))
            return
        remember_folder(self._context, path)
        self.told.emit("", "")

    def _open_node(self, volume) -> None:
        from CervixRiskLib.workflow.open_image import check_pixel_size, volume_case_name

        problem = changed = ""
        try:
            if volume is not None:
                changed = check_pixel_size(volume, instance_file)
            self._session.open_volume(volume, volume_case_name(self._session.scene, volume) if volume else "")
        except CervixRiskError as error:
            problem = str(error)
        self.told.emit(problem, changed)

    def _on_chosen(self, *_args) -> None:
        if not self._busy and self._ui.imageSelector.currentNode() is not self._session.volume:
            self._open_node(self._ui.imageSelector.currentNode())

    def _on_open(self, *_args) -> None:
        chosen = chosen_image_file(self._context, _("Open an image"))
        if chosen:
            self.open_file(chosen)

    def _on_ultrasound(self, *_args) -> None:
        self._open_sample("ultrasound")

    def _on_mr(self, *_args) -> None:
        self._open_sample("mr")

    def _open_sample(self, key: str) -> None:
        try:
            with slicer.util.WaitCursor():
                self._context.open_sample(key)
            self._sample = self._session.volume
            self.refresh()
        except CervixRiskError as error:
            self.told.emit(str(error), "")
            return
        self.told.emit("", "")

    def _on_node_added(self, *_args) -> None:
        # The node is not complete yet, and more may follow it.
        if self._entered and self._session.volume is None and not self._session.blinded:
            qt.QTimer.singleShot(0, self._take_only_image)

    def _take_only_image(self) -> None:
        """The first image to arrive, dropped onto Slicer for example, needs no second choice."""
        from CervixRiskLib.workflow.open_image import is_case_image

        session = self._session
        if not self._entered or session.volume is not None or session.blinded or session.scene.IsBatchProcessing():
            return
        volumes = [node for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if is_case_image(node)]
        if len(volumes) == 1 and volumes[0].GetImageData() is not None:
            self._open_node(volumes[0])
