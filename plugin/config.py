"""The operator's configuration: parsed and checked once per reload into frozen settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from mautrix.util.config import BaseProxyConfig, ConfigUpdateHelper

from .domain.blocks import BlockRules
from .domain.durations import EXAMPLES, parse_duration
from .domain.errors import ConfigError
from .domain.model import Role

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MXID = re.compile(r"@[^:\s]+:\S+")
_ROOM = re.compile(r"![^\s]+|#[^:\s]+:\S+")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_ROLES = ("moderator", "admin")
_MISSING: Any = object()


@dataclass(frozen=True, kw_only=True)
class ModeratorEntry:
    """One line of the allow-list that can't be removed at run time."""

    name: str
    role: Role
    telegram_id: int | None
    mxid: str | None


@dataclass(frozen=True, kw_only=True)
class Widget:
    """What a customer's page shows, and which sites may use it."""

    allowed_origins: frozenset[str]
    name: str
    color: str


@dataclass(frozen=True, kw_only=True)
class RelayPace:
    """How fast messages go to the group."""

    per_minute: int
    """0: no pacing."""
    join_within: timedelta


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a customer, and an address, may do."""

    messages_per_minute: int
    sessions_per_hour: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked configuration."""

    support_room: str
    admins: tuple[str, ...]
    bridge_bot: str
    ghost_template: str
    moderators: tuple[ModeratorEntry, ...]
    widget: Widget
    blocks: BlockRules
    relay: RelayPace
    limits: Limits
    trusted_proxies: tuple[Network, ...]


class Config(BaseProxyConfig):
    """The configuration as maubot keeps it; `settings` is what the plugin goes by."""

    def do_update(self, helper: ConfigUpdateHelper) -> None:
        """Bring the operator's values into the newest base configuration."""
        unknown = [key for key in self._data if key not in helper.base]
        if unknown:
            raise ConfigError([f"{key}: there is no such key" for key in unknown])
        for key, value in helper.base._data.items():
            given = self._data.get(key)
            if isinstance(value, Mapping) and isinstance(given, Mapping):
                _refuse_unknown(key, given, value)
                for inner in value:
                    helper.copy(f"{key}.{inner}")
            else:
                helper.copy(key)

    def reload(self) -> Settings:
        """Load, check and save; what was in force before stays if anything is wrong.

        Raises:
            ConfigError: it names every key with a wrong value.
        """
        previous = self._data
        try:
            self.load()
            self.update(save=False)
            settings = parse_settings(self._data)
        except ConfigError:
            if previous:
                self._data = previous
                self.save()
            raise
        self.save()
        return settings


def _refuse_unknown(key: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    unknown = [f"{key}.{inner}: there is no such key" for inner in given if inner not in known]
    if unknown:
        raise ConfigError(unknown)


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """Check `data`, shaped as base-config.yaml.

    Raises:
        ConfigError: it names every key with a wrong value.
    """
    reader = _Reader(data)
    settings = Settings(
        support_room=reader.matching(
            "support_room", _ROOM, "a room id such as !abc or an alias such as #a:b"
        ),
        admins=tuple(
            reader.check(f"admins[{i}]", value, _MXID, "a Matrix user id such as @you:example.org")
            for i, value in enumerate(reader.sequence("admins"))
        ),
        bridge_bot=reader.matching("bridge.bot", _MXID, "a Matrix user id such as @telegrambot:example.org"),
        ghost_template=reader.ghost_template("bridge.ghost_template"),
        moderators=reader.moderators("moderators"),
        widget=Widget(
            allowed_origins=frozenset(reader.origins("widget.allowed_origins")),
            name=reader.text("widget.name"),
            color=reader.matching("widget.color", _COLOR, "a colour such as #4f46e5"),
        ),
        blocks=BlockRules(default=reader.length("blocks.default"), longest=reader.longest("blocks.longest")),
        relay=RelayPace(
            per_minute=reader.count("relay.per_minute"),
            join_within=reader.length("relay.join_within", zero=True),
        ),
        limits=Limits(
            messages_per_minute=reader.count("limits.messages_per_minute", least=1),
            sessions_per_hour=reader.count("limits.sessions_per_hour", least=1),
        ),
        trusted_proxies=reader.networks("trusted_proxies"),
    )
    if reader.problems:
        raise ConfigError(reader.problems)
    return settings


class _Reader:
    """Takes values out by dotted key and collects what is wrong with them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.problems: list[str] = []

    def _wrong(self, key: str, value: Any, wanted: str) -> None:
        found = "missing" if value is _MISSING or value is None or value == "" else f"{value!r} given"
        self.problems.append(f"{key}: {found}, {wanted} wanted")

    def _get(self, key: str) -> Any:
        node: Any = self._data
        for name in key.split("."):
            node = node.get(name, _MISSING) if isinstance(node, Mapping) else _MISSING
        return node

    def check(self, key: str, value: Any, pattern: re.Pattern[str], wanted: str) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self._wrong(key, value, wanted)
            return ""
        return value

    def matching(self, key: str, pattern: re.Pattern[str], wanted: str) -> str:
        return self.check(key, self._get(key), pattern, wanted)

    def text(self, key: str) -> str:
        return self.check(key, self._get(key), re.compile(r"\S[^\n]{0,99}"), "a text of 1 to 100 characters")

    def count(self, key: str, least: int = 0) -> int:
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self._wrong(key, value, f"a whole number from {least}")
            return least
        return value

    def length(self, key: str, zero: bool = False) -> timedelta:
        value = self._get(key)
        length = parse_duration(str(value)) if value != 0 else timedelta()
        if length is None or (not length and not zero):
            self._wrong(key, value, f"a length of time such as {EXAMPLES}")
            return timedelta()
        return length

    def longest(self, key: str) -> timedelta | None:
        return None if self._get(key) == "never" else self.length(key)

    def sequence(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            self._wrong(key, value, "a list")
            return []
        return list(value)

    def ghost_template(self, key: str) -> str:
        value = self._get(key)
        if (
            not isinstance(value, str)
            or value.count("{userid}") != 1
            or re.search(r"[{}@:\s]", value.replace("{userid}", ""))
        ):
            self._wrong(key, value, "the local part of a ghost with {userid} in it")
            return "{userid}"
        return value

    def origins(self, key: str) -> list[str]:
        origins = []
        for i, value in enumerate(self.sequence(key)):
            url = urlsplit(value if isinstance(value, str) else "")
            if (
                url.scheme not in ("http", "https")
                or not url.netloc
                or f"{url.scheme}://{url.netloc}" != value
            ):
                self._wrong(f"{key}[{i}]", value, "an origin such as https://app.example.org, without a path")
            else:
                origins.append(value.lower())
        return origins

    def networks(self, key: str) -> tuple[Network, ...]:
        networks = []
        for i, value in enumerate(self.sequence(key)):
            try:
                networks.append(ipaddress.ip_network(str(value)))
            except ValueError:
                self._wrong(f"{key}[{i}]", value, "an address or a network such as 10.0.0.0/8")
        return tuple(networks)

    def moderators(self, key: str) -> tuple[ModeratorEntry, ...]:
        entries = [self._moderator(f"{key}[{i}]", value) for i, value in enumerate(self.sequence(key))]
        for name in ("telegram_id", "mxid"):
            ids = [getattr(entry, name) for entry in entries if getattr(entry, name) is not None]
            for twice in {i for i in ids if ids.count(i) > 1}:
                self.problems.append(f"{key}: {name} {twice} stands there twice")
        return tuple(entries)

    def _moderator(self, key: str, value: Any) -> ModeratorEntry:
        if not isinstance(value, Mapping):
            self._wrong(key, value, "a mapping with name and telegram_id or mxid")
            return ModeratorEntry(name="", role="moderator", telegram_id=None, mxid=None)
        for unknown in sorted(set(map(str, value)) - {"name", "role", "telegram_id", "mxid"}):
            self.problems.append(f"{key}.{unknown}: there is no such key")
        entry = _Reader(value)
        telegram_id, mxid, role = (value.get(name) for name in ("telegram_id", "mxid", "role"))
        if telegram_id is None and mxid is None:
            self._wrong(key, None, "telegram_id or mxid")
        if mxid is not None:
            entry.check("mxid", mxid, _MXID, "a Matrix user id such as @bob:example.org")
        if role not in (None, *_ROLES):
            entry._wrong("role", role, "moderator or admin")
        parsed = ModeratorEntry(
            name=entry.text("name"),
            role=role if role in _ROLES else "moderator",
            telegram_id=entry.count("telegram_id", least=1) if telegram_id is not None else None,
            mxid=mxid,
        )
        self.problems += [f"{key}.{problem}" for problem in entry.problems]
        return parsed
