"""What one half of the demo made, whichever study it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction


@dataclass(frozen=True, eq=False)
class StudyDemo:
    """A study the whole way.

    Parameters
    ----------
    table
        The simulated cohort.
    result
        The study's training result.
    predictor, case, prediction
        What answered, the unseen case, and the answer.
    """

    table: Path
    result: Any
    predictor: Any
    case: CaseInput
    prediction: Prediction

    def ceiling(self) -> str:
        """How good any model can be on these cases, in a sentence."""
        content = json.loads((self.table.parent / "simulation.json").read_text(encoding="utf-8"))["achievable_auc"]
        best = max(content.values())
        parts = ", ".join(f"{name} alone {value:.2f}" for name, value in content.items() if name != "both")
        return f"No model can do better on such simulated cases than an AUC of {best:.2f} ({parts})."
