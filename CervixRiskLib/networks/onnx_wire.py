"""The few rules of the protobuf wire format, enough to look into an ONNX file without the package ``onnx``.

A message is a row of fields: a key (number and wire type, as a varint), then a varint, 8 or 4 bytes, or a length and
that many bytes (protobuf.dev/programming-guides/encoding). Field numbers of ONNX stand in its ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


class WireError(ValueError):
    """The bytes are no protobuf message."""


class Field(NamedTuple):
    """One field: its number, its wire type, its value (an unsigned integer or the bytes) and the bytes of it all."""

    number: int
    wire: int
    value: int | bytes
    encoded: bytes

    @property
    def content(self) -> bytes:
        """The value of a field that must hold bytes.

        Raises
        ------
        WireError
            It holds a number.
        """
        if isinstance(self.value, int):
            raise WireError(f"field {self.number} is a number")
        return self.value


def fields(message: bytes) -> Iterator[Field]:
    """The fields of ``message`` in their order.

    Raises
    ------
    WireError
        It ends in the middle of a field, or holds a field of no known type.
    """
    position = 0
    while position < len(message):
        start = position
        key, position = _read_varint(message, position)
        number, wire = key >> 3, key & 7
        value: int | bytes
        if wire == VARINT:
            value, position = _read_varint(message, position)
        else:
            if wire == BYTES:
                length, position = _read_varint(message, position)
            elif wire in (EIGHT_BYTES, FOUR_BYTES):
                length = 8 if wire == EIGHT_BYTES else 4
            else:
                raise WireError(f"wire type {wire}")
            end = position + length
            if end > len(message):
                raise WireError("the message is cut short")
            value, position = message[position:end], end
        if number == 0:
            raise WireError("field number 0")
        yield Field(number, wire, value, message[start:position])


def integers(field: Field) -> list[int]:
    """The values of a repeated integer field, packed or not, as signed 64-bit integers."""
    if isinstance(field.value, int):
        return [_signed(field.value)]
    if field.wire != BYTES:
        raise WireError(f"field {field.number} holds no integers")
    values, position = [], 0
    while position < len(field.value):
        value, position = _read_varint(field.value, position)
        values.append(_signed(value))
    return values


def bytes_header(number: int, length: int) -> bytes:
    """What stands before the ``length`` bytes of field ``number``."""
    return _varint(number << 3 | BYTES) + _varint(length)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_LONGEST_VARINT):
        if position >= len(message):
            raise WireError("the message is cut short")
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & (1 << 64) - 1, position
    raise WireError("an integer has no end")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
