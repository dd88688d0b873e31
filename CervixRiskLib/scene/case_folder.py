"""Everything of one case in one subject-hierarchy folder, found again after the scene was saved and loaded.

The folder and each node bear the case's name as the attribute ``CervixRisk.case``; each node also what it is to the
case, as ``CervixRisk.role``. Nothing else (no node name, no order) is relied on.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from .node_removal import remove_with_display
from .volume_frames import frame_nodes

CASE = "CervixRisk.case"
ROLE = "CervixRisk.role"


class CaseRole(str, Enum):
    """What a node is to its case."""

    IMAGE = "image"
    FURTHER_IMAGE = "further image"
    CONTOUR = "contour"
    RULER = "ruler"
    HEAT_MAP = "heat map"
    LEGEND = "legend"
    MAP_FRAME = "map frame"
    ANSWER = "answer"
    ANSWER_RECORD = "answer record"
    TABLE = "table"
    PLOT_TABLE = "plot table"
    PLOT_SERIES = "plot series"
    PLOT_CHART = "plot chart"


# What a new answer replaces.
ANSWER_ROLES = (
    CaseRole.HEAT_MAP,
    CaseRole.LEGEND,
    CaseRole.MAP_FRAME,
    CaseRole.ANSWER,
    CaseRole.ANSWER_RECORD,
    CaseRole.TABLE,
    CaseRole.PLOT_TABLE,
    CaseRole.PLOT_SERIES,
    CaseRole.PLOT_CHART,
)


class CaseFolder:
    """The folder of the case ``case_id`` in ``scene``, made on first use.

    Parameters
    ----------
    scene
        ``slicer.mrmlScene``, or a :class:`~.runtime.SceneRuntime`'s scene.
    case_id
        The person's own name for the case.
    """

    def __init__(self, scene: Any, case_id: str) -> None:
        self.scene = scene
        self.case_id = case_id

    @property
    def item(self) -> int:
        """The folder's subject-hierarchy item, 0 where there is none yet or the scene has no hierarchy."""
        return _folders(self.scene).get(self.case_id, 0)

    def add(self, node: Any, role: CaseRole) -> Any:
        """Take ``node`` into the case and its folder; returns ``node``."""
        for one in (node, *_frames(node)):
            one.SetAttribute(CASE, self.case_id)
            one.SetAttribute(ROLE, role.value)
        hierarchy = _hierarchy(self.scene)
        # A legend is a display node: those have no place in the hierarchy. What is not saved would leave an empty one.
        if hierarchy is not None and node.GetSaveWithScene() and not node.IsA("vtkMRMLDisplayNode"):
            folder = self.item
            if not folder:
                folder = int(hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), self.case_id))
                hierarchy.SetItemAttribute(folder, CASE, self.case_id)
            # Takes the existing item where Slicer has made one, else makes it.
            hierarchy.CreateItem(folder, node)
        return node

    def nodes(self, *roles: CaseRole) -> list[Any]:
        """The case's nodes with one of ``roles``, or all of them, in the order they came into the scene."""
        wanted = {role.value for role in roles or tuple(CaseRole)}
        every = (self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes()))
        return [node for node in every if node.GetAttribute(CASE) == self.case_id and node.GetAttribute(ROLE) in wanted]

    def node(self, role: CaseRole) -> Any | None:
        """The newest node with ``role``, or ``None``."""
        found = self.nodes(role)
        return found[-1] if found else None

    def remove(self, *roles: CaseRole) -> None:
        """Take the case's nodes with one of ``roles`` out of the scene; without roles all of them and the folder."""
        for node in self.nodes(*roles):
            if self.scene.IsNodePresent(node):
                remove_with_display(self.scene, node)
        hierarchy, folder = _hierarchy(self.scene), self.item
        if hierarchy is not None and folder and not roles:
            hierarchy.RemoveItem(folder)

    def rename(self, case_id: str) -> CaseFolder:
        """Give the case another name: its nodes, its folder and the contours' tags; returns the folder under it.

        Raises
        ------
        RoiError
            The name holds a sign that contours' files cannot keep; nothing is changed then.
        """
        from .reader_segmentation import Reading

        nodes, folder = self.nodes(), self.item
        Reading(case_id, "")
        for node in nodes:
            _call(node, case_id)
        hierarchy = _hierarchy(self.scene)
        if hierarchy is not None and folder:
            hierarchy.SetItemAttribute(folder, CASE, case_id)
            hierarchy.SetItemName(folder, case_id)
        return CaseFolder(self.scene, case_id)

    def part(self, nodes: Iterable[Any], case_id: str) -> CaseFolder:
        """Make some of the case's nodes a case of their own, in a new folder; returns it."""
        parted = CaseFolder(self.scene, case_id)
        for node in nodes:
            _call(node, case_id)
            role = node.GetAttribute(ROLE)
            if role is not None:
                parted.add(node, CaseRole(role))
        return parted

    def release(self, node: Any) -> None:
        """Let ``node`` go out of the case; it stays in the scene, beside the case's folder."""
        for one in (node, *_frames(node)):
            one.RemoveAttribute(CASE)
            one.RemoveAttribute(ROLE)
        hierarchy = _hierarchy(self.scene)
        if hierarchy is not None and self.item:
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    def remove_answer(self) -> None:
        """Take out what an earlier answer left; image, contours and ruler stay."""
        self.remove(*ANSWER_ROLES)


def _call(node: Any, case_id: str) -> None:
    """Write another case's name into a node, a contour's tags included."""
    from .reader_segmentation import Reading, reading_of, segment_ids, tag_reading

    for one in (node, *_frames(node)):
        one.SetAttribute(CASE, case_id)
    if node.IsA("vtkMRMLSegmentationNode") and segment_ids(node):
        drawn = reading_of(node, segment_ids(node)[0])
        tag_reading(node, Reading(case_id, drawn.reader, drawn.reading_round))


def case_ids(scene: Any) -> tuple[str, ...]:
    """The cases that have a folder in ``scene``, in its order."""
    return tuple(_folders(scene))


def _frames(node: Any) -> list[Any]:
    """A film's next frame brings its own attributes into the volume that shows it, so every frame learns them."""
    return frame_nodes(node) if node.IsA("vtkMRMLVolumeNode") else []


def _folders(scene: Any) -> dict[str, int]:
    import vtk

    hierarchy = _hierarchy(scene)
    if hierarchy is None:
        return {}
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, True)
    found: dict[str, int] = {}
    for index in range(items.GetNumberOfIds()):
        item = items.GetId(index)
        name = hierarchy.GetItemAttribute(item, CASE)
        if name and hierarchy.GetItemDataNode(item) is None:
            found.setdefault(name, int(item))
    return found


def _hierarchy(scene: Any) -> Any | None:
    import slicer

    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
