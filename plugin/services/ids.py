"""Identifiers and tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime

from ..db.columns import to_ms

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHIFTS = range(125, -1, -5)
_TOKEN_BYTES = 32
_CODE_BYTES = 20


def new_ulid(at: datetime, *, after: str | None = None) -> str:
    """Return a ULID: 48 bits of milliseconds and 80 random bits, in 26 characters.

    It comes after the one in `after`, even where the clock was set back since.
    """
    made = _ulid(at, secrets.randbits(80))
    if after is None or made > after:
        return made
    return _to_text(
        sum(_CROCKFORD.index(char) << shift for char, shift in zip(after, _SHIFTS, strict=True)) + 1
    )


def least_ulid(at: datetime) -> str:
    """Return the ULID that none of that time, or of a later one, comes before."""
    return _ulid(at, 0)


def _ulid(at: datetime, rest: int) -> str:
    return _to_text(to_ms(at) << 80 | rest)


def _to_text(value: int) -> str:
    return "".join(_CROCKFORD[value >> shift & 31] for shift in _SHIFTS)


def new_token() -> str:
    """Return a bearer token of 256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_code() -> str:
    """Return a code of 160 random bits that can be read aloud: 32 capitals and digits."""
    return base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()


def hash_token(token: str) -> str:
    """Return what is stored of a token. It is random, so a plain SHA-256 can't be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
