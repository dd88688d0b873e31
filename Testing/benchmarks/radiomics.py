"""Time the radiomics engine against stock PyRadiomics 3.0.1 on the regions of a cohort, both in one run, and compare.

    python Testing/benchmarks/radiomics.py --cohort COHORT.csv [--stock-python stock/bin/python]
                                           [--max-cases N] [--clock wall|cpu] [--check] [--save [FILE]]

Prints per region: pixels, seconds of either side, their ratio, and the largest relative deviation between the 1,561
values of the preset ``wang2025`` (the noise bands of regions that touch the image's edge apart). Both sides are warm,
work on pixels in memory, and one after the other, so that they share the machine's mood. ``--clock cpu`` compares
processor seconds instead: both sides are single-threaded, and on a busy machine that is the steadier measure.

``--check`` exits 1 unless the median ratio is at least 20, the median of the regions from 90,000 pixels at least 100,
none below 8, and the values agree to 1e-9 on at least 40 regions. ``--stock-python`` is the interpreter of an
environment with PyRadiomics (``stock_pyradiomics.py`` says how to make one); without it one is made in the folder for
temporary files, and kept there for the next run. The largest regions take PyRadiomics minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from stock_pyradiomics import StockPyRadiomics

import CervixRiskLib.radiomics
from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.imaging import Roi, SliceImage, read_image, read_roi
from CervixRiskLib.radiomics import extract, feature_table, load_preset

PRESET = "wang2025"
MEDIAN_BAR, LARGE_BAR, LOWEST_BAR = 20.0, 100.0, 8.0
LARGE_PIXELS = 90_000
AGREEMENT, AGREEING_REGIONS = 1e-9, 40
OUR_RUNS = 5
# Below this, a value is rounding of zero and has no relative precision.
SMALLEST_SCALE = 1e-12
STOCK_ENVIRONMENT = Path(tempfile.gettempdir()) / "cervixrisk-stock-pyradiomics"
STOCK_INSTALLS = (
    ("setuptools<70", "wheel", "numpy", "scipy<1.17", "trimesh"),
    ("--no-build-isolation", "pyradiomics==3.0.1"),
)


@dataclass(frozen=True)
class Measurement:
    """One region: seconds by the wall's clock and by the processor's, and how far the values lie apart."""

    case: str
    pixels: int
    touches_edge: bool
    stock_seconds: float
    own_seconds: float
    stock_cpu_seconds: float
    own_cpu_seconds: float
    deviation: float

    def ratio(self, clock: str) -> float:
        """How many times faster than stock."""
        if clock == "cpu":
            return self.stock_cpu_seconds / self.own_cpu_seconds
        return self.stock_seconds / self.own_seconds


def main() -> int:
    arguments = _arguments()
    console = Console(width=120)
    regions = _read_regions(arguments.cohort, arguments.max_cases)
    presets = Path(CervixRiskLib.radiomics.__file__).parent / "presets"
    python = arguments.stock_python or _stock_environment(console)
    measured: list[Measurement] = []
    failed: list[str] = []
    with StockPyRadiomics(python, presets / f"{PRESET}.yaml") as stock:
        console.print(f"PyRadiomics {stock.version} against this engine, {len(regions)} regions, single-threaded.")
        _warm_up(stock, *regions[0][1:])
        for case, image, roi in regions:
            try:
                measurement = _measure(case, image, roi, stock)
            except RuntimeError as error:
                failed.append(f"{case}: {error}")
                console.print(f"{case}  {roi.n_pixels:7d} px  stock fails: {error}", soft_wrap=True)
                continue
            measured.append(measurement)
            console.print(_line(measurement, arguments.clock), soft_wrap=True)
    if arguments.save:
        _save(measured, arguments.save)
    return _judge(measured, failed, arguments.clock, arguments.check, console)


def _line(measurement: Measurement, clock: str) -> str:
    return (
        f"{measurement.case}  {measurement.pixels:7d} px  stock {measurement.stock_seconds:7.2f} s  "
        f"own {measurement.own_seconds:6.3f} s  {measurement.ratio(clock):6.1f} ×  "
        f"deviation {measurement.deviation:.1e}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, required=True, help="cohort table with the columns image and roi")
    parser.add_argument("--stock-python", type=Path, help="interpreter of an environment with PyRadiomics 3.0.1")
    parser.add_argument("--max-cases", type=int, help="only so many, spread over the sizes")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="which seconds the ratios compare")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    parser.add_argument("--save", type=Path, nargs="?", const=Path("radiomics_benchmark.csv"), help="table as CSV")
    return parser.parse_args()


def _read_regions(cohort: Path, max_cases: int | None) -> list[tuple[str, SliceImage, Roi]]:
    """Case, image and region, smallest region first."""
    try:
        with cohort.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        regions = []
        for row in rows:
            image = read_image(cohort.parent / row["image"])
            regions.append((row["case_id"], image, read_roi(cohort.parent / row["roi"], image)))
    except (OSError, KeyError, CervixRiskError) as error:
        raise SystemExit(f"The cohort cannot be read: {error}") from error
    if not regions:
        raise SystemExit("The cohort holds no case.")
    regions.sort(key=lambda region: region[2].n_pixels)
    if max_cases is not None and max_cases < len(regions):
        chosen = np.unique(np.linspace(0, len(regions) - 1, max(max_cases, 1)).round().astype(int))
        regions = [regions[position] for position in chosen]
    return regions


def _warm_up(stock: StockPyRadiomics, image: SliceImage, roi: Roi) -> None:
    """The first extraction of either side loads what it needs; whether stock refuses the region is told later."""
    extract(image, roi, PRESET)
    with contextlib.suppress(RuntimeError):
        stock.execute(image.pixels, roi.mask, image.spacing_mm)


def _measure(case: str, image: SliceImage, roi: Roi, stock: StockPyRadiomics) -> Measurement:
    reference, stock_seconds = stock.execute(image.pixels, roi.mask, image.spacing_mm)
    wall, cpu = [], []
    for _ in range(OUR_RUNS):
        start, cpu_start = time.perf_counter(), time.process_time()
        vector = extract(image, roi, PRESET)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    return Measurement(
        case,
        roi.n_pixels,
        roi.touches_border,
        stock_seconds,
        statistics.median(wall),
        stock.cpu_seconds,
        statistics.median(cpu),
        _deviation(vector.to_series().to_dict(), reference, roi.touches_border),
    )


def _deviation(own: dict[str, float], reference: dict[str, float], touches_edge: bool) -> float:
    """Largest relative difference; infinite where either side lacks a name."""
    table = feature_table(load_preset(PRESET))
    compared = table.loc[~table["noise"], "name"] if touches_edge else table["name"]
    if own.keys() != reference.keys():
        return float("inf")
    a = np.array([own[name] for name in compared])
    b = np.array([reference[name] for name in compared])
    return float((np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), SMALLEST_SCALE)).max())


def _judge(measured: list[Measurement], failed: list[str], clock: str, check: bool, console: Console) -> int:
    """Print the summary; 1 when ``check`` and a bar is missed."""
    if not measured:
        console.print("Nothing was measured.")
        return 1
    ratios = [one.ratio(clock) for one in measured]
    large = [one.ratio(clock) for one in measured if one.pixels >= LARGE_PIXELS]
    agreeing = sum(one.deviation <= AGREEMENT for one in measured)
    table = Table("measure", "value", "bar", "met", title=f"{PRESET}: {len(measured)} regions, {clock} seconds")
    bars = [
        (
            "median ratio",
            f"{statistics.median(ratios):.1f} ×",
            f"≥ {MEDIAN_BAR:g} ×",
            statistics.median(ratios) >= MEDIAN_BAR,
        ),
        ("lowest ratio", f"{min(ratios):.1f} ×", f"≥ {LOWEST_BAR:g} ×", min(ratios) >= LOWEST_BAR),
        (f"regions that agree to {AGREEMENT:g}", str(agreeing), f"≥ {AGREEING_REGIONS}", agreeing >= AGREEING_REGIONS),
    ]
    if large:
        median = statistics.median(large)
        bars.append(
            (
                f"median ratio from {LARGE_PIXELS:,} px ({len(large)})",
                f"{median:.1f} ×",
                f"≥ {LARGE_BAR:g} ×",
                median >= LARGE_BAR,
            )
        )
    for name, value, bar, met in bars:
        table.add_row(name, value, bar, "yes" if met else "no")
    other = "wall" if clock == "cpu" else "cpu"
    table.add_row(f"median ratio, {other} seconds", f"{statistics.median(one.ratio(other) for one in measured):.1f} ×")
    table.add_row("largest deviation", f"{max(one.deviation for one in measured):.1e}")
    table.add_row("regions that stock refuses", str(len(failed)))
    console.print(table)
    return int(check and not all(met for *_, met in bars))


def _save(measured: list[Measurement], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Measurement)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in measured)


def _stock_environment(console: Console) -> Path:
    """The interpreter of an environment with PyRadiomics, made when it is not there yet."""
    folder = "Scripts" if sys.platform == "win32" else "bin"
    python = STOCK_ENVIRONMENT / folder / "python"
    if python.exists() and subprocess.run([python, "-c", "import radiomics"], capture_output=True).returncode == 0:
        return python
    console.print(f"Installing PyRadiomics 3.0.1 into {STOCK_ENVIRONMENT} …")
    venv.create(STOCK_ENVIRONMENT, with_pip=True, clear=True)
    for packages in STOCK_INSTALLS:
        if subprocess.run([python, "-m", "pip", "install", "-q", *packages]).returncode:
            raise SystemExit("PyRadiomics could not be installed. Make an environment for it and give --stock-python.")
    return python


if __name__ == "__main__":
    sys.exit(main())
