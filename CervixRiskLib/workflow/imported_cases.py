"""Cases of a scene that is loaded beside an open one: a case of the same name is another case."""

from __future__ import annotations

from typing import Any

from ..scene.case_folder import CASE, CaseFolder


class ImportedCases:
    """Keeps the cases of a loaded scene apart from those that were there before.

    Two hospitals' "Case 1" are not the same; without another name the loaded contours and answers would count as those
    of the open image.
    """

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._before: list[Any] | None = None

    def begin(self) -> None:
        """A scene is about to be loaded."""
        self._before = self._nodes()

    def end(self) -> None:
        """It is loaded: its cases whose name is taken get a number behind it."""
        before, self._before = self._before, None
        if before is None:
            return
        known = {id(node) for node in before}
        taken = {node.GetAttribute(CASE) for node in before} - {None}
        new: dict[str, list[Any]] = {}
        for node in self._nodes():
            name = node.GetAttribute(CASE)
            if name is not None and id(node) not in known:
                new.setdefault(name, []).append(node)
        for name in sorted(taken & new.keys()):
            number = 2
            while f"{name} ({number})" in taken | new.keys():
                number += 1
            other = f"{name} ({number})"
            taken.add(other)
            CaseFolder(self._scene, name).part(new[name], other)

    def _nodes(self) -> list[Any]:
        return [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]
