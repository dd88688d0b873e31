"""The training engine against a hand-written loop and scikit-learn; every option has its effect."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import log_loss, roc_auc_score

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import Cancelled, SettingsError, TrainingError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    MRI_AUGMENTATION,
    NO_AUGMENTATION,
    Augmentation,
    TrainingPlan,
    train_network,
    zscore_crops,
)
from CervixRiskLib.networks.epoch import macro_auc  # noqa: E402
from CervixRiskLib.networks.inner_split import hold_out  # noqa: E402
from CervixRiskLib.networks.oversampling import draw_epoch, epoch_length  # noqa: E402
from CervixRiskLib.networks.training_run import learning_rates  # noqa: E402
from CervixRiskLib.progress import Progress  # noqa: E402

pytestmark = pytest.mark.torch

PLAN = TrainingPlan(epochs=3, batch_size=8, precision="float32", augmentation=NO_AUGMENTATION, oversample=False)


@pytest.fixture(scope="module")
def cases():
    """``(21, 32, 32)`` crops and labels; a third carries a bright square."""
    generator = np.random.default_rng(1)
    labels = (np.arange(21) % 3 == 0).astype(int)
    crops = generator.gamma(2.0, 20.0, size=(21, 32, 32)).astype(np.float32)
    crops[labels == 1, 8:20, 8:20] += 40.0
    return crops, labels


def _train(network, cases, plan=PLAN, **arguments):
    return train_network(network, *cases, plan, **{"device": "cpu", **arguments})


def _same_weights(first, second):
    states = [trained.network.module.state_dict() for trained in (first, second)]
    return all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


def _logits(network, crops):
    with torch.no_grad():
        return network.module(network.prepare(crops)).numpy()


def test_sgd_with_cosine_annealing_is_the_plain_loop_to_the_bit(tiny_network, cases):
    crops, labels = cases
    trained = _train(tiny_network(), cases, seed=11)

    module = tiny_network().module.train()
    images = torch.from_numpy(zscore_crops(crops)).contiguous(memory_format=torch.channels_last)
    targets = torch.from_numpy(labels)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
    losses, rates = [], []
    with torch.random.fork_rng(devices=[]):
        for epoch in (1, 2, 3):
            words = np.random.SeedSequence([11, epoch]).generate_state(2, np.uint64)
            order = torch.randperm(21, generator=torch.Generator().manual_seed(int(words[0])))
            torch.manual_seed(int(words[1]))
            rates.append(optimizer.param_groups[0]["lr"])
            total = 0.0
            for part in torch.tensor_split(order, 3):
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(module(images[part]), targets[part])
                loss.backward()
                optimizer.step()
                total += loss.item() * len(part)
            losses.append(total / 21)
            scheduler.step()
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, trained.network.module.state_dict()[name]), name
    assert [epoch.learning_rate for epoch in trained.history] == rates
    np.testing.assert_allclose([epoch.training_loss for epoch in trained.history], losses, rtol=1e-7)
    assert (trained.best_epoch, trained.stopped_early, trained.resumed_from, trained.note) == (3, False, 0, "")


def test_the_annealing_goes_from_the_rate_to_nearly_nothing():
    rates = learning_rates(TrainingPlan(learning_rate=0.1, epochs=40))
    expected = [0.05 * (1 + math.cos(math.pi * step / 40)) for step in range(40)]
    np.testing.assert_allclose(rates, expected, rtol=1e-9)
    assert learning_rates(TrainingPlan(schedule="constant", epochs=3)) == (0.01,) * 3


@pytest.mark.parametrize(("classes", "channels", "oversample"), [(2, 1, True), (2, 2, False), (3, 2, True)])
def test_watched_cases_are_measured_as_scikit_learn_does_and_change_nothing(
    tiny_network, classes, channels, oversample
):
    generator = np.random.default_rng(3)
    crops = generator.normal(size=(30, channels, 32, 32)).astype(np.float32)
    labels = np.minimum(np.arange(30) % (classes + 1), classes - 1)
    network = tiny_network(classes, channels)
    plan = dataclasses.replace(PLAN, epochs=2, oversample=oversample)
    watching = _train(network, (crops[:20], labels[:20]), plan, validation=(crops[20:], labels[20:]))
    alone = _train(network, (crops[:20], labels[:20]), plan)
    assert _same_weights(watching, alone)
    assert [epoch.validation_auc for epoch in alone.history] == [None, None]

    last, truth = watching.history[-1], labels[20:]
    logits = _logits(watching.network, crops[20:]).astype(np.float64)
    shares = softmax(logits, axis=1)
    counts = np.bincount(labels[:20])
    weights = (20 / (classes * counts))[truth] if oversample else None
    assert last.validation_loss == pytest.approx(log_loss(truth, shares, sample_weight=weights), rel=1e-5)
    auc = roc_auc_score(truth, shares[:, 1] if classes == 2 else shares, multi_class="ovr", average="macro")
    assert last.validation_auc == pytest.approx(auc, abs=1e-12)


def test_training_loss_and_auc_are_those_of_the_batches_as_they_came(tiny_network, cases):
    """With one batch an epoch and nothing random in it, the first epoch sees the network before its first step."""
    network = tiny_network()
    network.module.drop.p = 0.0
    first = _train(network, cases, dataclasses.replace(PLAN, epochs=1, batch_size=21)).history[0]
    network.module.train()
    logits = _logits(network, cases[0]).astype(np.float64)
    network.module.eval()
    shares = softmax(logits, axis=1)
    assert first.training_loss == pytest.approx(log_loss(cases[1], shares), rel=1e-5)
    assert first.training_auc == pytest.approx(roc_auc_score(cases[1], shares[:, 1]), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 4), st.integers(0, 2**32), st.integers(3, 40), st.sampled_from([1, 2, 6]))
def test_macro_auc_is_scikit_learn_s(classes, seed, n, decimals):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    logits = generator.normal(size=(n, classes)).round(decimals)
    if len(np.unique(labels)) < classes:
        present = np.unique(labels)
        expected = math.nan if len(present) < 2 else macro_auc(np.searchsorted(present, labels), logits[:, present])
        np.testing.assert_equal(macro_auc(labels, logits), expected)
        return
    if classes == 2:
        expected = roc_auc_score(labels, logits[:, 1] - logits[:, 0])
    else:
        expected = roc_auc_score(labels, softmax(logits, axis=1), multi_class="ovr", average="macro")
    assert macro_auc(labels, logits) == pytest.approx(expected, abs=1e-12)


def test_macro_auc_of_logits_that_are_not_finite_is_not_a_number():
    assert math.isnan(macro_auc(np.array([0, 1]), np.array([[0.0, math.inf], [0.0, 1.0]])))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 2**32))
def test_oversampling_makes_classes_alike_and_leaves_no_case_out(labels, seed):
    labels = np.array(labels)
    drawn = draw_epoch(labels, torch.Generator().manual_seed(seed), oversample=True).numpy()
    again = draw_epoch(labels, torch.Generator().manual_seed(seed), oversample=True).numpy()
    np.testing.assert_array_equal(drawn, again)
    assert len(drawn) == epoch_length(labels, oversample=True)
    assert set(drawn) == set(range(len(labels)))
    counts = np.unique(labels[drawn], return_counts=True)[1]
    assert set(counts) == {np.unique(labels, return_counts=True)[1].max()}
    plain = draw_epoch(labels, torch.Generator().manual_seed(seed), oversample=False).numpy()
    assert sorted(plain) == list(range(len(labels)))


def test_rare_cases_are_drawn_with_replacement_and_anew():
    labels = np.array([0] * 50 + [1] * 20)
    draws = [draw_epoch(labels, torch.Generator().manual_seed(seed), oversample=True).numpy() for seed in range(40)]
    extra = np.array([np.bincount(drawn, minlength=70)[50:] - 1 for drawn in draws])
    assert (extra.sum(axis=1) == 30).all()
    # 30 of 20 with replacement: each case 1.5 times on average with the binomial's spread of 1.19.
    assert extra.mean(axis=0).min() > 0.7
    assert 1.0 < extra.std() < 1.4


@dataclasses.dataclass(frozen=True)
class _Recording(Augmentation):
    """Changes nothing and remembers which images came."""

    def __call__(self, images, generator):
        _seen.append(images.clone())
        return images


_seen: list = []


@pytest.mark.parametrize("oversample", [True, False])
def test_held_out_patients_are_never_drawn_and_the_best_epoch_is_kept(tiny_network, cases, oversample):
    crops, labels = cases
    patients = np.repeat(np.arange(7), 3)
    labels = (patients % 2).astype(int)
    # An effect of chance only, so that the held-out loss rises soon.
    plan = dataclasses.replace(
        PLAN, epochs=25, patience=3, learning_rate=0.3, augmentation=_Recording(), oversample=oversample
    )
    _seen.clear()
    trained = _train(tiny_network(), (crops, labels), plan, groups=patients.astype(str))
    training, held_out = hold_out(labels, patients, fraction=0.2, seed=3407)
    assert not set(patients[training]) & set(patients[held_out])
    prepared = zscore_crops(crops)
    drawn = {image.numpy().tobytes() for batch in _seen for image in batch}
    assert drawn == {prepared[index].tobytes() for index in training}

    losses = [epoch.validation_loss for epoch in trained.history]
    assert trained.stopped_early
    assert trained.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == trained.best_epoch + 3
    logits = _logits(trained.network, crops[held_out]).astype(np.float64)
    shares = softmax(logits, axis=1)
    counts = np.bincount(labels[training])
    weights = (len(training) / (2 * counts))[labels[held_out]] if oversample else None
    assert min(losses) == pytest.approx(log_loss(labels[held_out], shares, sample_weight=weights), rel=1e-5)
    assert trained.history[trained.best_epoch - 1].validation_loss == min(losses)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adamw"},
        {"learning_rate": 0.02},
        {"momentum": 0.0},
        {"nesterov": True},
        {"weight_decay": 0.1},
        {"batch_size": 16},
        {"epochs": 4},
        {"schedule": "constant"},
        {"augmentation": MRI_AUGMENTATION},
        {"oversample": True},
        {"class_weights": True},
        {"patience": 2},
        {"precision": "bfloat16"},
        {"label_smoothing": 0.1},
        {"mode": "head"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_option_has_an_effect_and_repeats_to_the_bit(tiny_network, cases, change):
    network = tiny_network()
    plan = dataclasses.replace(PLAN, **change)
    changed = _train(network, cases, plan)
    again = _train(network, cases, plan)
    assert _same_weights(changed, again)
    assert changed.history == again.history
    assert not _same_weights(changed, _train(network, cases))
    assert changed.precision == plan.precision
    assert changed.network.weights.fine_tuned == plan.mode
    assert network.weights.fine_tuned == "none"


def test_the_seed_matters_and_nothing_global_does(tiny_network, cases):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = _train(tiny_network(), cases)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(6)
    assert _same_weights(first, _train(tiny_network(), cases))
    assert not _same_weights(first, _train(tiny_network(), cases, seed=1))


def test_the_head_alone_is_trained_when_asked(tiny_network, cases):
    before = tiny_network().module.state_dict()
    after = _train(tiny_network(), cases, dataclasses.replace(PLAN, mode="head")).network.module.state_dict()
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"fc.weight", "fc.bias"}


def test_it_learns_what_can_be_learned(tiny_network, cases):
    plan = dataclasses.replace(TrainingPlan.published(), epochs=40, batch_size=8)
    trained = _train(tiny_network(), cases, plan)
    assert roc_auc_score(cases[1], trained.network.probabilities(cases[0])[:, 1]) > 0.95
    assert trained.history[-1].training_loss < trained.history[0].training_loss


class _Watch(Progress):
    def __init__(self, stop=10**6):
        self.stop = stop
        self.shown = []

    def _update(self, task):
        self.shown.append((task.done, task.total, task.detail))

    def cancelled(self):
        return len(self.shown) >= self.stop


def test_the_bar_tells_epoch_loss_and_auc_of_every_batch_and_can_be_stopped(tiny_network, cases):
    watch = _Watch()
    trained = _train(tiny_network(), cases, progress=watch)
    assert [done for done, _, _ in watch.shown] == list(range(1, 10))
    assert {total for _, total, _ in watch.shown} == {9}
    last = trained.history[1]
    assert watch.shown[5][2] == f"epoch 2 of 3, loss {last.training_loss:.2f}, AUC {last.training_auc:.2f}"
    watch = _Watch(stop=2)
    with pytest.raises(Cancelled):
        _train(tiny_network(), cases, progress=watch)
    assert len(watch.shown) == 2


@pytest.mark.parametrize(
    ("change", "arguments", "error", "message"),
    [
        ({"learning_rate": 1e30}, {}, TrainingError, "lower the learning rate"),
        ({}, {"labels": np.zeros(21, int)}, TrainingError, "same outcome"),
        ({}, {"labels": np.arange(21) % 3}, SettingsError, "from 0 to 1"),
        ({}, {"labels": np.zeros(3, int)}, SettingsError, "one label"),
        ({}, {"groups": np.zeros(3)}, SettingsError, "one patient"),
        ({}, {"seed": -1}, SettingsError, "seed"),
        ({"patience": 1}, {"groups": np.arange(21) % 3 == 0}, TrainingError, "two patients of each class"),
        ({"patience": 1}, {"validation": (np.zeros((2, 32, 32)), [0, 1])}, SettingsError, "no validation cases"),
        ({}, {"validation": (np.zeros((2, 32, 32)), [0, 2])}, SettingsError, "from 0 to 1"),
        ({}, {"validation": (np.zeros((2, 16, 16)), [0, 1])}, SettingsError, "32 x 32"),
        ({}, {"device": "tpu"}, SettingsError, "tpu"),
    ],
)
def test_what_cannot_be_trained_is_refused(tiny_network, cases, change, arguments, error, message):
    labels = arguments.pop("labels", cases[1])
    with pytest.raises(error, match=message):
        _train(tiny_network(), (cases[0], labels), dataclasses.replace(PLAN, **change), **arguments)


def test_watched_cases_of_one_class_have_no_auc(tiny_network, cases):
    crops, labels = cases
    trained = _train(tiny_network(), cases, validation=(crops[labels == 0], labels[labels == 0]))
    assert all(math.isnan(epoch.validation_auc) for epoch in trained.history)
    assert all(math.isfinite(epoch.validation_loss) for epoch in trained.history)
