"""The drawing process: ``python -m CervixRiskLib.scene.offscreen_worker FOLDER``.

Reads the request in ``FOLDER``, writes ``picture.png`` there, or ``error.json`` with a sentence and exits with 2.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..errors import CervixRiskError
from .picture_request import ERROR_NAME, PICTURE_NAME, PictureRequest, read_request


def draw(request: PictureRequest, path: Path) -> None:
    """Draw ``request`` as a PNG in this process."""
    from ..imaging.map_frame import map_frame
    from .case_scene import CaseScene
    from .offscreen_view import OffscreenSliceView, save_png
    from .picture_layout import lay_out
    from .segmentation import add_segmentation

    row_mm, column_mm = request.image.spacing_mm or (1.0, 1.0)
    rows, columns = request.image.shape
    heat = None if request.prediction is None else request.prediction.heatmap
    layout = lay_out(request.size, (rows * row_mm, columns * column_mm), with_legend=heat is not None)
    case_scene = CaseScene()
    view = OffscreenSliceView(case_scene, layout)
    nodes = case_scene.add(request.image, request.roi, request.prediction, heat_map=request.heat_map)
    note = request.prediction.heatmap_target if request.prediction is not None else ""
    for contour in request.contours:
        add_segmentation(case_scene.scene, nodes.volume, contour.roi, contour.name, colour=contour.colour)
    frame = () if heat is None else map_frame(heat)
    view.show(nodes, request.image, request.heat_map, note, request.contours, frame)
    save_png(view.pixels(), path)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    try:
        draw(read_request(folder), folder / PICTURE_NAME)
    except CervixRiskError as error:
        told = {"kind": type(error).__name__, "sentence": str(error)}
        (folder / ERROR_NAME).write_text(json.dumps(told), encoding="utf-8")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
