"""What may be inside an estimator file, and nothing else.

Estimators are stored with skops: JSON and NumPy arrays in a zip, no pickle. skops itself trusts all of scikit-learn and
more; here the file's schema is read first and every node must be one of the loaders and one of the types below, both
written out. Functions, methods and partials have no place in a bundle.

Hashes protect a bundle against damage and careless changes, not against its author: someone who writes a bundle also
writes its hashes. The allow-list is what keeps a stranger's bundle from running code.
"""

from __future__ import annotations

import importlib
import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from ..errors import BundleError
from .foreign_text import printable
from .skops_import import import_skops

ALLOWED_LOADERS = frozenset(
    {
        "BytearrayNode",
        "BytesNode",
        "DTypeNode",
        "DefaultDictNode",
        "DictNode",
        "JsonNode",
        "ListNode",
        "MaskedArrayNode",
        "NdArrayNode",
        "ObjectNode",
        "RandomStateNode",
        "SetNode",
        "SliceNode",
        "SparseMatrixNode",
        "TreeNode",
        "TupleNode",
        "TypeNode",
    }
)

_PLAIN = frozenset(
    {
        "builtins.bool",
        "builtins.bytearray",
        "builtins.bytes",
        "builtins.complex",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.set",
        "builtins.slice",
        "builtins.str",
        "builtins.tuple",
        "collections.OrderedDict",
        "collections.defaultdict",
        "numpy.bool",
        "numpy.bool_",
        "numpy.dtype",
        "numpy.float32",
        "numpy.float64",
        "numpy.int16",
        "numpy.int32",
        "numpy.int64",
        "numpy.int8",
        "numpy.intp",
        "numpy.longlong",
        "numpy.ndarray",
        "numpy.object_",
        "numpy.str_",
        "numpy.uint16",
        "numpy.uint32",
        "numpy.uint64",
        "numpy.uint8",
        "numpy.ulonglong",
        "numpy.ma.MaskedArray",
        "numpy.random.mtrand.RandomState",
        "scipy.sparse._csc.csc_matrix",
        "scipy.sparse._csr.csr_matrix",
    }
)

_ESTIMATORS = frozenset(
    {
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.decomposition._pca.PCA",
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.feature_selection._rfe.RFE",
        "sklearn.feature_selection._rfe.RFECV",
        "sklearn.feature_selection._variance_threshold.VarianceThreshold",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.linear_model._coordinate_descent.Lasso",
        "sklearn.linear_model._coordinate_descent.LassoCV",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        "sklearn.linear_model._ridge.RidgeClassifier",
        "sklearn.neighbors._classification.KNeighborsClassifier",
        "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.pipeline.FeatureUnion",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.MinMaxScaler",
        "sklearn.preprocessing._data.PowerTransformer",
        "sklearn.preprocessing._data.RobustScaler",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._label.LabelBinarizer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.svm._classes.SVC",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.ExtraTreeClassifier",
        "sklearn.tree._tree.Tree",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
    }
)

ALLOWED_TYPES = _PLAIN | _ESTIMATORS

OWN_ROOMS = ("CervixRiskLib.plnm.", "CervixRiskLib.staging.", "CervixRiskLib.statistics.")
"""Estimator classes and frozen dataclasses of these rooms are allowed too."""

_MOST_ENTRIES = 20_000
_MOST_BYTES = 1 << 30


def dump_estimator(estimator: object, name: str) -> bytes:
    """The skops file of an estimator, checked by the same rules that apply when it is loaded.

    Raises
    ------
    BundleError
        It holds something that bundles do not carry.
    """
    skops_io = import_skops()
    try:
        content: bytes = skops_io.dumps(estimator, compression=zipfile.ZIP_DEFLATED)
    except Exception as error:
        raise BundleError(f"The estimator '{name}' cannot be stored in a bundle: {type(error).__name__}.") from error
    check_estimator(content, name)
    return content


def check_estimator(content: bytes, name: str) -> tuple[str, ...]:
    """The types inside a skops file, sorted, without constructing any of them.

    Raises
    ------
    BundleError
        The file is damaged, is larger than any estimator needs, or holds what is not on the list.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > _MOST_BYTES:
                raise BundleError(f"The bundle's estimator '{name}' is larger than an estimator can be.")
            schema = json.loads(archive.read("schema.json"))
        if not isinstance(schema, dict) or "__loader__" not in schema:
            raise ValueError("the schema is no node")
        found = {_type_of(node, name) for node in _nodes(schema)}
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError, OSError, NotImplementedError) as error:
        raise BundleError(f"The bundle's estimator '{name}' is damaged: get the bundle again.") from error
    for type_name in sorted(found):
        if type_name not in ALLOWED_TYPES and not _is_own(type_name):
            raise BundleError(
                f"The bundle's estimator '{name}' holds the type {printable(type_name)}, which bundles may not hold: "
                "it was not loaded."
            )
    return tuple(sorted(found))


def load_estimator(content: bytes, name: str) -> Any:
    """The estimator of a skops file.

    Raises
    ------
    BundleError
        As :func:`check_estimator`, or the estimator does not fit the installed libraries.
    """
    found = check_estimator(content, name)
    skops_io = import_skops()
    try:
        with warnings.catch_warnings():
            # Another scikit-learn than the training's is told by the caller, once, in a sentence.
            warnings.simplefilter("ignore")
            estimator = skops_io.loads(content, trusted=list(found))
    except ImportError as error:
        raise BundleError(
            f"The bundle's estimator '{name}' needs the package '{printable(error.name or 'unknown')}': "
            'pip install "cervixrisk[train]".'
        ) from error
    except Exception as error:
        raise BundleError(
            f"The bundle's estimator '{name}' cannot be rebuilt with the installed libraries ({type(error).__name__}): "
            "compare their versions with 'cervixrisk bundle inspect'."
        ) from error
    check_trees(estimator, name)
    return estimator


def check_trees(estimator: object, name: str) -> None:
    """Refuse decision trees whose nodes point outside the tree; scikit-learn follows them without looking.

    Raises
    ------
    BundleError
    """
    for tree, features in _trees(estimator, set()):
        left, right, feature = tree.children_left, tree.children_right, tree.feature
        inner = left != -1
        parents = inner.nonzero()[0]
        if (
            ((left[inner] <= parents) | (left[inner] >= tree.node_count)).any()
            or ((right[inner] <= parents) | (right[inner] >= tree.node_count)).any()
            or ((feature[inner] < 0) | (feature[inner] >= features)).any()
            or tree.value.shape[0] != tree.node_count
        ):
            raise BundleError(f"The bundle's estimator '{name}' holds a decision tree that is not one: get it again.")


def _trees(value: object, seen: set[int]) -> Iterator[tuple[Any, int]]:
    if id(value) in seen or isinstance(value, str | bytes | int | float):
        return
    seen.add(id(value))
    kind = type(value)
    if kind.__module__ == "sklearn.tree._tree" and kind.__name__ == "Tree":
        yield value, int(value.n_features)  # type: ignore[attr-defined]
    elif isinstance(value, dict):
        for item in value.values():
            yield from _trees(item, seen)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _trees(item, seen)
    elif hasattr(value, "__dict__"):
        yield from _trees(vars(value), seen)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All nodes of a skops schema; skops builds something of each dict that names a loader, a class or a module."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "__loader__" in item or "__class__" in item or "__module__" in item:
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _type_of(node: dict[str, Any], name: str) -> str:
    loader, module, kind = node.get("__loader__"), node.get("__module__"), node.get("__class__")
    if not (isinstance(loader, str) and isinstance(module, str) and isinstance(kind, str)):
        raise ValueError("a node without loader, module or class")
    if loader not in ALLOWED_LOADERS:
        raise BundleError(
            f"The bundle's estimator '{name}' holds a {printable(loader)} ({printable(module)}.{printable(kind)}), "
            "which bundles may not hold: it was not loaded."
        )
    return f"{module}.{kind}"


def _is_own(type_name: str) -> bool:
    module, _, kind = type_name.rpartition(".")
    if not f"{module}.".startswith(OWN_ROOMS) or not kind.isidentifier():
        return False
    if not all(part.isidentifier() for part in module.split(".")):
        return False
    try:
        found = getattr(importlib.import_module(module), kind, None)
    except ImportError:
        return False
    from sklearn.base import BaseEstimator

    if not isinstance(found, type) or found.__module__ != module:  # merely imported there
        return False
    return issubclass(found, BaseEstimator) or is_dataclass(found)
