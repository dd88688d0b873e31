"""The options that describe one case, the same for every command that answers for one."""

from __future__ import annotations

import typer

IMAGE = typer.Option("--image", metavar="FILE", help="The slice: DICOM, NRRD, NIfTI, MetaImage, PNG, JPEG or TIFF.")
ROI = typer.Option(
    "--roi",
    metavar="FILE",
    help="The tumour on it: label image, segmentation, or polygon points. Models that look at the whole slice need "
    "none.",
)
CHANNEL = typer.Option(
    "--channel",
    metavar="NAME=FILE",
    help="A further image of the same section, such as image_t1=t1.dcm; repeatable.",
)
LABEL = typer.Option("--label", min=1, help="Which label is the tumour, where there are several.")
SEGMENT = typer.Option("--segment", help="Which segment of a .seg.nrrd is the tumour, by name.")
SLICE = typer.Option("--slice", min=0, help="Which slice or frame of the image, from 0.")
SPACING = typer.Option("--spacing-mm", metavar="MM", help="Pixel size, such as 0.1, or rows x columns: 0.1x0.12")
CLINICAL = typer.Option("--clinical", metavar="NAME=VALUE", help="A clinical value, such as rbc_count=4.1; repeatable.")
