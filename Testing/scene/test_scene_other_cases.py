"""A case is seen without what was drawn of other cases."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.scene import CaseFolder, CaseRole, CaseScene, Reading, add_slice_volume, start_reading
from CervixRiskLib.scene.other_cases import show_case_alone

pytestmark = pytest.mark.slicer


def test_contours_and_rulers_of_other_cases_are_hidden_and_come_back(image, roi):
    scene = CaseScene().scene
    drawn = {}
    for case in ("A", "B"):
        folder = CaseFolder(scene, case)
        volume = folder.add(add_slice_volume(scene, image, case), CaseRole.IMAGE)
        contours = [
            folder.add(start_reading(scene, volume, Reading(case, reader), roi), CaseRole.CONTOUR) for reader in "xy"
        ]
        line = folder.add(scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "ruler"), CaseRole.RULER)
        line.CreateDefaultDisplayNodes()
        drawn[case] = [*contours, line]
    own = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "a person's own")
    own.CreateDefaultDisplayNodes()
    hidden = drawn["A"][1]
    hidden.SetDisplayVisibility(False)

    def seen():
        return [[bool(node.GetDisplayVisibility()) for node in drawn[case]] for case in ("A", "B")]

    show_case_alone(scene, "A")
    show_case_alone(scene, "A")
    assert seen() == [[True, False, True], [False, False, False]]
    show_case_alone(scene, "B")
    assert seen() == [[False, False, False], [True, True, True]]
    show_case_alone(scene, "A")
    # What a person has hidden stays so.
    assert seen() == [[True, False, True], [False, False, False]]
    assert own.GetDisplayVisibility()
