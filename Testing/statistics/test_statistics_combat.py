"""ComBat: R's sva, scikit-learn's estimator checks, and centres that were not seen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.statistics import ComBat

FEATURES = [f"feature_{place}" for place in range(1, 13)]


@parametrize_with_checks([ComBat(centre_column=None)])
def test_follows_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def plain(centres):
    return centres.drop(columns="age")


def test_equals_sva(centres, plain, tables):
    found = ComBat().fit_transform(plain)
    assert list(found.columns) == FEATURES
    np.testing.assert_allclose(found, tables["combat"]["plain"], rtol=1e-9)
    found = ComBat(covariate_columns=("age",)).fit_transform(centres)
    assert list(found.columns) == FEATURES
    np.testing.assert_allclose(found, tables["combat"]["age"], rtol=1e-9)


def test_cases_are_answered_one_by_one(plain):
    model = ComBat().fit(plain[:40])
    together = model.transform(plain[40:])
    assert list(together.index) == list(plain.index[40:])
    for row in range(40, 43):
        pd.testing.assert_frame_equal(model.transform(plain[row : row + 1]), together[row - 40 : row - 39])
    assert list(model.get_feature_names_out()) == FEATURES
    assert model.shift_.shape == model.scale_.shape == (4, 12)


def test_centres_come_together_and_the_outcome_is_not_looked_at(plain):
    before = plain.groupby("centre")[FEATURES].mean()
    after = ComBat().fit_transform(plain, np.zeros(len(plain))).groupby(plain["centre"]).mean()
    spread = plain[FEATURES].std()
    assert ((after.std() / spread) < 0.5 * (before.std() / spread)).all()
    outcome = np.arange(len(plain)) % 2
    pd.testing.assert_frame_equal(ComBat().fit_transform(plain, outcome), ComBat().fit_transform(plain))


def test_it_is_refitted_in_a_pipeline(plain):
    y = (plain["feature_1"] > plain["feature_1"].median()).astype(int)
    model = make_pipeline(ComBat(unknown_centre="unchanged"), LogisticRegression(max_iter=5000))
    first = clone(model).fit(plain[:30], y[:30])
    second = clone(model).fit(plain[20:], y[20:])
    assert not np.allclose(first[0].shift_, second[0].shift_)
    assert first.predict_proba(plain[30:]).shape == (len(plain) - 30, 2)


def test_a_centre_that_was_not_seen(plain):
    seen, new = plain[plain["centre"] != "Bergen"], plain[plain["centre"] == "Bergen"]
    with pytest.raises(TrainingError, match="15 cases are of a centre that was not among"):
        ComBat().fit(seen).transform(new)
    unchanged = ComBat(unknown_centre="unchanged").fit(seen).transform(new)
    np.testing.assert_array_equal(unchanged, new[FEATURES])
    estimating = ComBat(unknown_centre="estimate").fit(seen)
    estimated = estimating.transform(new)
    z = (estimated - estimating.mean_) / estimating.deviation_
    z_before = (new[FEATURES] - estimating.mean_) / estimating.deviation_
    assert z.mean().abs().mean() < 0.5 * z_before.mean().abs().mean()
    # Estimated from its own rows with the training cases' scale: a centre that was seen gives what fit gave it.
    renamed = seen[seen["centre"] == "Cork"].assign(centre="Elsewhere")
    np.testing.assert_allclose(
        estimating.transform(renamed), estimating.transform(seen[seen["centre"] == "Cork"]), rtol=1e-9
    )
    one = estimating.transform(new[:1])
    assert np.isfinite(one.to_numpy()).all()
    lost = new.assign(centre=None)
    np.testing.assert_array_equal(ComBat(unknown_centre="unchanged").fit(seen).transform(lost), new[FEATURES])


@pytest.mark.filterwarnings("error")
def test_degenerate_centres_and_features(plain):
    single = plain.copy()
    single.loc[single.index[:1], "centre"] = "Single"
    single["constant"] = 4.5
    found = ComBat().fit(single)
    result = found.transform(single)
    assert np.isfinite(result.to_numpy()).all()
    np.testing.assert_array_equal(result["constant"], 4.5)
    np.testing.assert_array_equal(found.scale_[list(found.centres_).index("Single")], 1)
    alone = plain.assign(centre="Ankara")
    np.testing.assert_array_equal(ComBat().fit_transform(alone), plain[FEATURES])
    one_feature = ComBat().fit_transform(plain[["centre", "feature_3"]])
    means = one_feature.groupby(plain["centre"])["feature_3"].agg(["mean", "std"])
    np.testing.assert_allclose(means["mean"], means["mean"].iloc[0], rtol=1e-9)
    np.testing.assert_allclose(means["std"], means["std"].iloc[0], rtol=1e-9)
    copies = pd.DataFrame({"centre": plain["centre"], "a": plain["feature_1"], "b": plain["feature_1"]})
    assert np.isfinite(ComBat().fit_transform(copies).to_numpy()).all()
    tiny = plain.groupby("centre").head(1)
    assert np.isfinite(ComBat().fit_transform(tiny).to_numpy()).all()
    numbered = plain.assign(centre=plain["centre"].map({"Ankara": 1, "Bergen": 2, "Cork": 3, "Delft": 4}))
    np.testing.assert_allclose(ComBat().fit_transform(numbered), ComBat().fit_transform(plain))


def test_what_a_person_can_do_wrong(centres, plain):
    with pytest.raises(TrainingError, match='no column "centre"'):
        ComBat().fit(plain.drop(columns="centre"))
    with pytest.raises(TrainingError, match="2 of 52 cases have no centre"):
        ComBat().fit(plain.assign(centre=plain["centre"].where(plain.index > 1)))
    with pytest.raises(TrainingError, match='"feature_2" has missing'):
        ComBat().fit(plain.assign(feature_2=plain["feature_2"].where(plain.index > 1)))
    with pytest.raises(TrainingError, match="columns of text"):
        ComBat(centre_column="feature_1").fit(plain)
    with pytest.raises(TrainingError, match="named columns"):
        ComBat().fit(plain[FEATURES].to_numpy())
    with pytest.raises(TrainingError, match="told apart from the centres"):
        ComBat(covariate_columns=("age",)).fit(centres.assign(age=(centres["centre"] == "Cork").astype(float)))
    with pytest.raises(SettingsError, match='no choice "guess"'):
        ComBat(unknown_centre="guess").fit(plain)
