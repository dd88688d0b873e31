"""Grey level co-occurrence: how often a level is found beside another (Haralick et al. 1973).

One symmetrical matrix per direction in the plane (right, down, and the two diagonals, distance 1), normalised; features
are computed per matrix and averaged. Directions without any pair of pixels are left out of the mean.
Formulas: PyRadiomics 3.0.1, "Gray Level Co-occurrence Matrix (GLCM) Features".
"""

from __future__ import annotations

import numpy as np

from .cells import EPSILON, Cells, Marginal, count_keys, mean_over_directions
from .grey_levels import LevelStack

_DIRECTIONS = ((1, 1), (1, 0), (1, -1), (0, 1))
# Above this many cells, outer products of the marginals are replaced by their closed form.
_LARGEST_OUTER_PRODUCT = 5_000_000


def glcm_features(stack: LevelStack, with_mcc: bool) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All GLCM features of all images.

    Parameters
    ----------
    with_mcc
        Whether to compute MCC, which needs the eigenvalues of a matrix per direction.

    Returns
    -------
    features
        Name → ``(n_images,)``.
    by_convention
        Name → ``(n_images,)`` bool. Where a direction knows one level only, Correlation and MCC are 1, Imc1 and Imc2 0.
        Where the region has no two neighbouring pixels, all features are 0.
    """
    cells = _cooccurrences(stack)
    image, n_images = np.arange(cells.n_matrices) // len(_DIRECTIONS), stack.n_images
    n_pairs = cells.sum(cells.count)
    cells = Cells(cells.n_matrices, cells.matrix, cells.i, cells.j, cells.count / n_pairs[cells.matrix])
    empty = n_pairs == 0
    flat = (np.bincount(cells.matrix, minlength=cells.n_matrices) == 1) & ~empty
    per_matrix, one_level = _features_of_matrices(cells, stack, flat)
    if with_mcc:
        per_matrix["MCC"] = _maximal_correlation(cells, flat)
    features = {}
    by_convention = {}
    none = np.bincount(image[~empty], minlength=n_images) == 0
    some_flat = np.bincount(image[one_level & ~empty], minlength=n_images) > 0
    for name, values in per_matrix.items():
        mean = mean_over_directions(np.where(empty, np.nan, values), image, n_images)
        features[name] = np.where(none, 0, mean)
        by_convention[name] = none | some_flat if name in ("Correlation", "Imc1", "Imc2", "MCC") else none
    return features, by_convention


def _cooccurrences(stack: LevelStack) -> Cells:
    """Symmetrical counts, one matrix per image and direction, in that order."""
    frame = stack.frame
    centre = frame[:, 1:-1, 1:-1]
    height, width = centre.shape[1:]
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    for image in range(stack.n_images):
        size = int(stack.largest[image]) + 1
        wide = np.uint16 if size * size <= 65_535 else np.int64
        scaled = centre[image].astype(wide) * wide(size)
        for direction, (down, right) in enumerate(_DIRECTIONS):
            neighbour = frame[image, 1 + down : 1 + down + height, 1 + right : 1 + right + width]
            keys, counts = count_keys((scaled + neighbour).ravel(), size * size)
            matrix = np.full(len(keys), image * len(_DIRECTIONS) + direction)
            parts.append((matrix, *np.divmod(keys.astype(np.int64), size), counts))
    matrix, i, j, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Level 0 is what lies outside the region.
    pair = (i > 0) & (j > 0)
    matrix, i, j, counts = matrix[pair], i[pair], j[pair], counts[pair]
    twice = [np.concatenate(pairs) for pairs in ((matrix, matrix), (i, j), (j, i), (counts, counts))]
    return Cells.counted(stack.n_images * len(_DIRECTIONS), *twice)


def _features_of_matrices(
    cells: Cells, stack: LevelStack, flat: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features per matrix, and whether a matrix knows one level only."""
    p, matrix = cells.count, cells.matrix
    i, j = cells.i.astype(np.float64), cells.j.astype(np.float64)
    n_levels = np.repeat(stack.largest, len(_DIRECTIONS)).astype(np.float64)
    # The matrix is symmetrical: both marginals are one.
    row = cells.marginal(cells.i)
    total = cells.marginal(cells.i + cells.j)
    difference = cells.marginal(np.abs(cells.i - cells.j))
    mean = cells.sum(i * p)
    mean_j = cells.sum(j * p)
    centred = i + j - mean[matrix] - mean_j[matrix]
    variance = cells.sum(p * (i - mean[matrix]) ** 2)
    variance_j = cells.sum(p * (j - mean_j[matrix]) ** 2)
    spread = np.sqrt(variance) * np.sqrt(variance_j)
    covariance = cells.sum(p * (i - mean[matrix]) * (j - mean_j[matrix]))
    entropy = -cells.sum(p * np.log2(p + EPSILON))
    k, q = difference.value, difference.total
    levels_of_k = n_levels[difference.matrix]
    difference_average = difference.sum(k * q)
    apart = k > 0
    imc1, imc2 = _information_correlation(cells, row, entropy)
    one_level = spread == 0
    features = {
        "Autocorrelation": cells.sum(p * (i * j)),
        "ClusterProminence": cells.sum(p * centred**4),
        "ClusterShade": cells.sum(p * centred**3),
        "ClusterTendency": cells.sum(p * centred**2),
        "Contrast": cells.sum(p * np.abs(i - j) ** 2),
        "Correlation": np.where(one_level, 1, covariance / (spread + EPSILON)),
        "DifferenceAverage": difference_average,
        "DifferenceEntropy": difference.entropy(),
        "DifferenceVariance": difference.sum(q * (k - difference_average[difference.matrix]) ** 2),
        "Id": difference.sum(q / (1 + k)),
        "Idm": difference.sum(q / (1 + k**2)),
        "Idmn": difference.sum(q / (1 + k**2 / levels_of_k**2)),
        "Idn": difference.sum(q / (1 + k / levels_of_k)),
        "Imc1": imc1,
        "Imc2": imc2,
        "InverseVariance": difference.sum(np.where(apart, q / np.where(apart, k, 1) ** 2, 0)),
        "JointAverage": mean,
        "JointEnergy": cells.sum(p**2),
        "JointEntropy": entropy,
        "MaximumProbability": _maximum(cells),
        "SumAverage": total.sum(total.value * total.total),
        "SumEntropy": total.entropy(),
        "SumSquares": variance,
    }
    return features, one_level | flat


def _maximum(cells: Cells) -> np.ndarray:
    largest = np.zeros(cells.n_matrices)
    np.maximum.at(largest, cells.matrix, cells.count)
    return largest


def _information_correlation(cells: Cells, row: Marginal, entropy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Imc1 = (HXY - HXY1) / max(HX, HY) and Imc2 = sqrt(1 - exp(-2 (HXY2 - HXY)))."""
    size = int(cells.i.max(initial=0)) + 1
    marginal = np.zeros(cells.n_matrices * size)
    marginal[row.matrix * size + row.value.astype(np.int64)] = row.total
    product = marginal[cells.matrix * size + cells.i] * marginal[cells.matrix * size + cells.j]
    entropy_row = row.entropy()
    entropy_1 = -cells.sum(cells.count * np.log2(product + EPSILON))
    entropy_2 = _entropy_of_independence(row, entropy_row)
    with np.errstate(invalid="ignore", divide="ignore"):
        imc1 = np.where(entropy_row == 0, 0, (entropy - entropy_1) / entropy_row)
    # Near independence the difference from 1 is all rounding: written as a power, as the reference does, to share it.
    # Rounding can also leave "less than independent"; then there is no correlation.
    imc2 = np.sqrt(np.maximum(1 - np.power(np.e, -2 * (entropy_2 - entropy)), 0))
    return imc1, np.where(entropy_2 == entropy, 0, imc2)


def _entropy_of_independence(row: Marginal, entropy_row: np.ndarray) -> np.ndarray:
    """-Σᵢ Σⱼ pᵢ pⱼ log₂(pᵢ pⱼ + ε)."""
    n_levels = np.bincount(row.matrix, minlength=row.n_matrices)
    if (n_levels**2).sum() > _LARGEST_OUTER_PRODUCT:
        # 2 H, less what ε adds in each of the cells.
        return 2 * entropy_row - (n_levels**2 - n_levels) * EPSILON / np.log(2)
    repeats = n_levels[row.matrix]
    first = np.repeat(row.total, repeats)
    matrix = np.repeat(row.matrix, repeats)
    starts = np.concatenate([[0], np.cumsum(n_levels)[:-1]])
    # For each level in turn, all levels of its matrix.
    offsets = np.arange(len(first)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    product = first * row.total[starts[matrix] + offsets]
    return -np.bincount(matrix, product * np.log2(product + EPSILON), minlength=row.n_matrices)


def _maximal_correlation(cells: Cells, flat: np.ndarray) -> np.ndarray:
    """sqrt of the second eigenvalue of Q(i, j) = Σₖ p(i, k) p(j, k) / (pᵢ pₖ + ε); 1 where there is one level."""
    result = np.ones(cells.n_matrices)
    bounds = np.searchsorted(cells.matrix, np.arange(cells.n_matrices + 1))
    for matrix in range(cells.n_matrices):
        part = slice(bounds[matrix], bounds[matrix + 1])
        if flat[matrix] or part.start == part.stop:
            continue
        levels, i = np.unique(cells.i[part], return_inverse=True)
        j = np.searchsorted(levels, cells.j[part])
        p = np.zeros((len(levels), len(levels)))
        p[i, j] = cells.count[part]
        marginal = p.sum(axis=1)
        q = p / (np.outer(marginal, marginal) + EPSILON) @ p.T
        eigenvalues = np.sort(np.linalg.eigvals(q).real)
        result[matrix] = np.sqrt(max(eigenvalues[-2], 0)) if len(levels) > 1 else 1
    return result
