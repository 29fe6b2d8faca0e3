"""The public half of an ed25519 key (RFC 8032), to know a Solana key from a signature of the same length."""

from __future__ import annotations

import hashlib
from functools import cache

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P

_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""

_ZERO: _Point = (0, 1, 1, 0)


def public_half(seed: bytes) -> bytes:
    """Return the 32 public bytes that belong to a seed of 32 bytes."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    point = _ZERO
    for bit, power in enumerate(_powers()):
        if scalar >> bit & 1:
            point = _add(point, power)
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little")


@cache
def _powers() -> tuple[_Point, ...]:
    """Return the base point doubled 0 to 254 times: with them a key takes additions only."""
    y = 4 * pow(5, -1, _P) % _P
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if x & 1:
        x = _P - x
    points = [(x, y, 1, x * y % _P)]
    while len(points) < 255:
        points.append(_add(points[-1], points[-1]))
    return tuple(points)


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)
