"""What importing the room costs, and what is said where torch is missing."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from CervixRiskLib import networks
from CervixRiskLib.errors import SettingsError
from CervixRiskLib.networks import NETWORKS, network_spec

_WITHOUT_TORCH = """
    import importlib.abc, sys

    class Refuse(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in ("torch", "timm", "torchvision"):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Refuse())
"""


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_room_imports_no_torch():
    code = """
        import sys
        import CervixRiskLib.networks as networks
        networks.NETWORKS, networks.grad_cam, networks.zscore_crops, networks.set_threads
        print([name for name in ("torch", "timm", "torchvision", "sklearn") if name in sys.modules])
    """
    assert _run(code) == "[]"


@pytest.mark.parametrize(
    "call", ["choose_device()", "build_network('densenet121')", "FineTunedEmbedding().fit(numpy.zeros((2, 128 * 128)))"]
)
def test_without_torch_the_sentence_says_how_to_get_it(call):
    code = f"""
        {textwrap.indent(textwrap.dedent(_WITHOUT_TORCH), " " * 8).strip()}
        import numpy
        from CervixRiskLib import networks
        from CervixRiskLib.errors import MissingComponentError
        try:
            networks.{call}
        except MissingComponentError as error:
            print(error)
    """
    assert 'pip install "cervixrisk[train]"' in _run(code)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("package", "call"),
    [("timm", "build_network('densenet121')"), ("safetensors", "load_network(__import__('sys').executable)")],
)
def test_each_missing_package_is_named(package, call):
    pytest.importorskip("torch")
    refuse = _WITHOUT_TORCH.replace('("torch", "timm", "torchvision")', f"({package!r},)")
    assert refuse != _WITHOUT_TORCH
    code = f"""
        {textwrap.indent(textwrap.dedent(refuse), " " * 8).strip()}
        from CervixRiskLib import networks
        from CervixRiskLib.errors import MissingComponentError
        try:
            networks.{call}
        except MissingComponentError as error:
            print(error)
    """
    assert f"the package {package}, which is not installed" in _run(code)


def test_heat_map_arithmetic_needs_no_torch():
    code = f"""
        {textwrap.indent(textwrap.dedent(_WITHOUT_TORCH), " " * 8).strip()}
        import numpy
        from CervixRiskLib.networks import score_cam
        print(score_cam(numpy.ones((2, 1, 1)), numpy.ones(2)))
    """
    assert _run(code) == "[[1.]]"


def test_every_public_name_is_there():
    pytest.importorskip("torch")
    assert set(networks.__all__) <= set(dir(networks))
    for name in networks.__all__:
        assert getattr(networks, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        networks.nothing  # noqa: B018


def test_zoo_is_read_only_and_refuses_unknown_names():
    assert {"densenet121", "resnet50", "alexnet"} <= set(NETWORKS)
    with pytest.raises(TypeError):
        NETWORKS["densenet121"] = None  # type: ignore[index]
    with pytest.raises(SettingsError, match="choose one of densenet121"):
        network_spec("densenet")


@pytest.mark.parametrize(("use", "count", "expected"), [("worker", None, 1), ("case", 1, 1), ("case", 10**6, None)])
def test_one_place_binds_every_thread_pool(use, count, expected):
    pytest.importorskip("torch")
    code = f"""
        import os, torch
        import numpy, scipy.linalg
        from threadpoolctl import threadpool_info
        from CervixRiskLib.networks import available_cores, set_threads
        threads = set_threads({use!r}, {count!r})
        assert threads == ({expected!r} or available_cores()), threads
        assert torch.get_num_threads() == threads
        assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
        assert os.environ["OMP_NUM_THREADS"] == str(threads)
        assert all(pool["num_threads"] <= threads for pool in threadpool_info()), threadpool_info()
        print("bound")
    """
    assert _run(code) == "bound"


@pytest.mark.torch
@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_sleep_while_they_wait_unless_told_otherwise(monkeypatch, given, expected):
    pytest.importorskip("torch")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if given is not None:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    code = """
        import os
        from CervixRiskLib.networks import choose_device
        choose_device()
        print(os.environ["OMP_WAIT_POLICY"])
    """
    assert _run(code) == expected


def test_thread_settings_are_checked():
    with pytest.raises(SettingsError, match="'case' or 'worker'"):
        networks.set_threads("all")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="at least 1"):
        networks.thread_count("case", 0)


def test_zscore_against_its_definition():
    from scipy.stats import zscore

    images = np.random.default_rng(1).normal(1e5, 3.0, size=(3, 2, 7, 5))
    expected = zscore(images.reshape(3, 2, -1), axis=2, ddof=0).reshape(images.shape)
    np.testing.assert_allclose(networks.zscore_crops(images), expected, rtol=1e-5, atol=1e-6)
    assert networks.zscore_crops(images).dtype == np.float32
    assert networks.zscore_crops(images[:, 0]).shape == (3, 1, 7, 5)


@pytest.mark.parametrize("value", [0.0, 255.0, 0.1, -1e9])
def test_a_crop_without_contrast_becomes_zero(value):
    assert not networks.zscore_crops(np.full((1, 9, 9), value)).any()


@pytest.mark.parametrize("images", [np.zeros((4, 4)), np.zeros((1, 0, 4)), np.full((1, 4, 4), np.nan)])
def test_zscore_refuses_what_is_no_crop(images):
    with pytest.raises(SettingsError):
        networks.zscore_crops(images)
