"""Fine-tuning learns, repeats to the bit, and keeps labels out of what learns downstream."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import Cancelled, SettingsError, TrainingError  # noqa: E402
from CervixRiskLib.networks import Augmentation, FineTunedEmbedding, build_network, fine_tune  # noqa: E402
from CervixRiskLib.networks.inner_split import stratified_folds  # noqa: E402
from CervixRiskLib.progress import Progress  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]


@pytest.fixture(scope="module")
def small():
    return build_network("densenet121", input_size=32)


@pytest.fixture(scope="module")
def small_crops(crops):
    return crops[:, 16:48, 16:48]


@pytest.mark.parametrize("mode", ["head", "all"])
def test_same_seed_same_bits_and_the_given_network_stays(small, small_crops, labels, mode):
    before = small.embed(small_crops)
    runs = [fine_tune(small, small_crops, labels, mode=mode, epochs=2, seed=seed, device="cpu") for seed in (1, 1, 2)]
    first, second, other = runs
    assert first.history == second.history
    assert first.history != other.history
    for name, tensor in first.network.module.state_dict().items():
        assert torch.equal(tensor, second.network.module.state_dict()[name]), name
    np.testing.assert_array_equal(small.embed(small_crops), before)
    np.testing.assert_array_equal(first.network.embed(small_crops), second.network.embed(small_crops))
    assert np.array_equal(first.network.embed(small_crops), before) == (mode == "head")
    assert not np.array_equal(first.network.probabilities(small_crops), small.probabilities(small_crops))
    assert first.network.weights.fine_tuned == mode
    assert small.weights.fine_tuned == "none"
    assert all(parameter.requires_grad for parameter in first.network.module.parameters())


def test_it_learns_what_can_be_learned_and_keeps_the_best_epoch(small, small_crops, labels):
    result = fine_tune(small, small_crops, labels, mode="all", epochs=8, learning_rate=1e-3, device="cpu")
    losses = [epoch.validation_loss for epoch in result.history]
    assert result.best_epoch == int(np.argmin(losses)) + 1
    assert result.history[-1].training_loss < 0.5 * result.history[0].training_loss
    probabilities = result.network.probabilities(small_crops)[:, 1]
    assert (probabilities[labels == 1][:, None] > probabilities[labels == 0]).mean() > 0.9


def test_it_stops_when_the_held_out_loss_no_longer_falls(small, small_crops, labels):
    shuffled = np.random.default_rng(0).permutation(labels)
    result = fine_tune(
        small, small_crops, shuffled, mode="all", epochs=30, learning_rate=3e-3, patience=2, device="cpu"
    )
    assert result.stopped_early
    assert len(result.history) == result.best_epoch + 2


def test_torch_s_own_random_state_stays(small, small_crops, labels):
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    fine_tune(small, small_crops, labels, epochs=1, device="cpu")
    assert torch.equal(torch.rand(2), expected)


def test_three_classes_and_a_last_batch_of_one(small_crops):
    network = build_network("densenet121", n_classes=3, input_size=32)
    result = fine_tune(network, small_crops[:9], np.arange(9) % 3, mode="all", epochs=1, batch_size=5, device="cpu")
    assert np.isfinite(result.history[0].validation_auc)
    np.testing.assert_allclose(result.network.probabilities(small_crops).sum(axis=1), 1.0, rtol=1e-5)


def test_classes_weigh_alike_however_rare():
    from CervixRiskLib.networks.training_run import _class_weights

    labels = np.array([0] * 15 + [1] * 5)
    weights = _class_weights(labels, 2).numpy()
    np.testing.assert_allclose(weights * np.bincount(labels), 10.0, rtol=1e-6)


class _Stop(Progress):
    steps = 0

    def _update(self, task):
        self.steps += 1

    def cancelled(self):
        return self.steps >= 2


def test_it_can_be_cancelled_between_batches(small, small_crops, labels):
    progress = _Stop()
    with pytest.raises(Cancelled):
        fine_tune(small, small_crops, labels, epochs=5, batch_size=4, progress=progress, device="cpu")
    assert progress.steps == 2


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"labels": np.zeros(24, int)}, TrainingError, "same outcome"),
        ({"labels": np.eye(24, dtype=int)[0]}, TrainingError, "two patients of each class"),
        ({"groups": np.arange(24) % 2}, TrainingError, "two patients of each class"),
        ({"labels": np.arange(24) % 3}, SettingsError, "from 0 to 1"),
        ({"labels": np.full(24, 0.5)}, SettingsError, "whole numbers"),
        ({"labels": np.zeros(3, int)}, SettingsError, "one label"),
        ({"mode": "most"}, SettingsError, "'head' or 'all'"),
        ({"epochs": 0}, SettingsError, "at least 1 epoch"),
        ({"learning_rate": -1.0}, SettingsError, "learning rate"),
        ({"learning_rate": 1e30, "mode": "all"}, TrainingError, "diverged"),
    ],
)
def test_what_cannot_be_trained_is_refused(small, small_crops, labels, changes, error, message):
    arguments = {"labels": labels, "epochs": 2, "device": "cpu", **changes}
    with pytest.raises(error, match=message):
        fine_tune(small, small_crops, **arguments)


@settings(deadline=None, max_examples=50)
@given(
    st.integers(2, 4),
    st.lists(st.integers(1, 3), min_size=12, max_size=30),
    st.integers(0, 2**16),
)
def test_folds_never_divide_a_patient(folds, sizes, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = groups % 2
    held_out_cases = []
    try:
        for training, held_out in stratified_folds(labels, groups, folds=folds, seed=seed):
            assert not set(groups[training]) & set(groups[held_out])
            assert set(labels[training]) == set(labels[held_out]) == {0, 1}
            held_out_cases += list(held_out)
    except TrainingError:
        return
    assert sorted(held_out_cases) == list(range(len(labels)))


def test_augmentation_of_nothing_changes_nothing():
    images = torch.rand(3, 2, 9, 9)
    generator = torch.Generator().manual_seed(0)
    same = Augmentation(crop=0.0, flip=0.0, intensity=0.0)(images, generator)
    torch.testing.assert_close(same, images, rtol=0, atol=1e-5)
    flipped = Augmentation(crop=0.0, flip=1.0, intensity=0.0)(images, generator)
    torch.testing.assert_close(flipped, images.flip(2, 3), rtol=0, atol=1e-5)


def test_augmentation_stays_within_the_paper_s_limits():
    """A ramp tells the window: its slope is the window's side, its mean the window's place."""
    n, size = 400, 64
    ramp = torch.linspace(-1, 1, size).expand(n, 1, size, size)
    images = torch.cat([ramp, torch.ones_like(ramp)], dim=1)
    changed = Augmentation()(images, torch.Generator().manual_seed(1))
    scale = changed[:, 1, 0, 0]
    assert 0.8 <= scale.min() < 0.82
    assert 1.18 < scale.max() <= 1.2
    row = changed[:, 0, size // 2] / scale[:, None]
    middle = row[:, size // 2 + 4] - row[:, size // 2 - 4]
    side = middle.abs() / (ramp[0, 0, 0, 8] - ramp[0, 0, 0, 0])
    assert (side**2).min() >= 0.85 - 1e-3
    assert (side**2).max() <= 1.15 + 1e-3
    assert abs(float((side**2).mean()) - 1.0) < 0.02
    assert 0.4 < float((middle < 0).float().mean()) < 0.6
    centre = (row[:, size // 2] + row[:, size // 2 - 1]) / 2
    assert (centre.abs() <= (1 - side).abs() + 2e-2).all()
    again = Augmentation()(images, torch.Generator().manual_seed(1))
    assert torch.equal(changed, again)


def _transformer(**changes):
    settings_ = {"network": "densenet121", "size": 32, "epochs": 1, "cv": 2, "learning_rate": 1e-3, **changes}
    return FineTunedEmbedding(**settings_)


def test_frozen_embeddings_need_no_labels(small, small_crops, labels):
    rows = small_crops.reshape(len(small_crops), -1)
    transformer = _transformer()
    embeddings = transformer.fit_transform(rows)
    np.testing.assert_array_equal(embeddings, small.embed(small_crops))
    np.testing.assert_array_equal(transformer.transform(rows), embeddings)
    np.testing.assert_array_equal(_transformer().fit_transform(rows, labels), embeddings)
    assert list(transformer.get_feature_names_out()[[0, -1]]) == ["deep_00000", "deep_01023"]
    assert transformer.n_features_in_ == 1024


@pytest.mark.parametrize("patients", [None, np.arange(24) // 2 % 8])
def test_out_of_fold_embeddings_come_from_networks_that_never_saw_the_case(monkeypatch, small_crops, labels, patients):
    """Every network that embeds a case in ``fit_transform`` was tuned without that case (and its patient)."""
    from CervixRiskLib.networks import fine_tuning

    rows = small_crops.reshape(len(small_crops), -1)
    labels = labels if patients is None else patients % 2
    tuned_on: list[tuple[object, np.ndarray]] = []
    real = fine_tuning.fine_tune

    def spy(network, crops, labels, **arguments):
        result = real(network, crops, labels, **arguments)
        tuned_on.append((result.network, np.asarray(crops).reshape(len(crops), -1)))
        return result

    monkeypatch.setattr(fine_tuning, "fine_tune", spy)
    transformer = _transformer(mode="all")
    embeddings = transformer.fit_transform(rows, labels, groups=patients)
    assert len(tuned_on) == 3  # two folds, and the one of all cases
    whole = tuned_on.pop()
    assert transformer.network_ is whole[0]
    np.testing.assert_array_equal(whole[1], rows)
    for case, row in enumerate(rows):
        unaware = [network for network, seen in tuned_on if not (seen == row).all(axis=1).any()]
        assert len(unaware) == 1
        np.testing.assert_allclose(embeddings[case], unaware[0].embed(small_crops[case : case + 1])[0], atol=1e-3)
        if patients is not None:
            for _, seen in tuned_on:
                same = [
                    bool((seen == rows[other]).all(1).any()) for other in np.flatnonzero(patients == patients[case])
                ]
                assert len(set(same)) == 1
    assert not np.allclose(transformer.transform(rows), embeddings)


@pytest.mark.parametrize(("rare", "cv", "folds"), [(3, 5, 3), (12, 13, 12), (12, 5, 5)])
def test_there_are_no_more_folds_than_cases_of_the_rarest_class(monkeypatch, small_crops, rare, cv, folds):
    from CervixRiskLib.networks import fine_tuning

    sizes = []

    def untrained(network, crops, labels, **arguments):
        sizes.append(len(crops))
        assert len(np.unique(labels)) == 2
        return SimpleNamespace(network=network, history=())

    monkeypatch.setattr(fine_tuning, "fine_tune", untrained)
    labels = (np.arange(24) < rare).astype(int)
    _transformer(mode="all", cv=cv).fit_transform(small_crops.reshape(len(small_crops), -1), labels)
    assert len(sizes) == folds + 1  # and the network of all cases
    assert sum(24 - size for size in sizes) == 24


def test_head_mode_tunes_the_head_only(small, small_crops, labels):
    rows = small_crops.reshape(len(small_crops), -1)
    transformer = _transformer(mode="head")
    np.testing.assert_array_equal(transformer.fit_transform(rows, labels), small.embed(small_crops))
    assert transformer.network_.weights.fine_tuned == "head"
    assert len(transformer.history_) == 1


def test_it_works_in_a_pipeline_with_tables_and_named_classes(small_crops, labels):
    import pandas as pd
    from sklearn.base import clone
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    table = pd.DataFrame(small_crops.reshape(len(small_crops), -1))
    outcome = np.where(labels == 1, "positive", "negative")
    pipeline = make_pipeline(_transformer(), PCA(3, random_state=0), LogisticRegression())
    pipeline = clone(pipeline).fit(table, outcome)
    assert pipeline.score(table, outcome) > 0.8
    transformer = pipeline[0]
    assert list(transformer.classes_) == ["negative", "positive"]
    assert clone(transformer).get_params() == _transformer().get_params()
    named = clone(transformer).set_output(transform="pandas").fit_transform(table)
    assert list(named.columns[:1]) == ["deep_00000"]


@pytest.mark.parametrize(
    ("changes", "call", "error"),
    [
        ({"mode": "some"}, lambda t, X, y: t.fit(X, y), SettingsError),
        ({"mode": "all"}, lambda t, X, y: t.fit(X), TrainingError),
        ({"mode": "all", "cv": 1}, lambda t, X, y: t.fit_transform(X, y), SettingsError),
        ({"mode": "all"}, lambda t, X, y: t.fit_transform(X, np.eye(24, dtype=int)[0]), TrainingError),
        ({}, lambda t, X, y: t.fit(X[:, :-1], y), SettingsError),
        ({}, lambda t, X, y: t.fit(X, y[:-1]), SettingsError),
        ({"network": "vgg"}, lambda t, X, y: t.fit(X, y), SettingsError),
        ({"device": "tpu"}, lambda t, X, y: t.fit(X, y), SettingsError),
    ],
)
def test_wrong_settings_are_refused(small_crops, labels, changes, call, error):
    with pytest.raises(error):
        call(_transformer(**changes), small_crops.reshape(len(small_crops), -1), labels)
