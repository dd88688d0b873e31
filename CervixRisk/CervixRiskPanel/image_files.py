"""Asks the person for an image file."""

from pathlib import Path

import qt
from slicer.i18n import tr as _

_FOLDER = "imageFolder"
_EXTENSIONS = "*.dcm *.dicom *.ima *.nrrd *.nhdr *.nii *.nii.gz *.mha *.mhd *.png *.jpg *.jpeg *.tif *.tiff *.bmp"


def chosen_image_file(context, title: str) -> str:
    """The path that the person chooses, beginning where the last image lay; empty when it was none."""
    dialog = qt.QFileDialog(context.panel_widget, title)
    dialog.setFileMode(qt.QFileDialog.ExistingFile)
    dialog.setNameFilters([_("Images") + f" ({_EXTENSIONS})", _("All files") + " (*)"])
    folder = context.settings.text(_FOLDER)
    if folder:
        dialog.setDirectory(folder)
    chosen = dialog.selectedFiles() if dialog.exec_() else ()
    dialog.deleteLater()
    return chosen[0] if chosen else ""


def remember_folder(context, path: str) -> None:
    """Begin there the next time."""
    context.settings.set_text(_FOLDER, str(Path(path).parent))


def instance_file(uid: str) -> str:
    """Where Slicer's DICOM database keeps an instance; empty where it is not known."""
    import slicer

    database = getattr(slicer, "dicomDatabase", None)
    return "" if database is None else database.fileForInstance(uid) or ""
