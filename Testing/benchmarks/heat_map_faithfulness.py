"""Do the lymph node model's heat maps show where its score comes from? Grad-CAM beside HiResCAM, on simulated cases.

    python Testing/benchmarks/heat_map_faithfulness.py [--seeds 1] [--cases 200] [--unseen 100] [--taught]
    python Testing/benchmarks/heat_map_faithfulness.py --bundle model.zip [--shuffled shuffled.zip]

For each seed it simulates a cohort, trains on it twice with a random network, or with one taught on other slices
(``--taught``), the second time with shuffled outcomes, and looks at unseen cases. With ``--bundle`` a model that is
there already is looked at instead. Printed are means over the cases with 95 % intervals from 2,000 bootstrap resamples:

- deletion: a quarter of the crop's patches is replaced by a blurred copy, by the crop's mean, or by the same patches of
  three other cases in turn, brought to its mean and deviation, and the score's log-odds fall by so much: the hottest
  patches, the coldest, and random ones (mean of four draws);
- agreement: Spearman's correlation over the patches between heat and the fall when that patch alone is replaced, for
  the signed map and for its positive part, which is what is drawn;
- heat inside the contour beside the contour's share of the square;
- shuffled: Spearman's correlation of a map with that of the model trained on shuffled outcomes (Adebayo et al. 2018,
  arXiv 1810.03292): a map that stays the same shows the image, not the model;
- the largest relative error of the sum rule: a map's sum over the positions is the score's slope times the map.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter
from scipy.special import logit
from scipy.stats import spearmanr

from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.cli.demo_network import teach_network
from CervixRiskLib.cli.progress_bar import ProgressBar
from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.cohort.simulation import simulate_ultrasound
from CervixRiskLib.imaging import Roi, crop_around_roi
from CervixRiskLib.networks import set_threads
from CervixRiskLib.plnm import Effort, PlnmPredictor, TrainingSettings, load_predictor, train
from CervixRiskLib.plnm.score_heat_map import NetworkView
from CervixRiskLib.progress import Progress
from CervixRiskLib.radiomics import extract

UNSEEN_SEED = 90_000
FILLINGS = ("blurred", "mean", "other cases")
RESAMPLES, RANDOM_DRAWS, OTHERS = 2000, 4, 3


@dataclass(frozen=True, eq=False)
class Explained:
    """A case with its score's slope: what maps are made of.

    Parameters
    ----------
    view, roi
        What the network saw, and the contour.
    gradient
        ``(C, h, w)``: of the score.
    deviation
        ``(C, h, w)``: how far the feature map lies from the training cases' mean, as the retained components see it.
    standardised
        The score's features.
    """

    view: NetworkView
    roi: Roi
    gradient: np.ndarray
    deviation: np.ndarray
    standardised: np.ndarray


def explain(predictor: PlnmPredictor, image, roi: Roi) -> Explained | None:
    """``None`` where the score has no slope back to the image."""
    view = predictor.view(image, roi)
    if view is None:
        return None
    scorer = predictor.fusion.scorer
    vector = extract(image, roi, predictor.preset, engine=predictor.engine)
    radiomics = dict(zip(vector.names, vector.values, strict=True))
    standardised = scorer.standardise(radiomics, view.embedding)
    gradient = scorer.embedding_gradient(standardised)
    if gradient is None:
        return None
    shape = view.feature_map.shape
    axes = scorer.deep_axes.astype(np.float64)
    deviation = axes.T @ (standardised[len(scorer.radiomics_names) :] * scorer.deep_scale)
    return Explained(view, roi, gradient.reshape(shape), deviation.reshape(shape), standardised)


def maps_of(case: Explained) -> dict[str, np.ndarray]:
    """Signed maps ``(h, w)`` by the method's name."""
    feature_map = case.view.feature_map.astype(np.float64)
    return {
        "Grad-CAM": np.einsum("k,kij->ij", case.gradient.mean(axis=(1, 2)), feature_map),
        "HiResCAM": (case.gradient * feature_map).sum(axis=0),
        "HiResCAM from the mean": (case.gradient * case.deviation).sum(axis=0),
    }


class Deletion:
    """The score's log-odds where patches of the crop are replaced, a patch for each place of the feature map."""

    def __init__(self, predictor: PlnmPredictor, case: Explained, filling: str, others: Sequence[np.ndarray]) -> None:
        self.predictor, self.case = predictor, case
        self.places = case.view.feature_map.shape[1:]
        pixels = case.view.crop.pixels
        if filling == "blurred":
            self.fillings = [gaussian_filter(pixels, pixels.shape[0] / self.places[0] / 2, mode="nearest")]
        elif filling == "mean":
            self.fillings = [np.full_like(pixels, pixels.mean())]
        else:
            self.fillings = [(one - one.mean()) / one.std() * pixels.std() + pixels.mean() for one in others]
        self.whole = self._log_odds(case.view.feature_map[None])[0]

    def falls(self, chosen: Sequence[np.ndarray]) -> np.ndarray:
        """How far the log-odds fall for each set of places, given as flat indices."""
        pixels = self.case.view.crop.pixels
        rows, columns = self.places
        size = pixels.shape[0]
        owner = (np.arange(size) * rows // size)[:, None] * columns + (np.arange(size) * columns // size)[None]
        inside = [np.isin(owner, places) for places in chosen]
        crops = np.stack([np.where(part, filling, pixels) for filling in self.fillings for part in inside])
        falls = self.whole - self._log_odds(self.case.view.engine.feature_maps(crops))
        return falls.reshape(len(self.fillings), len(chosen)).mean(axis=0)

    def _log_odds(self, feature_maps: np.ndarray) -> np.ndarray:
        scorer = self.predictor.fusion.scorer
        fixed = self.case.standardised[: len(scorer.radiomics_names)]
        projected = feature_maps.reshape(len(feature_maps), -1) @ scorer.deep_axes.T
        deep = (projected.astype(np.float64) - scorer.deep_mean) / scorer.deep_scale
        scores = np.array([scorer.score(np.concatenate([fixed, row])) for row in deep])
        return logit(np.clip(scores, 1e-9, 1 - 1e-9))


def measure(
    predictor: PlnmPredictor, case: Explained, others: Sequence[np.ndarray], rng: np.random.Generator
) -> dict[tuple[str, str], float]:
    """Every number of one case by method and name."""
    found: dict[tuple[str, str], float] = {}
    maps = maps_of(case)
    number = case.view.feature_map[0].size
    quarter = max(1, number // 4)
    area = np.where(case.roi.mask, 1.0, 0.0)
    for filling in FILLINGS:
        deletion = Deletion(predictor, case, filling, others)
        random = [rng.choice(number, quarter, replace=False) for _ in range(RANDOM_DRAWS)]
        ordered = {name: np.argsort(signed.ravel(), kind="stable") for name, signed in maps.items()}
        ends = [part for order in ordered.values() for part in (order[-quarter:], order[:quarter])]
        falls = deletion.falls([*([place] for place in range(number)), *random, *ends])
        alone, by_chance, by_heat = (
            falls[:number],
            falls[number : number + RANDOM_DRAWS],
            falls[number + RANDOM_DRAWS :],
        )
        for index, (name, signed) in enumerate(maps.items()):
            found[name, f"hottest, {filling}"] = by_heat[2 * index]
            found[name, f"coldest, {filling}"] = by_heat[2 * index + 1]
            found[name, f"random, {filling}"] = by_chance.mean()
            found[name, f"agreement, {filling}"] = rank_correlation(signed, alone)
            found[name, f"agreement of what is drawn, {filling}"] = rank_correlation(np.maximum(signed, 0), alone)
    for name, signed in maps.items():
        positive = np.maximum(signed, 0)
        heat = case.view.crop.to_image_grid(positive.astype(np.float32), area.shape)
        seen = np.isfinite(heat)
        if positive.any():
            found[name, "heat inside the contour"] = float(heat[seen & case.roi.mask].sum() / heat[seen].sum())
            found[name, "contour's share of the square"] = float(area[seen].mean())
        found[name, "nothing to draw"] = float(not positive.any())
    slope = float((case.gradient * case.view.feature_map).sum())
    from_mean = float((case.gradient * case.deviation).sum())
    for name, whole in (("HiResCAM", slope), ("HiResCAM from the mean", from_mean)):
        found[name, "error of the sum rule"] = abs(maps[name].sum() - whole) / (abs(whole) + 1e-12)
    found["Grad-CAM", "error of the sum rule"] = abs(maps["Grad-CAM"].sum() - slope) / (abs(slope) + 1e-12)
    return found


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's; NaN where one of them is the same everywhere."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(spearmanr(a.ravel(), b.ravel()).statistic)


def interval(values: np.ndarray, rng: np.random.Generator) -> str:
    """Mean with its 95 % interval over the cases, NaN left out."""
    values = values[np.isfinite(values)]
    if values.size < 2:
        return "-"
    means = rng.choice(values, (RESAMPLES, values.size)).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def look_at(
    predictor: PlnmPredictor, shuffled: PlnmPredictor | None, table: Path, title: str, console: Console,
    progress: Progress,
) -> None:  # fmt: skip
    """Measure every case of the cohort and print the means."""
    rng = np.random.default_rng(42)
    cohort = load_cohort(table)
    crops = [
        crop_around_roi(*load_case(cohort, case_id), size=predictor.crop_size, margin=predictor.crop_margin).pixels
        for case_id in cohort.case_ids
    ]
    rows: list[dict[tuple[str, str], float]] = []
    with progress.task("Deleting patches", total=len(cohort.case_ids)) as task:
        for case_id in cohort.case_ids:
            image, roi = load_case(cohort, case_id)
            case = explain(predictor, image, roi)
            if case is None:
                console.print(f"{title}: the score has no slope back to the image.")
                return
            others = [crops[index] for index in rng.choice(len(crops), OTHERS, replace=False)]
            row = measure(predictor, case, others, rng)
            other = None if shuffled is None else explain(shuffled, image, roi)
            if other is not None:
                theirs = maps_of(other)
                for name, signed in maps_of(case).items():
                    row[name, "same as shuffled"] = rank_correlation(signed, theirs[name])
            rows.append(row)
            task.advance()
    classifier = type(predictor.fusion.scorer.classifier).__name__
    deep = len(predictor.fusion.scorer.deep_names)
    shown = Table(title=f"{title}: {len(rows)} unseen cases, {classifier}, {deep} components of the network")
    methods = list(dict.fromkeys(method for method, _ in rows[0]))
    for heading in ("", *methods, "HiResCAM minus Grad-CAM"):
        shown.add_column(heading)
    for name in dict.fromkeys(name for _, name in rows[0]):
        values = {method: np.array([row.get((method, name), np.nan) for row in rows]) for method in methods}
        cells = [interval(values[method], rng) for method in methods]
        shown.add_row(name, *cells, interval(values["HiResCAM"] - values["Grad-CAM"], rng))
    console.print(shown)


def trained(folder: Path, seed: int, cases: int, weights: str, shuffle: bool, progress: Progress) -> PlnmPredictor:
    """A model on a simulated cohort of that seed."""
    settings = TrainingSettings(
        weights=weights, preset="slice2d", effort=Effort.QUICK, device="cpu", shuffle_outcome=shuffle
    )
    table = folder / f"cohort-{seed}" / "cohort.csv"
    if not table.is_file():
        table = simulate_ultrasound(table.parent, cases, seed, progress=progress)
    path = folder / f"model-{seed}{'-shuffled' * shuffle}.zip"
    train(load_cohort(table), settings, path, progress)
    return load_predictor(load_bundle(path), device="cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="cohorts")
    parser.add_argument("--cases", type=int, default=200, help="cases of a cohort")
    parser.add_argument("--unseen", type=int, default=100, help="cases that are looked at")
    parser.add_argument("--taught", action="store_true", help="teach the network on other slices first")
    parser.add_argument("--bundle", type=Path, help="look at this lymph node model instead")
    parser.add_argument("--shuffled", type=Path, help="with --bundle: the same, trained on shuffled outcomes")
    options = parser.parse_args()
    set_threads("case")
    # Wide, so that the table keeps a line for a number also in a file.
    console = Console(width=200)
    with tempfile.TemporaryDirectory() as name, ProgressBar() as progress:
        folder = Path(name)
        unseen = simulate_ultrasound(folder / "unseen", options.unseen, UNSEEN_SEED, prevalence=0.5, progress=progress)
        if options.bundle is not None:
            predictor = load_predictor(load_bundle(options.bundle), device="cpu")
            other = None if options.shuffled is None else load_predictor(load_bundle(options.shuffled), device="cpu")
            look_at(predictor, other, unseen, options.bundle.name, console, progress)
            return
        weights = "none"
        if options.taught:
            weights = str(teach_network(folder / "network", cases=options.cases // 2, epochs=8, progress=progress))
        for seed in range(1, options.seeds + 1):
            predictor, other = (
                trained(folder, seed, options.cases, weights, shuffle, progress) for shuffle in (False, True)
            )
            title = f"Seed {seed}, {'taught' if options.taught else 'random'} network"
            look_at(predictor, other, unseen, title, console, progress)


if __name__ == "__main__":
    main()
