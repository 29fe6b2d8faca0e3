"""The host site's word on who a user is: a JSON Web Token, signed HS256 (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from .text import normalise, one_line

Rule = Literal[
    "form", "alg", "typ", "crit", "signature", "aud", "exp", "nbf", "iat", "sub", "jti", "name", "email"
]

AUDIENCE = "headset"
LASTS = timedelta(minutes=10)
"""A token may not end later than this from now."""
CLOCKS_DIFFER = timedelta(seconds=30)
"""By so much the site's clock may be ahead of ours."""

_MOST_CHARACTERS = 4096
_LONGEST_SUBJECT, _LONGEST_NAME, _LONGEST_EMAIL = 200, 64, 254

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class TokenRefused(ValueError):
    """A token is not valid; `rule` names what it breaks."""

    def __init__(self, rule: Rule, why: str) -> None:
        self.rule: Rule = rule
        super().__init__(f"{rule}: {why}")


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody whom the host site vouches for."""

    subject: str
    """The site's own id of the user."""
    name: str | None
    email: str | None


def read_token(token: str, secret: str, now: datetime) -> User:
    """Return whom a token is about.

    Raises:
        TokenRefused: it breaks a rule.
    """
    compact = _COMPACT.fullmatch(token) if len(token) <= _MOST_CHARACTERS else None
    if compact is None:
        raise TokenRefused("form", f"a compact token of at most {_MOST_CHARACTERS} characters is wanted")
    head, body, signature = (_decode(part) for part in compact.groups())
    _check_header(_read_object(head))
    expected = hmac.digest(secret.encode(), f"{compact[1]}.{compact[2]}".encode(), hashlib.sha256)
    if not secret or not hmac.compare_digest(signature, expected):
        raise TokenRefused("signature", "it was not made with this desk's secret")
    claims = _read_object(body)
    _check_audience(claims.get("aud"))
    _check_times(claims, now.timestamp())
    _text(claims, "jti")
    return User(
        subject=_get_subject(claims),
        name=one_line(_text(claims, "name", optional=True), _LONGEST_NAME) or None,
        email=one_line(_text(claims, "email", optional=True), _LONGEST_EMAIL) or None,
    )


def _decode(part: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        data = b""
    # Other last bits, or a length that no bytes have, would be a second way to write the same token.
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise TokenRefused("form", "a part is not base64url")
    return data


def _read_object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(
            data.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TokenRefused("form", "a part is not a JSON object with each name once")
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError
    return dict(pairs)


def _refuse_constant(_: str) -> None:
    raise ValueError


def _check_header(header: dict[str, Any]) -> None:
    if header.get("alg") != "HS256":
        raise TokenRefused("alg", "HS256 is wanted")
    if "typ" in header and str(header["typ"]).upper() != "JWT":
        raise TokenRefused("typ", "JWT is wanted, or none")
    if "crit" in header:
        raise TokenRefused("crit", "no extension is understood here")


def _check_audience(audience: Any) -> None:
    if audience != AUDIENCE and not (isinstance(audience, list) and AUDIENCE in audience):
        raise TokenRefused("aud", f"{AUDIENCE} is wanted")


def _check_times(claims: dict[str, Any], now: float) -> None:
    expires, starts, issued = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None or expires <= now:
        raise TokenRefused("exp", "it is over" if expires else "when it ends is wanted")
    if expires > now + LASTS.total_seconds():
        raise TokenRefused("exp", f"it ends more than {LASTS.total_seconds():g} seconds from now")
    if starts is not None and starts > now + CLOCKS_DIFFER.total_seconds():
        raise TokenRefused("nbf", "it is not in force yet")
    if issued is not None and issued > now + CLOCKS_DIFFER.total_seconds():
        raise TokenRefused("iat", "it was made in the future")


def _time(claims: dict[str, Any], name: Literal["exp", "nbf", "iat"]) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        # true is a number to Python, and one beyond a float's reach is no time.
        seconds = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise TokenRefused(name, "seconds since 1970 are wanted")
    return seconds


def _get_subject(claims: dict[str, Any]) -> str:
    subject = _text(claims, "sub")
    # Two users must not look alike, and the id stands in the database and in the room.
    if len(subject) > _LONGEST_SUBJECT or subject != normalise(subject) or not subject.isprintable():
        raise TokenRefused("sub", f"1 to {_LONGEST_SUBJECT} characters that can be seen are wanted")
    return subject


def _text(
    claims: dict[str, Any], name: Literal["jti", "sub", "name", "email"], *, optional: bool = False
) -> str:
    value = claims.get(name)
    if optional and value is None:
        return ""
    if not isinstance(value, str) or (not optional and not value):
        raise TokenRefused(name, "a text is wanted")
    return value
