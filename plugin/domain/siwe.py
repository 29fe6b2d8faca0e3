"""EIP-4361, "Sign-In with Ethereum": the text a wallet signs, read to the letter, and the rules it must keep.

Source: https://eips.ethereum.org/EIPS/eip-4361, its ABNF and RFC 3986.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal
from urllib.parse import urlsplit

Checksum = Callable[[str], str]
"""Writes an address of 40 hexadecimal digits after `0x` as EIP-55 wants it."""

Rule = Literal[
    "domain", "scheme", "address", "uri", "chain_id", "nonce", "issued_at", "expiration_time", "not_before"
]

STATEMENT = "Sign in to the support chat and see your conversation. This costs nothing and moves nothing."

NONCE_LASTS = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(minutes=5)
"""By so much `Issued At` may be away from now, either way."""

_TEXT_LIMIT = 8192

_HEXADECIMAL = "[0-9A-Fa-f]"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMITERS = "!$&'()*+,;="
_ENCODED = f"%{_HEXADECIMAL}{{2}}"
_SCHEME = r"[A-Za-z][A-Za-z0-9+\-.]*"
_AUTHORITY = (
    rf"(?:(?:[{_UNRESERVED}{_SUB_DELIMITERS}:]|{_ENCODED})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[{_UNRESERVED}{_SUB_DELIMITERS}]|{_ENCODED})+)(?::[0-9]*)?"
)
_PATH = rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@/]|{_ENCODED})*"
_QUERY = rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@/?]|{_ENCODED})*"
_URI = rf"{_SCHEME}:(?://{_AUTHORITY}(?:/{_PATH})?|(?!//){_PATH})(?:\?{_QUERY})?(?:#{_QUERY})?"
_STATEMENT = rf"[{_UNRESERVED}{_SUB_DELIMITERS}:/?#\[\]@ ]+"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
_REQUEST_ID = rf"(?:[{_UNRESERVED}{_SUB_DELIMITERS}:@]|{_ENCODED})*"

_TEXT = re.compile(
    rf"(?:(?P<scheme>{_SCHEME})://)?(?P<domain>{_AUTHORITY})"
    r" wants you to sign in with your Ethereum account:\n"
    rf"(?P<address>0x{_HEXADECIMAL}{{40}})\n"
    rf"\n(?:(?P<statement>{_STATEMENT})\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,20})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,})\n"
    rf"Issued At: (?P<issued_at>{_TIME})"
    rf"(?:\nExpiration Time: (?P<expiration_time>{_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_TIME}))?"
    rf"(?:\nRequest ID: (?P<request_id>{_REQUEST_ID}))?"
    rf"(?P<resources>\nResources:(?:\n- {_URI})*)?"
)


class NotSiwe(ValueError):
    """The text is not as EIP-4361 has it."""


@dataclass(frozen=True, kw_only=True)
class SiweText:
    """What a text says."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expiration_time: datetime | None = None
    not_before: datetime | None = None
    scheme: str | None = None
    statement: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a text must say."""

    origin: str
    """Of the page in which the wallet was asked, such as `https://app.example.org`."""
    address: str
    chain_id: int
    nonce: str


def compose(wanted: Wanted, now: datetime) -> str:
    """Return the text that a wallet is asked to sign, in force from `now` for as long as its nonce."""
    return "\n".join(
        [
            f"{urlsplit(wanted.origin).netloc} wants you to sign in with your Ethereum account:",
            wanted.address,
            "",
            STATEMENT,
            "",
            f"URI: {wanted.origin}",
            "Version: 1",
            f"Chain ID: {wanted.chain_id}",
            f"Nonce: {wanted.nonce}",
            f"Issued At: {_time(now)}",
            f"Expiration Time: {_time(now + NONCE_LASTS)}",
        ]
    )


def parse(text: str, checksum: Checksum) -> SiweText:
    """Read a text.

    Raises:
        NotSiwe: it is not to the letter what the EIP says, or its address is not as EIP-55 writes it.
    """
    found = _TEXT.fullmatch(text) if len(text) <= _TEXT_LIMIT else None
    if found is None:
        raise NotSiwe("this is not an EIP-4361 text of version 1")
    if found["address"] != checksum(found["address"]):
        raise NotSiwe("the address is not as EIP-55 writes it")
    resources = (found["resources"] or "").removeprefix("\nResources:")
    return SiweText(
        scheme=found["scheme"],
        domain=found["domain"],
        address=found["address"],
        statement=found["statement"],
        uri=found["uri"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at=_read_time(found["issued_at"]),
        expiration_time=_read_time_or_none(found["expiration_time"]),
        not_before=_read_time_or_none(found["not_before"]),
        request_id=found["request_id"],
        resources=tuple(resources.split("\n- ")[1:]),
    )


def check(text: SiweText, wanted: Wanted, now: datetime) -> Rule | None:
    """Return the first rule that a text breaks."""
    page = urlsplit(wanted.origin)
    kept: dict[Rule, bool] = {
        "domain": text.domain == page.netloc,
        "scheme": text.scheme in (None, page.scheme),
        "address": text.address == wanted.address,
        "uri": text.uri == wanted.origin,
        "chain_id": text.chain_id == wanted.chain_id,
        "nonce": text.nonce == wanted.nonce,
        "issued_at": abs(now - text.issued_at) <= CLOCKS_DIFFER,
        "expiration_time": text.expiration_time is None or now < text.expiration_time,
        "not_before": text.not_before is None or now >= text.not_before,
    }
    return next((rule for rule, holds in kept.items() if not holds), None)


def _time(at: datetime) -> str:
    return f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _read_time_or_none(text: str | None) -> datetime | None:
    return None if text is None else _read_time(text)


def _read_time(text: str) -> datetime:
    whole, _, rest = text.upper().partition(".")
    # Before Python 3.11 fromisoformat takes neither Z nor any number of digits.
    digits = re.match("[0-9]*", rest)[0] if rest else ""  # type: ignore[index]
    zone = rest[len(digits) :] if rest else whole[19:]
    try:
        return datetime.fromisoformat(f"{whole[:19]}.{digits[:6]:0<6}{zone.replace('Z', '+00:00')}")
    except ValueError:
        raise NotSiwe(f"{text} is not a time") from None
