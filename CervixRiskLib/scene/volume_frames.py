"""Frames of a film: Slicer loads it as a Sequence and shows one frame in a browser's proxy volume."""

from __future__ import annotations

from typing import Any


def frame_place(volume: Any) -> tuple[int, int] | None:
    """``(index, count)`` of the frame that ``volume`` shows, ``None`` when it is no film's proxy volume."""
    browser, sequence = _film(volume)
    if sequence is None:
        return None
    return int(browser.GetSelectedItemNumber()), int(browser.GetNumberOfItems())


def frame_nodes(volume: Any) -> list[Any]:
    """The volumes of all frames of the film that ``volume`` shows; empty when it shows none."""
    _, sequence = _film(volume)
    if sequence is None:
        return []
    return [sequence.GetNthDataNode(index) for index in range(sequence.GetNumberOfDataNodes())]


def show_frame(volume: Any, index: int) -> None:
    """Let the film's browser show frame ``index`` in ``volume``; nothing happens when it shows no film."""
    browser, sequence = _film(volume)
    if sequence is not None:
        browser.SetSelectedItemNumber(index)


def _film(volume: Any) -> tuple[Any, Any]:
    """The browser and the sequence behind ``volume``."""
    scene = volume.GetScene()
    if scene is None or volume.GetID() is None:
        return None, None
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")):
        browser = scene.GetNthNodeByClass(index, "vtkMRMLSequenceBrowserNode")
        if browser.IsProxyNodeID(volume.GetID()):
            return browser, browser.GetSequenceNode(volume)
    return None, None
