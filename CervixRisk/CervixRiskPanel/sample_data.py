"""The samples in Slicer: in the Sample Data module, and opened in the panel with their demo model."""

import logging
from pathlib import Path

from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, ReadingError
from CervixRiskLib.workflow.samples import find_sample, samples

CATEGORY = "CervixRisk"
FOLDER = "SampleData"
# On the volume: which sample it is, so that a second click finds it instead of loading it again.
_SAMPLE = "CervixRisk.sample"


def register_sample_data(resources) -> None:
    """List the samples in the Sample Data module, from the installed files. To be called once Slicer has started.

    Parameters
    ----------
    resources
        The module's folder ``Resources``.
    """
    from SampleData import SampleDataLogic

    try:
        listed = samples(Path(resources) / FOLDER)
    except CervixRiskError as error:
        # At start nobody has asked for a sample yet; who does is told in the panel.
        logging.warning("%s", error)
        return
    for sample in listed:
        SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.title,
            uris=sample.image.path.resolve().as_uri(),
            fileNames=f"CervixRisk-{sample.image.path.name}",
            nodeNames=sample.title,
            thumbnailFileName=str(sample.thumbnail.path),
            loadFileTypes="VolumeFile",
            checksums=f"SHA256:{sample.image.sha256}",
        )


def open_sample(context, key: str) -> None:
    """Open a sample as the case in work, with its clinical values and its demo model; what fails is told in a dialog.

    A sample that is in the scene already is taken as it was left, contour and all.

    Parameters
    ----------
    context
        The panel's :class:`~.context.PanelContext`.
    key
        ``"ultrasound"`` or ``"mr"``.
    """
    try:
        _open(context, key)
    except CervixRiskError as error:
        context.show_error(error, _("The sample was not opened."))


def _open(context, key: str) -> None:
    from CervixRiskLib.scene import add_slice_volume

    session = context.session
    if session.blinded:
        raise ReadingError(_("A study round is open: leave it before you open a sample."))
    sample = find_sample(context.resource(FOLDER), key)
    model = sample.model.verified()
    title = _titles().get(key, sample.title)
    volume = _in_scene(session.scene, key)
    if volume is None:
        volume = add_slice_volume(session.scene, sample.read_image(), title)
        volume.SetAttribute(_SAMPLE, key)
        session.open_volume(volume, title)
    else:
        session.open_volume(volume, volume.GetAttribute("CervixRisk.case") or title)
    for name, text in sample.clinical.items():
        session.set_clinical(name, text)
    context.choose_model(model)


def _titles() -> dict[str, str]:
    return {"ultrasound": _("Sample ultrasound (simulated)"), "mr": _("Sample MR (simulated)")}


def _in_scene(scene, key: str):
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
        volume = scene.GetNthNodeByClass(index, "vtkMRMLScalarVolumeNode")
        if volume.GetAttribute(_SAMPLE) == key:
            return volume
    return None
