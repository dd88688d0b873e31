"""A graphics card made of main memory, for a process of its own: values are computed on the CPU, places are kept apart.

    python -c "import pretend_card; pretend_card.install(); ..."

A tensor "on the card" is a wrapper that says ``cuda:0`` and holds a CPU tensor. As on a real card a tensor of the CPU
that meets one of the card is refused, ``.numpy()`` too, and moving copies. Torch believes in a card, and autocast
computes convolutions and matrix products in sixteen bits. What no pretence shows: the card's own kernels and their
rounding, TF32, its random numbers, its memory, optimisers' joined kernels, and that its work runs beside the CPU's.
Graphs are not exported in such a process: torch's tracer does not see through the pretence.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_unflatten

NAME = "Pretended card"
CARD = torch.device("cuda:0")
_BACKEND = "pretended"
_CARDS = ("cuda", _BACKEND)
# Where a card's tensor may meet one of the CPU: copying, and indices of a tensor on the card.
_COPIES = {torch.ops.aten.copy_.default}
_INDEXING = {
    torch.ops.aten.index.Tensor,
    torch.ops.aten.index_put.default,
    torch.ops.aten.index_put_.default,
    torch.ops.aten._index_put_impl_.default,
}
_IN_SIXTEEN_BITS = {
    torch.conv2d,
    torch.nn.functional.linear,
    torch.matmul,
    torch.Tensor.matmul,
    torch.Tensor.__matmul__,
}
seeds: list[int] = []
"""What the card's generator was seeded with."""
generator = torch.zeros(1, dtype=torch.int64)
"""The state of the card's generator: its last seed."""
operations = {"count": 0}
"""``count`` of what was computed on the card."""


class CardTensor(torch.Tensor):
    """``held``, a CPU tensor, as a tensor on the card."""

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> CardTensor:
        return torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            layout=held.layout, device=f"{_BACKEND}:0", requires_grad=False,
        )  # fmt: skip

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    @property
    def device(self) -> torch.device:
        return CARD

    @property
    def is_cuda(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"CardTensor({self.held!r})"

    def tolist(self) -> Any:
        # Torch refuses it for any subclass; on a card it copies first.
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(function, args, kwargs or {})


class PlainWords(TorchFunctionMode):
    """Says ``pretended`` to torch's inside wherever the program says ``cuda``."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is not torch.device and "autocast" not in getattr(function, "__name__", ""):
            args = tuple(_renamed(value) for value in args)
            kwargs = {key: _renamed(value) for key, value in (kwargs or {}).items()}
        if function in _IN_SIXTEEN_BITS and torch.is_autocast_enabled("cuda"):
            args = tuple(_cast(value, torch.get_autocast_dtype("cuda")) for value in args)
        return function(*args, **(kwargs or {}))


def _renamed(value: Any) -> Any:
    is_card = (isinstance(value, str) and value in ("cuda", "cuda:0")) or (
        isinstance(value, torch.device) and value.type == "cuda"
    )
    return torch.device(_BACKEND, 0) if is_card else value


def _cast(value: Any, dtype: torch.dtype) -> Any:
    """What CUDA's autocast does before a convolution or a matrix product; torch itself casts no pretended tensor."""
    return value.to(dtype) if isinstance(value, CardTensor) and value.is_floating_point() else value


class PretendedCard(TorchDispatchMode):
    """Lets tensors be made on the card, and moved there."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _compute(function, args, kwargs or {})


def _compute(function: Any, args: Any, kwargs: Any) -> Any:
    values, shape = tree_flatten((args, kwargs))
    named = next((value for value in values if isinstance(value, torch.device)), None)
    wrappers = [value for value in values if isinstance(value, CardTensor)]
    if not wrappers and (named is None or named.type not in _CARDS):
        return function(*args, **kwargs)
    operations["count"] += 1
    if wrappers:
        _refuse_mixtures(function, values)
    there = bool(wrappers) if named is None else named.type in _CARDS
    held = [_held(value) for value in values]
    back = {id(inner): value for inner, value in zip(held, values, strict=True) if isinstance(value, torch.Tensor)}
    shapes = [wrapper.held.shape for wrapper in wrappers]
    inner_args, inner_kwargs = tree_unflatten(held, shape)
    results, result_shape = tree_flatten(function(*inner_args, **inner_kwargs))
    assert shapes == [wrapper.size() for wrapper in wrappers], f"{function} changes a tensor's shape in place"
    # In inference mode a view of an ordinary tensor is an ordinary tensor.
    ordinary = function.is_view and not any(wrapper.is_inference() for wrapper in wrappers)
    with torch.inference_mode(torch.is_inference_mode_enabled() and not ordinary):
        return tree_unflatten([_placed(result, back, there) for result in results], result_shape)


def _held(value: Any) -> Any:
    if isinstance(value, CardTensor):
        return value.held
    return torch.device("cpu") if isinstance(value, torch.device) and value.type in _CARDS else value


def _placed(result: Any, back: dict[int, Any], there: bool) -> Any:
    """The result where it belongs; a tensor that was handed through is itself, one that was moved is a copy."""
    if not isinstance(result, torch.Tensor):
        return result
    source = back.get(id(result))
    if source is not None:
        if isinstance(source, CardTensor) == there:
            return source
        result = result.clone()
    return CardTensor(result) if there else result


def _refuse_mixtures(function: Any, values: list[Any]) -> None:
    # A number on the CPU may meet anything.
    strangers = [
        value
        for value in values
        if isinstance(value, torch.Tensor) and not isinstance(value, CardTensor) and value.dim() > 0
    ]
    if not strangers or function in _COPIES or (function in _INDEXING and isinstance(values[0], CardTensor)):
        return
    raise RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! ({function})"
    )


def _seed(seed: int) -> None:
    seeds.append(seed)
    generator.fill_(seed >> 1)


def install(capability: tuple[int, int] = (8, 0)) -> None:
    """Make torch see the card from here to the end of the process.

    Raises
    ------
    AttributeError, OSError, ValueError
        This torch, or this system, lacks what the pretence stands on.
    """
    backend_registration._setup_privateuseone_for_python_backend(_BACKEND)
    # What is made of Python's numbers or NumPy's is made on the CPU and then moved, past the mode.
    torch._C._set_only_lift_cpu_tensors(True)
    # A module's parameter becomes one of the card as a whole; its values alone are no CardTensor.
    torch.__future__.set_swap_module_params_on_conversion(True)
    properties = SimpleNamespace(
        name=NAME, total_memory=16 << 30, major=capability[0], minor=capability[1], multi_processor_count=1
    )
    told = {
        "_lazy_init": lambda: None,
        "init": lambda: None,
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "get_device_name": lambda device=None: NAME,
        "get_device_capability": lambda device=None: capability,
        "get_device_properties": lambda device=None: properties,
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda device=None: (15 << 30, 16 << 30),
        "manual_seed": _seed,
        "manual_seed_all": _seed,
        "get_rng_state": lambda device="cuda": generator.clone(),
        "set_rng_state": lambda state, device="cuda": generator.copy_(state),
        "synchronize": lambda device=None: None,
        "empty_cache": lambda: None,
    }
    for name, answer in told.items():
        assert hasattr(torch.cuda, name), name
        setattr(torch.cuda, name, answer)
    torch.version.cuda = "12.8"
    PlainWords().__enter__()
    PretendedCard().__enter__()
