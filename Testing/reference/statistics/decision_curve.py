"""Write decision_curve.json: net benefit and interventions avoided by dcurves, on performance.json's probabilities.

Run from any folder in an environment of its own, as dcurves wants pandas 2: ``pip install dcurves==1.1.7 "pandas<3"``,
then ``python decision_curve.py``. Run performance.R before it.
"""

import importlib.metadata
import json
from pathlib import Path

import pandas as pd
from dcurves import dca

HERE = Path(__file__).parent


def write() -> None:
    """Thresholds 0 to 99 %, as the published decision curve is drawn."""
    probabilities = json.loads((HERE / "performance.json").read_text(encoding="utf-8"))["probabilities"]
    frame = pd.DataFrame({"outcome": pd.read_csv(HERE / "clinical.csv")["outcome"], **probabilities})
    thresholds = [percent / 100 for percent in range(100)]
    table = dca(data=frame, outcome="outcome", modelnames=["new", "old"], thresholds=thresholds)
    answer = {"versions": {name: importlib.metadata.version(name) for name in ("dcurves", "pandas")}}
    for name in ("all", "new", "old"):
        rows = table[table["model"] == name]
        answer[name] = {
            "net_benefit": rows["net_benefit"].tolist(),
            # Of threshold 0 dcurves has no finite number.
            "net_intervention_avoided": rows["net_intervention_avoided"].tolist()[1:],
        }
    (HERE / "decision_curve.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    write()
