"""Takes values out of a configuration by dotted key and collects what is wrong with them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from .domain.durations import EXAMPLES, parse_duration
from .domain.roster import MXID

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MISSING: Any = object()

_ROOM = re.compile(r"![^\s]+|#[^:\s]+:\S+")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_LINE = re.compile(r"\S[^\n]{0,99}")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]")
_HANDLE = re.compile(r"@?[A-Za-z0-9_](?:[A-Za-z0-9_.:-]{0,62}[A-Za-z0-9_])?")
_NOT_IN_LOCALPART = re.compile(r"[{}@:\s]")
_LEAST_SECRET = 32
"""Bytes; RFC 7518 asks for as many as HS256's hash has."""
_LARGEST_CHAIN = 2**53 - 1
"""What JSON carries whole."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Checker:
    """Reads one mapping; `problems` names each key with a wrong value."""

    def __init__(self, data: Mapping[str, Any], prefix: str = "") -> None:
        self._data, self._prefix = data, prefix
        self.problems: list[str] = []

    def get(self, key: str) -> Any:
        """Return the value as it stands there, or MISSING."""
        node: Any = self._data
        for name in key.split("."):
            node = node.get(name, MISSING) if isinstance(node, Mapping) else MISSING
        return node

    def refuse(self, key: str, value: Any, wanted: str) -> None:
        """Note that a key has the wrong value."""
        nothing = value is MISSING or value is None or (isinstance(value, str) and not value)
        found = "missing" if nothing else f"{value!r} given"
        self.problems.append(f"{self._prefix}{key}: {found}, {wanted} wanted")

    def refuse_unknown(self, known: Mapping[str, Any]) -> None:
        """Note the keys that mean nothing; a misspelt one would otherwise be silently without effect."""
        for name in self._data:
            if name not in known:
                self.problems.append(f"{self._prefix}{name}: there is no such key")

    def mxid(self, key: str) -> str:
        """Return a Matrix user id."""
        return self._matching(key, self.get(key), MXID, "a Matrix user id such as @you:example.org")

    def mxids(self, key: str) -> tuple[str, ...]:
        """Return Matrix user ids, each once."""
        wanted = "a Matrix user id such as @you:example.org"
        ids = [self._matching(f"{key}[{i}]", value, MXID, wanted) for i, value in enumerate(self.items(key))]
        return tuple(dict.fromkeys(ids))

    def room(self, key: str) -> str:
        """Return a room id or alias."""
        return self._matching(key, self.get(key), _ROOM, "a room id such as !abc or an alias such as #a:b")

    def handles(self, key: str) -> tuple[str, ...]:
        """Return public names in lower case, without the @, each once."""
        wanted = "a public handle such as @bob_help"
        found = [
            self._matching(f"{key}[{i}]", value, _HANDLE, wanted) for i, value in enumerate(self.items(key))
        ]
        return tuple(dict.fromkeys(handle.lower().removeprefix("@") for handle in found))

    def color(self, key: str) -> str:
        """Return a colour."""
        return self._matching(key, self.get(key), _COLOR, "a colour such as #4f46e5")

    def text(self, key: str) -> str:
        """Return a line of text."""
        return self._matching(key, self.get(key), _LINE, "a text of 1 to 100 characters")

    def count(self, key: str, least: int = 0) -> int:
        """Return a whole number."""
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.refuse(key, value, f"a whole number from {least}")
            return 0
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of `choices`; an absent key means `default`, if there is one."""
        value = self.get(key)
        if default is not None and (value is MISSING or value is None):
            return default
        if value not in choices:
            self.refuse(key, value, " or ".join(choices))
            return choices[0]
        return str(value)

    def flag(self, key: str) -> bool:
        """Return a truth value."""
        value = self.get(key)
        if not isinstance(value, bool):
            self.refuse(key, value, "true or false")
            return False
        return value

    def length(self, key: str, *, zero: bool = False) -> timedelta:
        """Return a length of time."""
        value = self.get(key)
        length = timedelta() if value == 0 and value is not False else parse_duration(str(value))
        if length is None or (not length and not zero):
            self.refuse(key, value, f"a length of time such as {EXAMPLES}")
            return timedelta()
        return length

    def length_or_never(self, key: str) -> timedelta | None:
        """Return a length of time, None for `never`."""
        return None if self.get(key) == "never" else self.length(key)

    def items(self, key: str) -> list[Any]:
        """Return a list."""
        value = self.get(key)
        if not isinstance(value, list):
            self.refuse(key, value, "a list")
            return []
        return list(value)

    def ghost_template(self, key: str) -> str:
        """Return the local part of ghosts, with the place of the user's id in it."""
        value = self.get(key)
        parts = value.split("{userid}") if isinstance(value, str) else []
        if len(parts) != 2 or _NOT_IN_LOCALPART.search("".join(parts)):
            self.refuse(key, value, "the local part of a ghost with {userid} in it")
            return "{userid}"
        return str(value)

    def origins(self, key: str) -> frozenset[str]:
        """Return origins as browsers send them."""
        found = set()
        for i, value in enumerate(self.items(key)):
            if isinstance(value, str) and _is_origin(value):
                found.add(value.lower())
            else:
                self.refuse(f"{key}[{i}]", value, "an origin such as https://app.example.org, without a path")
        return frozenset(found)

    def secret(self, key: str) -> str:
        """Return a secret, or nothing; what is refused is not repeated, for it may end up in a log."""
        value = self.get(key)
        if not isinstance(value, str) or 0 < len(value.encode("utf-8", "replace")) < _LEAST_SECRET:
            self._refuse_unseen(key, f"a text of at least {_LEAST_SECRET} characters, or none,")
            return ""
        return value

    def url_or_nothing(self, key: str) -> str:
        """Return a web address, or nothing; it may bear a key, so what is refused is not repeated."""
        value = self.get(key)
        if not isinstance(value, str) or (value and not _is_web_address(value)):
            self._refuse_unseen(key, "a web address such as https://node.example.org/, or none,")
            return ""
        return value

    def chains(self, key: str) -> tuple[int, ...]:
        """Return EIP-155 chain ids, each once."""
        found = []
        for i, value in enumerate(self.items(key)):
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_CHAIN:
                found.append(int(value))
            else:
                self.refuse(f"{key}[{i}]", value, "the EIP-155 id of a chain such as 1")
        return tuple(dict.fromkeys(found))

    def networks(self, key: str) -> tuple[Network, ...]:
        """Return addresses and networks."""
        networks = []
        for i, value in enumerate(self.items(key)):
            try:
                networks.append(ipaddress.ip_network(value if isinstance(value, str) else ""))
            except ValueError:
                self.refuse(f"{key}[{i}]", value, "an address or a network such as 10.0.0.0/8")
        return tuple(networks)

    def _refuse_unseen(self, key: str, wanted: str) -> None:
        self.problems.append(f"{self._prefix}{key}: {wanted} wanted")

    def _matching(self, key: str, value: Any, pattern: re.Pattern[str], wanted: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.refuse(key, value, wanted)
            return ""
        return value


def _is_origin(text: str) -> bool:
    """Tell whether a browser sends this as an origin: no path, no user, no default port."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    scheme, host = url.scheme, text.lower().removeprefix(f"{url.scheme}://").removesuffix(f":{port}")
    return scheme in _DEFAULT_PORTS and port != _DEFAULT_PORTS[scheme] and bool(_HOST.fullmatch(host))


def _is_web_address(text: str) -> bool:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        return False
    # urlsplit overlooks line breaks and tabs.
    return url.scheme in _DEFAULT_PORTS and bool(host) and not re.search(r"[\s\x00-\x1f]", text)
