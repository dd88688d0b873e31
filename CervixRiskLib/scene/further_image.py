"""Further images of a section (T1 beside T2): the case's volume names them, and they must lie on its slice's grid.

The volume refers to each by an MRML node reference under the channel's name, so that a saved scene keeps them. The
rules are those of a cohort's column ``image_t1``, see :func:`CervixRiskLib.cohort.load_slices` and
:func:`CervixRiskLib.imaging.channel_grid.check_same_grid`: nothing is resampled here.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ..errors import ImageError
from ..imaging import SliceGeometry, SliceImage
from .pixel_size import PixelSizeState, read_file_pixel_size, read_pixel_size
from .slice_grid import SliceChoice, only_slice, slice_matrix, slice_shape, volume_matrix, volume_sizes
from .volume_origin import FRAME_OF_REFERENCE
from .volume_slice import geometry_kind, read_volume_slice

_ROLE = "CervixRisk.channel."
_BY_A_PERSON = (PixelSizeState.HAND, PixelSizeState.CALIBRATED)


def further_volume(volume: Any, channel: str) -> Any | None:
    """The volume that was chosen as ``channel`` of the section that ``volume`` shows."""
    return volume.GetNodeReference(_role(channel))


def set_further_volume(volume: Any, channel: str, further: Any | None) -> None:
    """Choose it; ``None`` takes the choice back."""
    volume.SetNodeReferenceID(_role(channel), None if further is None else further.GetID())


def further_volumes(volume: Any) -> dict[str, Any]:
    """All that were chosen, by channel."""
    found = {}
    for index in range(volume.GetNumberOfNodeReferenceRoles()):
        role = volume.GetNthNodeReferenceRole(index)
        node = volume.GetNodeReference(role) if role.startswith(_ROLE) else None
        if node is not None:
            found[unquote(role[len(_ROLE) :])] = node
    return found


def read_further_slice(volume: Any, choice: SliceChoice, further: Any, title: str) -> SliceImage:
    """The slice of ``further`` that shows the section ``choice`` of ``volume``.

    In a stack it is found by its place in the patient, or, where one of the two knows no place, by its number. A pixel
    size that a person gave to the case's image holds for all images of the section.

    Parameters
    ----------
    title
        What ``further`` is called in sentences: ``"T1"``.

    Raises
    ------
    ImageError
        It does not belong to the section: another frame of reference, another direction or place, another grid. Or it
        is the image itself.
    """
    from ..imaging.channel_grid import check_pixel_size, check_same_grid, check_shape

    _check_frame_of_reference(volume, further, title)
    own = _same_section(volume, choice, further, title)
    first, image = read_volume_slice(volume, choice), read_volume_slice(further, own)
    _check_section(first, image, title)
    remedy = _resample(title)
    check_shape(first, image, name=title, remedy=remedy)
    told = [read_file_pixel_size(node, at).spacing_mm for node, at in ((volume, choice), (further, own))]
    check_pixel_size(told[0], told[1], name=title, remedy=remedy)
    size = read_pixel_size(volume, choice)
    if size.state in _BY_A_PERSON and size.spacing_mm is not None:
        image = image.with_spacing(size.spacing_mm, size.source)
    if (first.spacing_mm is None) != (image.spacing_mm is None):
        which = "the image" if first.spacing_mm is None else title
        raise ImageError(f"The pixel size of {which} is unknown: give the image's in step 1, it then holds for both.")
    _check_corner(first, image, title)
    # What the model's own program will ask.
    check_same_grid(first, image, name=title, remedy=remedy)
    if np.array_equal(first.pixels, image.pixels):
        raise ImageError(f"{title} is the same picture as the image: choose {title} itself.")
    return image


def _role(channel: str) -> str:
    # A colon or semicolon would part the references in a saved scene.
    return _ROLE + quote(channel, safe="")


def _resample(title: str) -> str:
    return f"resample {title} onto the image (module Resample Scalar/Vector/DWI Volume) and choose the result here."


def _check_frame_of_reference(volume: Any, further: Any, title: str) -> None:
    known = [node.GetAttribute(FRAME_OF_REFERENCE) for node in (volume, further)]
    if all(known) and known[0] != known[1]:
        raise ImageError(
            f"{title} and the image have different frames of reference: another patient, or another examination. "
            f"Choose {title} of the same one; if it is, register it and {_resample(title)}"
        )
    if further.GetParentTransformNode() is not volume.GetParentTransformNode():
        raise ImageError(
            f"{title} and the image do not stand under the same transform: harden it (module Transforms), then "
            f"{_resample(title)}"
        )


def _same_section(volume: Any, choice: SliceChoice, further: Any, title: str) -> SliceChoice:
    """The slice of ``further`` at the section, or the nearest one to it."""
    single = only_slice(further)
    if geometry_kind(volume) == geometry_kind(further) == "patient":
        section = slice_matrix(volume, choice)
        rows, columns = slice_shape(volume, choice)
        to_voxels = np.linalg.inv(volume_matrix(further))
        centre = to_voxels @ section @ np.array([(columns - 1) / 2, (rows - 1) / 2, 0.0, 1.0])
        axis = single.axis if single is not None else _axis_across(further, section[:3, 2])
        return SliceChoice(axis, int(np.clip(round(float(centre[axis])), 0, volume_sizes(further)[axis] - 1)))
    if single is not None and only_slice(volume) is not None:
        return single
    counts = volume_sizes(volume)[choice.axis], volume_sizes(further)[choice.axis]
    if counts[0] != counts[1]:
        raise ImageError(
            f"The image has {counts[0]} and {title} {counts[1]} slices, and where they lie is not known: choose images "
            "with as many slices, or open the one slice of each."
        )
    return choice


def _axis_across(volume: Any, normal: np.ndarray) -> int:
    """Across which of i, j, k the slices of ``volume`` lie most nearly along ``normal``'s plane."""
    axes = volume_matrix(volume)[:3, :3]
    return int(np.abs(normal @ (axes / np.linalg.norm(axes, axis=0))).argmax())


def _places(first: SliceImage, other: SliceImage) -> tuple[SliceGeometry, SliceGeometry] | None:
    """Where the two lie; ``None`` where that cannot be compared."""
    one, two = first.geometry, other.geometry
    if one is None or two is None or one.planar != two.planar or first.spacing_mm is None:
        return None
    return one, two


def _check_section(first: SliceImage, other: SliceImage, title: str) -> None:
    """Sentences for slices that are turned, lie behind each other, or do not meet."""
    places = _places(first, other)
    if places is None or first.spacing_mm is None:
        return
    one, two = places
    if not one.points_as(two):
        raise ImageError(f"{title} was cut in another direction than the image, or is turned: {_resample(title)}")
    column, row = np.array(one.column_direction), np.array(one.row_direction)
    away = np.array(two.origin_mm) - np.array(one.origin_mm)
    beside = abs(float(away @ np.cross(column, row)))
    if beside > max(first.spacing_mm):
        raise ImageError(
            f"{title} has no slice at this section: the nearest lies {beside:.1f} mm beside it. "
            f"Choose another {title}, or {_resample(title)}"
        )
    row_mm, column_mm = other.spacing_mm or first.spacing_mm
    for direction, own_mm, first_mm in (
        (row, other.shape[0] * row_mm, first.shape[0] * first.spacing_mm[0]),
        (column, other.shape[1] * column_mm, first.shape[1] * first.spacing_mm[1]),
    ):
        shift = float(away @ direction)
        if shift <= -own_mm or shift >= first_mm:
            raise ImageError(
                f"{title} shows another part of the body: it does not overlap with the image. Choose {title} of the "
                "same section."
            )


def _check_corner(first: SliceImage, other: SliceImage, title: str) -> None:
    places = _places(first, other)
    if places is None or first.spacing_mm is None or places[0].agrees_with(places[1], max(first.spacing_mm)):
        return
    away = np.linalg.norm(np.array(places[1].origin_mm) - np.array(places[0].origin_mm))
    raise ImageError(f"{title} begins {float(away):.1f} mm beside the image: {_resample(title)}")
