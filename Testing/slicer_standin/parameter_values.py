"""Types a parameter may have, and the limits on its value: how each is kept as text on a parameter node."""

from __future__ import annotations

import enum
import pathlib
import types
import typing
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WithinRange:
    """The value lies between two others, these included."""

    minimum: float
    maximum: float

    def check(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within {self.minimum} and {self.maximum}, not {value}")


@dataclass(frozen=True)
class Minimum:
    minimum: float

    def check(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, not {value}")


@dataclass(frozen=True)
class Maximum:
    maximum: float

    def check(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, not {value}")


@dataclass(frozen=True)
class Choice:
    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", tuple(self.choices))

    def check(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"Value must be one of {self.choices}, not {value!r}")


@dataclass(frozen=True)
class Default:
    value: Any


@dataclass(frozen=True)
class Decimals:
    value: int


@dataclass(frozen=True)
class SingleStep:
    value: float


@dataclass(frozen=True)
class Parameter:
    """One parameter of a wrapper: its name, bare type, limits and default."""

    name: str
    kind: Any
    optional: bool
    annotations: tuple[Any, ...]
    default: Any

    @property
    def is_node(self) -> bool:
        return _is_node(self.kind)

    def annotation(self, kind: type) -> Any | None:
        return next((entry for entry in self.annotations if isinstance(entry, kind)), None)

    def check(self, value: Any) -> None:
        """Raise ``TypeError`` or ``ValueError`` for a value that Slicer would refuse."""
        if value is None and (self.optional or self.is_node):
            return
        if self.is_node:
            if not value.IsA(self.kind.__name__):
                raise TypeError(f"{self.name} takes a {self.kind.__name__}, not a {value.GetClassName()}")
            return
        if self.kind is bool and not isinstance(value, bool):
            raise TypeError(f"{self.name} takes a bool, not {type(value).__name__}")
        if self.kind is str and not isinstance(value, str):
            raise TypeError(f"{self.name} takes a str, not {type(value).__name__}")
        if self.kind in (int, float) and not isinstance(value, (int, float)):
            raise TypeError(f"{self.name} takes a number, not {type(value).__name__}")
        for limit in self.annotations:
            if hasattr(limit, "check"):
                limit.check(value)

    def write(self, node: Any, value: Any) -> None:
        self.check(value)
        if self.is_node:
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
        elif value is None:
            node.SetParameter(self.name, "None")
        elif isinstance(value, enum.Enum):
            node.SetParameter(self.name, value.name)
        else:
            node.SetParameter(self.name, str(self.kind(value)))

    def read(self, node: Any) -> Any:
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not node.HasParameter(self.name):
            return self.default
        text = node.GetParameter(self.name)
        if self.optional and text == "None":
            return None
        if self.kind is bool:
            return text == "True"
        if issubclass(self.kind, enum.Enum):
            return self.kind[text]
        return self.kind(text)


def parameter_of(name: str, annotated: Any, class_default: Any, has_default: bool) -> Parameter:
    """Read one annotation of a wrapper class."""
    annotations: tuple[Any, ...] = ()
    kind = annotated
    if typing.get_origin(annotated) is typing.Annotated:
        kind, *rest = typing.get_args(annotated)
        annotations = tuple(rest)
    optional = False
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(kind) if member is not type(None)]
        if len(members) != 1:
            raise TypeError(f"The stand-in knows only unions with None; {name} has another.")
        kind, optional = members[0], True
    supported = kind in (str, int, float, bool, pathlib.Path) or _is_node(kind)
    if not supported and not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise TypeError(f"The stand-in has no parameters of type {kind}.")
    told = next((entry.value for entry in annotations if isinstance(entry, Default)), None)
    default = class_default if has_default else told
    if default is None and not optional and not _is_node(kind):
        default = _default_default(kind, annotations)
    return Parameter(name, kind, optional, annotations, default)


def _is_node(kind: Any) -> bool:
    return isinstance(kind, type) and kind.__name__.startswith("vtkMRML")


def _default_default(kind: Any, annotations: tuple[Any, ...]) -> Any:
    if issubclass(kind, enum.Enum):
        return next(iter(kind))
    for entry in annotations:
        if isinstance(entry, Choice):
            return entry.choices[0]
        if isinstance(entry, (WithinRange, Minimum)):
            return kind(entry.minimum)
    return kind()
