"""What a picture is made of, as two files that travel to the drawing process: arrays in ``.npz``, words in JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..bundle.contracts import (
    ClassProbability,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from ..imaging import Roi, SliceImage
from .heat_map import HeatMapDisplay
from .named_contour import NamedContour

ARRAYS_NAME = "arrays.npz"
WORDS_NAME = "request.json"
PICTURE_NAME = "picture.png"
ERROR_NAME = "error.json"


@dataclass(frozen=True, eq=False)
class PictureRequest:
    """Everything the drawing process needs."""

    image: SliceImage
    roi: Roi | None
    prediction: Prediction | None
    size: tuple[int, int]
    heat_map: HeatMapDisplay
    contours: tuple[NamedContour, ...] = ()


def write_request(request: PictureRequest, folder: Path) -> None:
    """Write ``request`` into ``folder``."""
    arrays = {"pixels": request.image.pixels}
    if request.roi is not None:
        arrays["mask"] = request.roi.mask
    for index, contour in enumerate(request.contours):
        arrays[f"contour_{index}"] = contour.roi.mask
    words: dict[str, object] = {
        "contours": [{"name": contour.name, "colour": contour.colour} for contour in request.contours],
        "size": request.size,
        "heat_map": asdict(request.heat_map),
        "image": {
            "spacing_mm": request.image.spacing_mm,
            "spacing_source": request.image.spacing_source,
            "modality": request.image.modality,
        },
    }
    if request.prediction is not None:
        fields = {name: getattr(request.prediction, name) for name in Prediction.__dataclass_fields__}
        heat = fields.pop("heatmap")
        if heat is not None:
            arrays["heatmap"] = np.asarray(heat, dtype=np.float32)
        for name in ("points", "contributions", "warnings", "class_probabilities"):
            fields[name] = [asdict(item) for item in fields[name]]
        words["prediction"] = fields
    np.savez(folder / ARRAYS_NAME, **arrays)  # type: ignore[arg-type]
    (folder / WORDS_NAME).write_text(json.dumps(words), encoding="utf-8")


def read_request(folder: Path) -> PictureRequest:
    """Read what :func:`write_request` wrote."""
    words = json.loads((folder / WORDS_NAME).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS_NAME, allow_pickle=False) as stored:
        arrays = dict(stored)
    spacing = words["image"]["spacing_mm"]
    image = SliceImage(
        pixels=arrays["pixels"],
        spacing_mm=None if spacing is None else (spacing[0], spacing[1]),
        spacing_source=words["image"]["spacing_source"],
        modality=words["image"]["modality"],
    )
    prediction = None
    if "prediction" in words:
        fields = words["prediction"]
        fields["interval"] = tuple(fields["interval"])
        fields["points"] = tuple(PredictorPoints(**item) for item in fields["points"])
        fields["contributions"] = tuple(Contribution(**item) for item in fields["contributions"])
        fields["class_probabilities"] = tuple(ClassProbability(**item) for item in fields["class_probabilities"])
        fields["warnings"] = tuple(
            PredictionWarning(WarningCode(item["code"]), item["text"]) for item in fields["warnings"]
        )
        prediction = Prediction(**fields, heatmap=arrays.get("heatmap"))
    roi = Roi.from_mask(arrays["mask"], image) if "mask" in arrays else None
    contours = tuple(
        NamedContour(told["name"], Roi.from_mask(arrays[f"contour_{index}"], image), tuple(told["colour"]))
        for index, told in enumerate(words["contours"])
    )
    width, height = words["size"]
    return PictureRequest(image, roi, prediction, (width, height), HeatMapDisplay(**words["heat_map"]), contours)
