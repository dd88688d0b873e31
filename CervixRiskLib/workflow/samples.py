"""Sample slices with the demo models that answer for them: simulated, installed with the program, checked when used.

``samples.json`` in their folder lists them with the SHA-256 of every file. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import MissingComponentError, SettingsError

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage

LIST_NAME = "samples.json"
LIST_VERSION = 1
_AGAIN = "Install CervixRisk again."


@dataclass(frozen=True)
class SampleFile:
    """A file of a sample and the SHA-256, in hexadecimal, that it must have."""

    path: Path
    sha256: str

    def verified(self) -> Path:
        """The file's path, once its content has been compared.

        Raises
        ------
        MissingComponentError
            It is missing, cannot be read, or was changed.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise MissingComponentError(f"The sample file “{self.path.name}” cannot be read. {_AGAIN}") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise MissingComponentError(f"The sample file “{self.path.name}” is damaged or was changed. {_AGAIN}")
        return self.path


@dataclass(frozen=True)
class Sample:
    """A simulated case and what answers for it.

    Parameters
    ----------
    key
        ``"ultrasound"`` or ``"mr"``.
    title
        What a person reads, as case name too; says that it is simulated.
    modality
        DICOM's code, ``"US"`` or ``"MR"``.
    image
        The slice, NRRD with its pixel size.
    contour
        What a simulated reader drew on it, ``.seg.nrrd``: for tests, and to compare one's own with.
    thumbnail
        A small picture, PNG.
    model
        The demo model, a bundle.
    clinical
        Values as a person types them, by column. The maximum diameter is not among them: the contour gives it.
    truth
        The outcome that was simulated, in the model's words (``"metastasis"``).
    """

    key: str
    title: str
    modality: str
    image: SampleFile
    contour: SampleFile
    thumbnail: SampleFile
    model: SampleFile
    clinical: Mapping[str, str]
    truth: str

    def read_image(self) -> SliceImage:
        """The slice, with modality and pixel size.

        Raises
        ------
        MissingComponentError
            The file is missing or was changed.
        """
        from ..imaging import read_image

        return replace(read_image(self.image.verified()), modality=self.modality)

    def read_contour(self) -> Roi:
        """The simulated reader's contour on :meth:`read_image`.

        Raises
        ------
        MissingComponentError
            A file is missing or was changed.
        """
        from ..imaging import read_roi

        return read_roi(self.contour.verified(), self.read_image())


def samples(folder: str | os.PathLike[str]) -> tuple[Sample, ...]:
    """The samples that ``samples.json`` in ``folder`` lists. Their files are compared when they are used.

    Raises
    ------
    MissingComponentError
        The list is missing or damaged.
    """
    folder = Path(folder)
    try:
        content = json.loads((folder / LIST_NAME).read_text(encoding="utf-8"))
        if content["version"] != LIST_VERSION:
            raise ValueError("version")
        return tuple(_sample(folder, told) for told in content["samples"])
    except OSError as error:
        raise MissingComponentError(f"The list of samples cannot be read. {_AGAIN}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MissingComponentError(f"The list of samples is damaged. {_AGAIN}") from error


def find_sample(folder: str | os.PathLike[str], key: str) -> Sample:
    """The sample ``key`` of ``folder``.

    Raises
    ------
    MissingComponentError
        The list is missing or damaged.
    SettingsError
        There is no such sample.
    """
    found = samples(folder)
    for sample in found:
        if sample.key == key:
            return sample
    raise SettingsError(f"There is no sample {key!r}: choose from {', '.join(sample.key for sample in found)}.")


def _sample(folder: Path, told: Mapping[str, Any]) -> Sample:
    return Sample(
        key=str(told["key"]),
        title=str(told["title"]),
        modality=str(told["modality"]),
        image=_file(folder, told["image"]),
        contour=_file(folder, told["contour"]),
        thumbnail=_file(folder, told["thumbnail"]),
        model=_file(folder, told["model"]),
        clinical={str(name): str(text) for name, text in told["clinical"].items()},
        truth=str(told["truth"]),
    )


def _file(folder: Path, told: Mapping[str, Any]) -> SampleFile:
    name = str(told["file"])
    # A plain name: the list may not lead out of its folder.
    if PurePosixPath(name).name != name or name in ("", ".", ".."):
        raise ValueError("file")
    return SampleFile(folder / name, str(told["sha256"]))
