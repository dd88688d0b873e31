"""The samples in Slicer: offered by the Sample Data module, and opened in the panel with their model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from CervixRiskLib.errors import MissingComponentError, ReadingError
from CervixRiskLib.workflow.samples import Sample, find_sample

RESOURCES = Path(__file__).resolve().parents[2] / "CervixRisk" / "Resources"
FOLDER = RESOURCES / "SampleData"
KEYS = ("ultrasound", "mr")
TITLES = {"ultrasound": "Sample ultrasound (simulated)", "mr": "Sample MR (simulated)"}


class Recorder:
    """Takes models and errors in the panel's place."""

    def __init__(self, context: Any) -> None:
        self.models: list[Path] = []
        self.errors: list[BaseException] = []
        context.choose_model = self.models.append
        context.show_error = lambda error, what: self.errors.append(error)


@pytest.fixture
def context(step_context: Any) -> Any:
    step_context.recorder = Recorder(step_context)
    return step_context


@pytest.fixture(params=KEYS)
def sample(request: pytest.FixtureRequest) -> Sample:
    return find_sample(FOLDER, request.param)


class TestSampleDataModule:
    @pytest.fixture(autouse=True)
    def _registered(self, slicer_app: Any) -> None:
        from CervixRiskPanel.sample_data import register_sample_data

        register_sample_data(RESOURCES)

    def test_they_are_offered_once(self) -> None:
        import slicer

        from CervixRiskPanel.sample_data import register_sample_data

        register_sample_data(RESOURCES)
        offered = slicer.modules.sampleDataSources["CervixRisk"]
        assert [source.sampleName for source in offered] == list(TITLES.values())
        for source in offered:
            assert Path(source.thumbnailFileName).is_file()

    def test_a_loaded_one_knows_its_pixel_size(self, sample: Sample) -> None:
        """Slicer's own reader loads it; the size then counts as the file's, not as a reader's 1 mm."""
        from SampleData import SampleDataLogic

        from CervixRiskLib.scene import PixelSizeState, read_pixel_size, read_volume_slice

        volume = SampleDataLogic().downloadSample(sample.title)
        assert volume.GetName() == sample.title
        size = read_pixel_size(volume)
        assert size.state is PixelSizeState.FILE
        assert size.spacing_mm == pytest.approx(sample.read_image().spacing_mm)
        np.testing.assert_array_equal(read_volume_slice(volume).pixels, sample.read_image().pixels)

    def test_their_checksums_are_compared(self) -> None:
        import slicer

        for source in slicer.modules.sampleDataSources["CervixRisk"]:
            algorithm, digest = source.checksums[0].split(":")
            assert algorithm == "SHA256"
            assert len(digest) == 64


def test_without_its_files_slicer_starts(slicer_app: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import slicer

    from CervixRiskPanel.sample_data import register_sample_data

    register_sample_data(tmp_path)
    assert "CervixRisk" not in getattr(slicer.modules, "sampleDataSources", {})
    assert "list of samples cannot be read" in caplog.text


class TestOpened:
    def test_slice_values_and_model(self, context: Any, sample: Sample) -> None:
        from CervixRiskPanel.sample_data import open_sample

        open_sample(context, sample.key)
        session = context.session
        assert context.recorder.errors == []
        assert session.case_id == TITLES[sample.key]
        assert session.volume.GetName() == TITLES[sample.key]
        assert session.clinical == sample.clinical
        assert context.recorder.models == [sample.model.path]
        image = session.image()
        assert (image.modality, image.spacing_mm) == (sample.modality, sample.read_image().spacing_mm)
        assert session.pixel_size().state.value == "file"

    def test_a_contour_can_be_drawn_and_kept(self, context: Any, sample: Sample) -> None:
        """The case's name is one that readings and their files can have."""
        from CervixRiskPanel.sample_data import open_sample

        open_sample(context, sample.key)
        roi = sample.read_contour()
        context.session.start_contour(roi)
        assert context.session.contour().mask_hash == roi.mask_hash

    def test_a_second_click_takes_it_as_it_was_left(self, context: Any) -> None:
        from CervixRiskPanel.sample_data import open_sample

        open_sample(context, "ultrasound")
        session, volume = context.session, context.session.volume
        contour = session.start_contour(find_sample(FOLDER, "ultrasound").read_contour())
        session.set_clinical("rbc_count", "9")
        open_sample(context, "mr")
        assert session.segmentation is None
        open_sample(context, "ultrasound")
        assert session.volume is volume
        assert session.segmentation is contour
        assert session.case_id == TITLES["ultrasound"]
        assert session.clinical["rbc_count"] != "9"
        assert session.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2

    def test_not_while_a_study_round_is_open(self, context: Any) -> None:
        from CervixRiskPanel.sample_data import open_sample

        context.session.set_blinded(True)
        open_sample(context, "mr")
        assert context.session.volume is None
        assert [type(error) for error in context.recorder.errors] == [ReadingError]

    def test_a_damaged_file_leaves_the_case_alone(self, context: Any, tmp_path: Path) -> None:
        from CervixRiskPanel.sample_data import open_sample

        open_sample(context, "ultrasound")
        shutil.copytree(FOLDER, tmp_path / "SampleData")
        (tmp_path / "SampleData" / "mr.nrrd").write_bytes(b"NRRD0004\n")
        context.resource = lambda name: str(tmp_path / name)
        open_sample(context, "mr")
        assert [type(error) for error in context.recorder.errors] == [MissingComponentError]
        assert context.session.case_id == TITLES["ultrasound"]
        assert len(context.recorder.models) == 1
