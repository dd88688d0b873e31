"""The further images of the section in work (T1 beside T2), where the chosen model looks at any."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..bundle.trained_series import check_not_exchanged, weightings_named
from ..errors import ImageError
from ..scene import CaseRole
from ..scene.case_folder import CASE, ROLE
from ..scene.further_image import further_volume, further_volumes, read_further_slice, set_further_volume
from .channel_words import channel_title
from .drawn_contour import DrawnContour
from .signal import Signal

if TYPE_CHECKING:
    from ..imaging import SliceImage

ONE_IMAGE = ("image",)


class SectionImages(DrawnContour):
    """The further images' part of a :class:`~.case_session.CaseSession`, which see."""

    def __init__(self, scene: Any, *, slice_node: Callable[[], Any | None] = lambda: None) -> None:
        self.channels_changed = Signal()
        self.channels: tuple[str, ...] = ONE_IMAGE
        super().__init__(scene, slice_node=slice_node)

    def _forget_case(self) -> None:
        super()._forget_case()
        self._watched: dict[str, Any] = {}
        # By channel: what it was read from, and the slice or why there is none.
        self._read_further: dict[str, tuple[object, SliceImage | str]] = {}

    def _take_up(self) -> None:
        super()._take_up()
        self._watch_further()

    def _further_has_changed(self, channels: set[str]) -> None:
        """Other images, or other pixels; before anybody is told."""

    def set_channels(self, channels: tuple[str, ...]) -> None:
        """Names of the images that the chosen model looks at, the case's own first."""
        if channels != self.channels:
            self.channels = channels
            self.channels_changed.emit()

    def further_volume(self, channel: str) -> Any | None:
        """The volume that was chosen as ``channel``; ``None`` without one."""
        return None if self.volume is None else further_volume(self.volume, channel)

    def set_further_volume(self, channel: str, further: Any | None) -> None:
        """Choose the volume of ``channel``, or with ``None`` none; whether it fits is told by :meth:`further_images`.

        Raises
        ------
        ImageError
            No image is open, or this volume is another image of the case already.
        """
        volume = self._open_volume()
        before = further_volume(volume, channel)
        if further is before:
            return
        if further is not None:
            taken = {node.GetID(): channel_title(name) for name, node in further_volumes(volume).items()}
            if further is volume or further.GetID() in taken:
                role = taken.get(further.GetID(), "the case's image")
                raise ImageError(f"This is {role} already. Choose another one as {channel_title(channel)}.")
        set_further_volume(volume, channel, further)
        if before is not None and self.scene.IsNodePresent(before) and self._is_ours(before):
            self.folder.release(before)
        if further is not None and further.GetAttribute(CASE) is None:
            self.folder.add(further, CaseRole.FURTHER_IMAGE)
        self._look_at_further()
        self.image_changed.emit()

    def further_images(self) -> tuple[SliceImage, ...]:
        """Those of the model's further channels, in their order.

        Raises
        ------
        ImageError
            One is not chosen, or does not belong to the section; the sentence says which and why.
        """
        return tuple(self._further_image(channel) for channel in self.channels[1:])

    def further_problem(self, channel: str) -> str:
        """Why the volume chosen as ``channel`` cannot be used; empty where it can, and where none is chosen."""
        if self.further_volume(channel) is None:
            return ""
        try:
            self._further_image(channel)
        except ImageError as error:
            return str(error)
        return ""

    def _further_image(self, channel: str) -> SliceImage:
        volume, further, title = self._open_volume(), self.further_volume(channel), channel_title(channel)
        if further is None:
            raise ImageError(f"This model also looks at {title}: choose the image of the same section in step 1.")
        choice = self.choice()
        key = (choice, *(_state(node) for node in (volume, further)))
        known = self._read_further.get(channel)
        # Several steps ask after every stroke.
        if known is None or known[0] != key:
            try:
                image = read_further_slice(volume, choice, further, title)
                check_not_exchanged(self.image(), image, weightings_named(channel), title)
                known = key, image
            except ImageError as error:
                known = key, str(error)
            self._read_further[channel] = known
        if isinstance(known[1], str):
            raise ImageError(known[1])
        return known[1]

    def _is_ours(self, node: Any) -> bool:
        return bool(node.GetAttribute(CASE) == self.case_id and node.GetAttribute(ROLE) == CaseRole.FURTHER_IMAGE.value)

    def _on_volume(self) -> None:
        self._look_at_further()
        super()._on_volume()

    def _look_at_further(self) -> None:
        """Another volume was chosen, or one has left the scene."""
        now = further_volumes(self.volume)
        changed = {name for name in {*now, *self._watched} if now.get(name) is not self._watched.get(name)}
        if changed:
            self._watch_further()
            self._further_has_changed(changed)

    def _watch_further(self) -> None:
        for node in self._watched.values():
            self._observers.remove(node)
        self._watched = further_volumes(self.volume)
        for name, node in self._watched.items():
            self._observers.add(node, "ModifiedEvent", self.image_changed.emit)
            self._observers.add(node, node.ImageDataModifiedEvent, partial(self._on_further_pixels, name))

    def _on_further_pixels(self, channel: str) -> None:
        self._further_has_changed({channel})
        self.image_changed.emit()


def _state(node: Any) -> tuple[object, ...]:
    picture = node.GetImageData()
    return node.GetID(), node.GetMTime(), 0 if picture is None else picture.GetMTime()
