"""The image in work: which volume and slice, under which name, and what is known of its pixel size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ImageError
from ..scene import CaseFolder, CaseRole, PixelSize, SliceChoice, choose_slice, read_pixel_size, read_volume_slice
from ..scene.volume_frames import frame_place
from .observers import Observers
from .signal import Signal

if TYPE_CHECKING:
    from ..imaging import SliceImage

UNNAMED = "Case"


class OpenedImage:
    """The image's part of a :class:`~.case_session.CaseSession`, which see.

    The further parts add to :meth:`_forget_case`, :meth:`_take_up` and :meth:`_announce_case`.
    """

    def __init__(self, scene: Any, *, slice_node: Callable[[], Any | None] = lambda: None) -> None:
        self.scene = scene
        self._slice_node = slice_node
        self.image_changed = Signal()
        self._observers = Observers()
        self._forget_case()

    def _forget_case(self) -> None:
        self.volume: Any | None = None
        self.case_id = ""
        self._fixed_choice: SliceChoice | None = None
        self._frame: tuple[int, int] | None = None

    def _take_up(self) -> None:
        """What else belongs to an image that was just opened."""

    def _announce_case(self) -> None:
        """Tell everybody that another case is open."""
        self.image_changed.emit()

    def _image_has_changed(self) -> None:
        """Slice, frame, pixels or pixel size are others; before anybody is told."""

    def open_volume(self, volume: Any | None, case_id: str = "") -> None:
        """Take ``volume`` as the case's image; ``None`` closes the case. Nodes of the case before stay in the scene.

        Parameters
        ----------
        case_id
            The person's own name for the case; without one the volume's name.
        """
        if volume is self.volume and volume is not None:
            self.rename_case(case_id)
            return
        self._observers.clear()
        self._forget_case()
        self.volume = volume
        if volume is not None:
            self.case_id = self._free_name(case_id or volume.GetName() or UNNAMED)
            self.folder.add(volume, CaseRole.IMAGE)
            self._frame = frame_place(volume)
            self._observers.add(volume, "ModifiedEvent", self._on_volume)
            self._observers.add(volume, volume.ImageDataModifiedEvent, self._on_pixels)
            self._take_up()
        self._announce_case()

    def rename_case(self, case_id: str) -> None:
        """Another name for the open case; its nodes go with it."""
        if self.volume is None or not case_id or case_id == self.case_id:
            return
        self.case_id = self.folder.rename(self._free_name(case_id)).case_id
        self.image_changed.emit()

    @property
    def folder(self) -> CaseFolder:
        """The case's folder in the scene."""
        return CaseFolder(self.scene, self.case_id)

    def choice(self) -> SliceChoice:
        """The slice of the volume: where the contour was begun, else the one the view shows.

        Raises
        ------
        ImageError
            No image, or the view shows no single slice of it.
        """
        if self.volume is None:
            raise ImageError("No image is open. Choose one in step 1.")
        return self._fixed_choice or choose_slice(self.volume, self._slice_node())

    @property
    def slice_is_fixed(self) -> bool:
        """A contour was begun: the case stays on its slice."""
        return self._fixed_choice is not None

    def image(self) -> SliceImage:
        """The slice.

        Raises
        ------
        ImageError
            No image, or it cannot be used; the sentence says why.
        """
        return read_volume_slice(self._open_volume(), self.choice())

    def pixel_size(self) -> PixelSize:
        """What is known of the slice's pixel size.

        Raises
        ------
        ImageError
            No image.
        """
        return read_pixel_size(self._open_volume(), self.choice())

    def touch_image(self) -> None:
        """Tell everybody that slice or pixel size have changed."""
        self._image_has_changed()
        self.image_changed.emit()

    def close(self) -> None:
        """Let go of every node, before the scene closes; nothing in it is changed."""
        self._observers.clear()
        self._forget_case()

    def _free_name(self, wanted: str) -> str:
        """``wanted``, numbered where another image of the scene has that name as its case."""
        name, number = wanted, 1
        while any(node is not self.volume for node in CaseFolder(self.scene, name).nodes(CaseRole.IMAGE)):
            number += 1
            name = f"{wanted} ({number})"
        return name

    def _open_volume(self) -> Any:
        if self.volume is None:
            raise ImageError("No image is open. Choose one in step 1.")
        return self.volume

    def _on_pixels(self) -> None:
        """Another module has worked on the image, or taken its pixels away."""
        self._image_has_changed()
        self._on_volume()

    def _on_volume(self) -> None:
        frame = frame_place(self.volume)
        if frame != self._frame:
            self._frame = frame
            self.touch_image()
        else:
            self.image_changed.emit()
