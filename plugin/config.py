"""The operator's configuration: parsed and checked once per reload into frozen settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from mautrix.util.config import BaseProxyConfig, ConfigUpdateHelper

from .checks import MISSING, Checker, Network
from .domain.blocks import BlockRules
from .domain.errors import ConfigError
from .domain.model import Role
from .domain.tickets import Policy, TicketRules

_MODERATOR_KEYS = {"name": "", "role": "", "telegram_id": 0, "mxid": "", "handles": []}


@dataclass(frozen=True, kw_only=True)
class ModeratorEntry:
    """One line of the allow-list that can't be removed at run time."""

    name: str
    role: Role
    telegram_id: int | None
    mxid: str | None
    handles: tuple[str, ...] = ()
    """Public names, in lower case and without the @, by which this person may be met elsewhere."""


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
    status_timeout: timedelta
    """Without a word from the bridge for so long a batch counts as not confirmed."""


@dataclass(frozen=True, kw_only=True)
class BlockHabits:
    """What goes with a block, besides its length."""

    announce_in_room: bool
    """Whether the group sees a neutral answer to a moderator's block."""
    cover_address: bool
    """Whether new anonymous customers from the same address are held too."""
    keep_ended: timedelta
    """How long a block is remembered after its end."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a customer, and an address, may do."""

    messages_per_minute: int
    sessions_per_hour: int


@dataclass(frozen=True, kw_only=True)
class Identity:
    """How a customer may prove who it is."""

    user_secret: str = field(repr=False)
    """What the host site signs its users' tokens with; empty: it signs none."""
    wallet_chains: tuple[int, ...]
    """EIP-155 ids of the chains whose wallets may sign in."""
    rpc_url: str = field(repr=False)
    """A node to ask about contract wallets, which may bear a key of the operator's; empty: none."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The checked configuration."""

    support_room: str
    admins: tuple[str, ...]
    bridge_bot: str
    ghost_template: str
    moderators: tuple[ModeratorEntry, ...]
    widget: Widget
    tickets: TicketRules
    blocks: BlockRules
    block_habits: BlockHabits
    relay: RelayPace
    limits: Limits
    identity: Identity
    trusted_proxies: tuple[Network, ...]


class Config(BaseProxyConfig):
    """The configuration as maubot keeps it."""

    def do_update(self, helper: ConfigUpdateHelper) -> None:
        """Bring the operator's values into the newest base configuration, section by section."""
        for key, value in helper.base._data.items():
            if isinstance(value, Mapping) and isinstance(self._data.get(key), Mapping):
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
            settings = self._load_and_check()
        except ConfigError:
            self._data = previous
            if previous:
                self.save()
            raise
        self.save()
        return settings

    def _load_and_check(self) -> Settings:
        self.load()
        if not isinstance(self._data, Mapping):
            raise ConfigError([f"{self._data!r} given, a mapping of keys to values wanted"])
        base = self.load_base()
        problems = _unknown_keys(self._data, base._data if base else {})
        self.update(save=False)
        try:
            settings = parse_settings(self._data)
        except ConfigError as error:
            problems += error.problems
        if problems:
            raise ConfigError(problems)
        return settings


def _unknown_keys(data: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
    top = Checker(data)
    top.refuse_unknown(base)
    problems = top.problems
    for key, known in base.items():
        if isinstance(known, Mapping) and isinstance(data.get(key), Mapping):
            section = Checker(data[key], f"{key}.")
            section.refuse_unknown(known)
            problems += section.problems
    return problems


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """Check `data`, shaped as base-config.yaml.

    Raises:
        ConfigError: it names every key with a wrong value.
    """
    check = Checker(data)
    settings = Settings(
        support_room=check.room("support_room"),
        admins=check.mxids("admins"),
        bridge_bot=check.mxid("bridge.bot"),
        ghost_template=check.ghost_template("bridge.ghost_template"),
        moderators=_moderators(check, "moderators"),
        widget=Widget(
            allowed_origins=check.origins("widget.allowed_origins"),
            name=check.text("widget.name"),
            color=check.color("widget.color"),
        ),
        tickets=TicketRules(
            policy=cast("Policy", check.choice("tickets.policy", ("per_customer", "per_case"))),
            close_after=check.length("tickets.close_after", zero=True),
            reopen_within=check.length("tickets.reopen_within", zero=True),
        ),
        blocks=BlockRules(
            default=check.length("blocks.default"), longest=check.length_or_never("blocks.longest")
        ),
        block_habits=BlockHabits(
            announce_in_room=check.choice("blocks.announce", ("room", "console")) == "room",
            cover_address=check.flag("blocks.cover_address"),
            keep_ended=check.length("blocks.keep_ended"),
        ),
        relay=RelayPace(
            per_minute=check.count("relay.per_minute"),
            join_within=check.length("relay.join_within", zero=True),
            status_timeout=check.length("relay.status_timeout"),
        ),
        limits=Limits(
            messages_per_minute=check.count("limits.messages_per_minute", least=1),
            sessions_per_hour=check.count("limits.sessions_per_hour", least=1),
        ),
        identity=Identity(
            user_secret=check.secret("identity.user_secret"),
            wallet_chains=check.chains("identity.wallet_chains"),
            rpc_url=check.url_or_nothing("identity.rpc_url"),
        ),
        trusted_proxies=check.networks("trusted_proxies"),
    )
    if check.problems:
        raise ConfigError(check.problems)
    return settings


def _moderators(check: Checker, key: str) -> tuple[ModeratorEntry, ...]:
    entries = [_moderator(check, f"{key}[{i}]", value) for i, value in enumerate(check.items(key))]
    for name in ("telegram_id", "mxid"):
        ids = [getattr(entry, name) for entry in entries if getattr(entry, name)]
        for twice in {i for i in ids if ids.count(i) > 1}:
            check.problems.append(f"{key}: {name} {twice} stands there twice")
    handles = [handle for entry in entries for handle in entry.handles]
    for twice in sorted({handle for handle in handles if handles.count(handle) > 1}):
        check.problems.append(f"{key}: the handle {twice} stands there twice")
    return tuple(entries)


def _moderator(check: Checker, key: str, value: Any) -> ModeratorEntry:
    if not isinstance(value, Mapping):
        check.refuse(key, value, "a mapping with name and telegram_id or mxid")
        return ModeratorEntry(name="", role="moderator", telegram_id=None, mxid=None)
    entry = Checker(value, f"{key}.")
    entry.refuse_unknown(_MODERATOR_KEYS)
    named = [name for name in ("telegram_id", "mxid") if entry.get(name) not in (MISSING, None)]
    if not named:
        check.refuse(key, None, "telegram_id or mxid")
    parsed = ModeratorEntry(
        role=cast("Role", entry.choice("role", ("moderator", "admin"), "moderator")),
        name=entry.text("name"),
        # What was refused becomes nothing: two wrong ids are not the same person.
        telegram_id=(entry.count("telegram_id", least=1) if "telegram_id" in named else 0) or None,
        mxid=(entry.mxid("mxid") if "mxid" in named else "") or None,
        handles=entry.handles("handles") if entry.get("handles") is not MISSING else (),
    )
    check.problems += entry.problems
    return parsed
