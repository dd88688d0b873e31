"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything that is drawn at random.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Processes to use; all cores when not given.", show_default=False)
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Spread the cases over a dask cluster at this address, such as tcp://host:8786.",
        show_default=False,
    ),
]
SkipInvalidFlag = Annotated[
    bool, typer.Option("--skip-invalid", help="Go on without the cases that cannot be used, and list them.")
]
PresetOption = Annotated[
    str,
    typer.Option("--preset", help="Radiomics preset: wang2025, slice2d, or a parameter file in PyRadiomics' format."),
]
EngineOption = Annotated[
    str, typer.Option("--engine", help="What computes the features: cervixrisk, or pyradiomics where installed.")
]
DeviceOption = Annotated[str, typer.Option("--device", help="Processor for networks: auto, cuda, mps or cpu.")]


class Runtime(str, Enum):
    """What computes a network's answer on the CPU."""

    auto = "auto"
    openvino = "openvino"
    onnxruntime = "onnxruntime"
    torch = "torch"


RuntimeOption = Annotated[
    Runtime,
    typer.Option(
        "--runtime",
        help="What computes the network on the CPU. auto takes the fastest that is installed; openvino and onnxruntime "
        "need a bundle that carries its graph; torch is the slowest and the reference. The answer is the same.",
    ),
]


class HeatMapMethod(str, Enum):
    """How a heat map is made."""

    gradcam = "gradcam"
    hirescam = "hirescam"


HeatMapMethodOption = Annotated[
    HeatMapMethod | None,
    typer.Option(
        "--heatmap-method",
        help="How a lymph node model's heat map is made. hirescam: what each place adds to the score. gradcam: as the "
        "published study did, each channel's mean slope over all places.",
        show_default=False,
    ),
]


def examples(*commands: str) -> str:
    """An epilogue of runnable commands for ``--help``."""
    return "\n\n".join(["Examples:", *(f"    {command}" for command in commands)])
