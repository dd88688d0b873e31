"""The installed samples: whole, small, and answered right by their demo models; what is damaged is refused."""

from __future__ import annotations

import importlib.util
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.errors import MissingComponentError, SettingsError
from CervixRiskLib.imaging import assess_slice
from CervixRiskLib.workflow.samples import LIST_NAME, Sample, find_sample, samples

FOLDER = Path(__file__).resolve().parents[2] / "CervixRisk" / "Resources" / "SampleData"
KEYS = ("ultrasound", "mr")
MOST_BYTES = 16_000_000
# Any of them is enough: the models hold graphs, and their classifiers need scikit-learn alone.
_ENGINES = [name for name in ("openvino", "onnxruntime", "torch") if importlib.util.find_spec(name)]


@pytest.fixture(params=KEYS)
def sample(request: pytest.FixtureRequest) -> Sample:
    return find_sample(FOLDER, request.param)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The folder without its models, to be damaged."""
    for path in FOLDER.iterdir():
        if path.suffix != ".zip":
            shutil.copyfile(path, tmp_path / path.name)
    return tmp_path


class TestInstalled:
    def test_they_say_that_they_are_simulated(self, sample: Sample) -> None:
        assert "simulated" in sample.title

    def test_every_file_is_the_listed_one_and_no_other_is_there(self) -> None:
        files = [
            file
            for sample in samples(FOLDER)
            for file in (sample.image, sample.contour, sample.thumbnail, sample.model)
        ]
        assert {file.verified().name for file in files} | {LIST_NAME} == {path.name for path in FOLDER.iterdir()}

    def test_they_are_small(self) -> None:
        assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES

    def test_a_slice_has_modality_and_pixel_size(self, sample: Sample) -> None:
        image = sample.read_image()
        assert image.modality == sample.modality
        assert image.spacing_mm is not None
        # A probe's fan or a pelvis, in centimetres.
        assert 40 < image.shape[1] * image.spacing_mm[1] < 400
        assert image.pixels.min() == 0
        assert image.pixels.max() > 200
        assert assess_slice(image).contrast > 0.5

    def test_the_contour_is_a_lesion_within_the_slice(self, sample: Sample) -> None:
        roi = sample.read_contour()
        assert not roi.touches_border
        assert roi.max_diameter_mm is not None
        assert 20 < roi.max_diameter_mm < 70

    def test_the_maximum_diameter_is_left_to_the_contour(self, sample: Sample) -> None:
        assert "maximum_diameter" not in sample.clinical


@pytest.mark.skipif(not _ENGINES, reason='nothing here computes a network: pip install "cervixrisk[cpu]"')
@pytest.mark.parametrize(("key", "task"), [("ultrasound", "plnm"), ("mr", "staging")])
def test_the_demo_model_answers_its_slice_right(key: str, task: str) -> None:
    """With every value that a person has to type; the map's hottest place lies on the lesion."""
    from CervixRiskLib.bundle import CaseInput
    from CervixRiskLib.worker import StudyFacts
    from CervixRiskLib.worker.predictors import open_predictor
    from CervixRiskLib.workflow.clinical_form import ClinicalForm, measured_values

    sample = find_sample(FOLDER, key)
    study, predictor = open_predictor(sample.model.path)
    assert predictor.manifest.task == task
    assert predictor.manifest.simulated
    image, roi = sample.read_image(), sample.read_contour()
    form = ClinicalForm.of(StudyFacts.of(study, predictor))
    values = {**sample.clinical, **measured_values(form, roi)}
    assert form.missing(values) == ()
    case = CaseInput("case", image, roi, {field.name: values[field.name] for field in form.fields})
    prediction = predictor.predict(case)
    assert prediction.label == sample.truth
    assert prediction.simulated
    low, high = prediction.interval
    assert prediction.threshold < prediction.probability
    assert high - low < 0.6
    assert [warning for warning in prediction.warnings if warning.code.value != "demo_bundle"] == []
    assert prediction.heatmap is not None
    assert roi.mask[np.unravel_index(np.nanargmax(prediction.heatmap), image.shape)]


class TestDamaged:
    def test_a_changed_slice(self, copied: Path) -> None:
        path = copied / "mr.nrrd"
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        with pytest.raises(MissingComponentError, match=r"“mr\.nrrd” is damaged or was changed"):
            find_sample(copied, "mr").read_image()

    def test_a_missing_model(self, copied: Path) -> None:
        with pytest.raises(MissingComponentError, match="cannot be read"):
            find_sample(copied, "mr").model.verified()

    def test_no_list(self, tmp_path: Path) -> None:
        with pytest.raises(MissingComponentError, match="list of samples cannot be read"):
            samples(tmp_path)

    @pytest.mark.parametrize(
        "change",
        [
            {"version": 2},
            {"samples": [{}]},
            {"samples": None},
            {"samples": [{"image": "x"}]},
        ],
    )
    def test_a_damaged_list(self, copied: Path, change: dict[str, object]) -> None:
        path = copied / LIST_NAME
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
        with pytest.raises(MissingComponentError, match="list of samples is damaged"):
            samples(copied)

    @pytest.mark.parametrize("name", ["../mr.nrrd", "/etc/passwd", "..", ""])
    def test_a_list_that_leads_out_of_its_folder(self, copied: Path, name: str) -> None:
        path = copied / LIST_NAME
        content = json.loads(path.read_text(encoding="utf-8"))
        content["samples"][0]["image"]["file"] = name
        path.write_text(json.dumps(content), encoding="utf-8")
        with pytest.raises(MissingComponentError, match="list of samples is damaged"):
            samples(copied)

    def test_an_unknown_sample(self) -> None:
        with pytest.raises(SettingsError, match="choose from ultrasound, mr"):
            find_sample(FOLDER, "ct")


def test_listing_reads_no_large_file() -> None:
    """Slicer lists them at its start."""
    started = time.perf_counter()
    samples(FOLDER)
    assert time.perf_counter() - started < 0.05
