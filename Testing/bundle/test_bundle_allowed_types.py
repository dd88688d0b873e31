"""Only the listed types come out of an estimator file; everything else is refused before it is built."""

from __future__ import annotations

import io
import json
import os
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from CervixRiskLib.bundle import BundleManifest, load_bundle, write_bundle
from CervixRiskLib.bundle.allowed_types import check_estimator, dump_estimator, load_estimator
from CervixRiskLib.errors import BundleError

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(80, 6))
Y = (X[:, 0] - X[:, 1] > 0).astype(int)


def _sklearn_estimators() -> dict[str, Any]:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.decomposition import PCA
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.feature_selection import RFE
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LassoCV, LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return {
        "logistic": LogisticRegression(),
        "lasso": LassoCV(),
        "svm": SVC(),
        "platt": CalibratedClassifierCV(SVC(), method="sigmoid", cv=3, ensemble=False),
        "knn": KNeighborsClassifier(algorithm="brute"),
        "forest": RandomForestClassifier(7, random_state=0),
        "extra": ExtraTreesClassifier(7, random_state=0),
        "pca": PCA(3, random_state=np.random.RandomState(0)),
        "rfe": RFE(LogisticRegression()),
        "imputer": SimpleImputer(),
        "pipeline": Pipeline([("scale", StandardScaler()), ("pca", PCA(2)), ("classify", LogisticRegression())]),
    }


@pytest.mark.parametrize("name", sorted(_sklearn_estimators()))
def test_scikit_learn_estimators_come_back(name: str) -> None:
    _comes_back(_sklearn_estimators()[name])


def test_xgboost_comes_back() -> None:
    xgboost = pytest.importorskip("xgboost")
    _comes_back(xgboost.XGBClassifier(n_estimators=5, max_depth=3))


def test_lightgbm_comes_back() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    _comes_back(lightgbm.LGBMClassifier(n_estimators=5, verbose=-1))


def _comes_back(estimator: Any) -> None:
    estimator.fit(X, Y)
    again = load_estimator(dump_estimator(estimator, "model"), "model")
    method = next(name for name in ("predict_proba", "predict", "transform") if hasattr(estimator, name))
    np.testing.assert_array_equal(getattr(again, method)(X), getattr(estimator, method)(X))


class _Attack:
    """Unpickled, it would make a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch '{self.trace}'",)


def _plain_function(x: object) -> object:
    return x


@pytest.mark.parametrize(
    "value",
    [
        os.system,
        partial(print, "x"),
        np.add,
        _plain_function,
        {"a": len},
        [X.mean],
        type("Loose", (), {})(),
        Path("x"),
        print,
    ],
    ids=["os.system", "partial", "ufunc", "function", "builtin", "method", "class", "path", "print"],
)
def test_other_things_are_not_written(value: object) -> None:
    with pytest.raises(BundleError):
        dump_estimator(value, "thing")


@pytest.mark.parametrize("kind", ["FunctionTransformer", "KDTree", "HistGradientBoosting"])
def test_estimators_off_the_list_are_not_written(kind: str, tmp_path: Path, manifest: BundleManifest) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import FunctionTransformer

    estimator = {
        "FunctionTransformer": FunctionTransformer(np.log1p),
        "KDTree": KNeighborsClassifier(algorithm="kd_tree"),
        "HistGradientBoosting": HistGradientBoostingClassifier(max_iter=2),
    }[kind].fit(X, Y)
    with pytest.raises(BundleError, match="may not hold"):
        write_bundle(tmp_path / "model", manifest, estimators={"bad": estimator})
    assert list(tmp_path.iterdir()) == []


def _edited(content: bytes, edit: Any) -> bytes:
    """A skops file whose schema was edited."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == "schema.json":
                schema = json.loads(data)
                edited = edit(schema)
                data = json.dumps(schema if edited is None else edited).encode()
            archive.writestr(name, data)
    return target.getvalue()


def _tamper(key: str, value: Any) -> Any:
    return lambda schema: schema.__setitem__(key, value)


@pytest.mark.parametrize(
    "edit",
    [
        _tamper("__class__", "Popen"),
        _tamper("__module__", "subprocess"),
        lambda schema: {**schema, "__module__": "os", "__class__": "system", "__loader__": "FunctionNode"},
        _tamper("__loader__", "MethodNode"),
        _tamper("__loader__", "PartialNode"),
        _tamper("__loader__", "ConstructorFromReduceNode"),
        _tamper("__loader__", "NoSuchNode"),
        _tamper("__loader__", None),
        _tamper("__module__", ["os"]),
        _tamper("__module__", "CervixRiskLib.plnm.."),
        lambda schema: {**schema, "__module__": "CervixRiskLib.atomic", "__class__": "atomic_folder"},
        lambda schema: {**schema, "__module__": "CervixRiskLib.plnm.settings", "__class__": "Path"},
        lambda schema: {**schema, "__module__": "CervixRiskLib.plnm.settings", "__class__": "_choice"},
        lambda schema: {**schema, "__module__": "CervixRiskLib.plnm.mlp", "__class__": "BaseEstimator"},
        lambda schema: {"content": schema},
        lambda schema: [],
        _tamper("protocol", "x"),
    ],
)
def test_a_forged_schema_is_refused(edit: Any) -> None:
    from sklearn.linear_model import LogisticRegression

    content = dump_estimator(LogisticRegression().fit(X, Y), "model")
    with pytest.raises(BundleError) as caught:
        load_estimator(_edited(content, edit), "model")
    assert str(caught.value).isprintable()


def test_a_bundle_with_a_foreign_type_is_not_opened(folder: Path, rewrite: Any) -> None:
    """Its author also wrote the right hash: the list of types is what refuses it."""
    import hashlib

    forged = skops.io.dumps({"run": print})
    (folder / "estimators/score.skops").write_bytes(forged)
    record = {"sha256": hashlib.sha256(forged).hexdigest(), "size": len(forged)}
    rewrite(folder, lambda content: content["files"].update({"estimators/score.skops": record}))
    with pytest.raises(BundleError, match="may not hold"):
        load_bundle(folder)


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    import pickle

    attack = pickle.dumps(_Attack(tmp_path / "trace"))
    with pytest.raises(BundleError, match="damaged"):
        load_estimator(attack, "model")
    assert not (tmp_path / "trace").exists()
    pickle.loads(attack)
    assert (tmp_path / "trace").exists()  # the attack was a real one


def test_a_tree_that_points_outside_itself_is_refused() -> None:
    """scikit-learn would follow the index into foreign memory."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y)
    sound = dump_estimator(tree, "tree")
    load_estimator(sound, "tree")
    broken = 0
    source = zipfile.ZipFile(io.BytesIO(sound))
    for target_name in source.namelist():
        if not target_name.endswith(".npy"):
            continue
        nodes = np.load(io.BytesIO(source.read(target_name)), allow_pickle=False)
        if nodes.dtype.names is None or "left_child" not in nodes.dtype.names:
            continue
        for field, value in (("left_child", 10**6), ("right_child", 0), ("feature", 99)):
            changed = nodes.copy()
            changed[field][0] = value
            stream, output = io.BytesIO(), io.BytesIO()
            np.save(stream, changed)
            with zipfile.ZipFile(output, "w") as archive:
                for name in source.namelist():
                    archive.writestr(name, stream.getvalue() if name == target_name else source.read(name))
            with pytest.raises(BundleError):
                load_estimator(output.getvalue(), "tree")
            broken += 1
    assert broken == 3


def test_damaged_estimator_files_are_sentences() -> None:
    from sklearn.linear_model import LogisticRegression

    content = dump_estimator(LogisticRegression().fit(X, Y), "model")
    for damaged in (b"", b"PK", content[: len(content) // 2], _edited(content, lambda schema: 5)):
        with pytest.raises(BundleError):
            check_estimator(damaged, "model")
