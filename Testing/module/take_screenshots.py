"""Take the pictures of the README's tutorial: the panel in the stand-in, the slice views drawn by Slicer's core.

    python Testing/module/take_screenshots.py Resources/Screenshots

Simulated slices and demo models only. What the pictures show is what the self-test's scenarios show.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "Testing"), str(_ROOT)]

SIZE = (1280, 860)
# Of the scenarios' looks, those that the tutorial shows, under its names; and a taller window where the panel is long.
SHOWN = {
    "ultrasound-1-case": ("1-case", SIZE),
    "ultrasound-2-contour": ("2-contour", SIZE),
    "ultrasound-3-asking": ("3-ask", SIZE),
    "ultrasound-4-answer": ("4-answer", (1280, 1000)),
    "mr-4-answer": ("5-treatment-group", (1280, 1000)),
    "two-readers": ("6-two-readers", (1280, 1000)),
    "study-2-draw": ("7-reader-study", SIZE),
}
SCENARIOS = ("ultrasound_to_lymph_nodes", "mr_to_treatment_group", "two_readers", "reader_study")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)

    from slicer_standin.event_loop import run_for
    from slicer_standin.session import slicer_session

    with (
        tempfile.TemporaryDirectory() as temporary,
        slicer_session(Path(temporary), torch_installed=True) as session,
    ):
        session.load(_ROOT / "CervixRisk" / "CervixRisk.py")
        session.startup_completed()
        session.open("CervixRisk")
        from CervixRiskPanel.self_test.bench import Bench
        from CervixRiskPanel.self_test.scenarios import SCENARIOS as EVERY

        def picture(look: str) -> None:
            if look in SHOWN:
                name, size = SHOWN[look]
                session.window.resize(*size)
                # The words about the contour follow a moment after the stroke.
                run_for(0.8)
                session.grab(folder / f"{name}.png", size=size)
                print(folder / f"{name}.png")

        for name in SCENARIOS:
            session.close_scene()
            EVERY[name](Bench(picture))
        if session.errors:
            raise SystemExit(f"An exception in a slot: {session.errors[0]!r}")


if __name__ == "__main__":
    main()
