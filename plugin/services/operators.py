"""`!headset` in Matrix: operators look at the desk and keep its allow-list."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from ..db.database import Database
from ..db.transaction import Transaction
from ..domain.durations import format_duration
from ..domain.model import Moderator
from ..domain.text import one_line
from .health import Health, HealthService
from .ids import new_ulid
from .moderation import ModerationService
from .ports import Clock, GetSettings
from .users import UserService
from .wallets import WalletService

PREFIX = "!headset"

HELP = """!headset status - is all well
!headset moderators - who speaks for the team
!headset allow <Telegram id or MXID> <name> - put somebody on the allow-list
!headset deny <Telegram id, MXID or name> - take somebody off it
!headset blocks - who is blocked
!headset help - this"""

_MXID = re.compile(r"@[^:\s]+:\S+")
_NAME = 100


class OperatorService:
    """Answers the members of `admins`; to anybody else it says nothing."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: GetSettings,
        health: HealthService,
        moderation: ModerationService,
        wallets: WalletService,
        users: UserService,
        saw_untrusted_proxy: Callable[[], bool],
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._health, self._moderation, self._saw_untrusted_proxy = health, moderation, saw_untrusted_proxy
        self._wallets, self._users = wallets, users
        self._commands: dict[str, Callable[[str, str], Awaitable[str]]] = {
            "status": self._status,
            "moderators": self._list_moderators,
            "allow": self._allow,
            "deny": self._deny,
            "blocks": self._list_blocks,
            "help": self._help,
        }

    async def answer(self, sender: str, text: str) -> str | None:
        """Return the answer to a text in any room; None where there is nothing to say to it."""
        prefix, _, rest = text.strip().partition(" ")
        if prefix != PREFIX or sender not in self._settings().admins:
            return None
        name, _, words = rest.strip().partition(" ")
        command = self._commands.get(name or "help")
        if command is None:
            return f"{one_line(name, 32)} is not a command.\n{HELP}"
        return await command(sender, words.strip())

    async def _help(self, _sender: str, _words: str) -> str:
        return HELP

    async def _status(self, _sender: str, _words: str) -> str:
        health = await self._health.get_health()
        proxies = (
            "an untrusted one sends X-Forwarded-For" if self._saw_untrusted_proxy() else "nothing untrusted"
        )
        lines = [f"Headset is {health.status}", *self._lines(health)]
        return "\n".join([*lines, self._sign_in(), f"proxies: {proxies}"])

    def _sign_in(self) -> str:
        chains, wanted = self._wallets.chains, self._settings().identity.wallet_chains
        wallets = f"wallets of chain {', '.join(map(str, chains))}" if chains else "wallets off"
        if wanted and not chains:
            wallets += f" ({self._wallets.missing} is not installed)"
        return f"sign-in: {wallets}, users of the site {'on' if self._users.is_on else 'off'}"

    def _lines(self, health: Health) -> list[str]:
        bot, facts, numbers = self._settings().bridge_bot, health.facts, health.numbers
        room = f"joined {health.room_id}" if health.room_id else f"not joined: {health.room_problem or '…'}"
        lines = [f"room: {room}"]
        if facts is not None:
            there = "in the room" if facts.bridge_is_there else "not in the room"
            reports = (
                "reports deliveries" if numbers and numbers.bridge_reports else "does not report deliveries"
            )
            lines += [
                f"bridge: {bot} {there}, {reports}",
                f"power to redact: {'yes' if facts.may_redact else 'no'}",
            ]
        if numbers is None:
            return [*lines, "database: can't be read"]
        waits = self._clock.now() - numbers.oldest if numbers.oldest else None
        oldest = f", the oldest for {format_duration(waits)}" if waits else ""
        engine = "PostgreSQL" if self._database.may_be_shared else "SQLite"
        if numbers.redactions_refused:
            lines.append(f"redactions: {numbers.redactions_refused} refused by the homeserver")
        return [
            *lines,
            f"outbox: {numbers.waiting} waiting{oldest}, {numbers.failed} failed,"
            f" {numbers.unconfirmed} not confirmed",
            f"tickets: {numbers.open_tickets} open, {numbers.strangers_today} strangers' replies today",
            f"database: {engine}, ok",
        ]

    async def _list_moderators(self, _sender: str, _words: str) -> str:
        async with self._database.snapshot() as tx:
            team = await tx.moderators.list_active()
        return "\n".join(_line(moderator) for moderator in team) or "Nobody is on the allow-list."

    async def _list_blocks(self, _sender: str, _words: str) -> str:
        async with self._database.snapshot() as tx:
            return await self._moderation.list_blocked(tx, self._clock.now(), for_operator=True)

    async def _allow(self, sender: str, words: str) -> str:
        who, _, name = words.partition(" ")
        name = one_line(name, _NAME)
        telegram_id = int(who) if who.isascii() and who.isdigit() and len(who) < 16 else None
        mxid = who if _MXID.fullmatch(who) else None
        if not (telegram_id or mxid):
            return f"{one_line(who, 64) or 'Nothing'} is neither a Telegram id, such as 5550001, nor an MXID."
        if not name:
            return "Write the name that customers see: !headset allow <Telegram id or MXID> <name>"
        async with self._database.transaction() as tx:
            known = [m for m in await tx.moderators.list_all() if _has_id(m, telegram_id, mxid)]
            if any(_has_id(m, telegram_id, mxid) for m in await tx.moderators.list_active()):
                return f"{who} is on the allow-list already."
            now = self._clock.now()
            moderator = Moderator(
                id=known[0].id if known else new_ulid(now),
                name=name,
                role="moderator",
                telegram_id=telegram_id,
                mxid=mxid,
                source="runtime",
            )
            put = tx.moderators.update if known else tx.moderators.add
            await put(moderator)
            await self._audit(tx, sender, "moderator.allowed", moderator)
        return f"✓ {_line(moderator)}"

    async def _deny(self, sender: str, words: str) -> str:
        async with self._database.transaction() as tx:
            found = [
                m
                for m in await tx.moderators.list_active()
                if words and words in (str(m.telegram_id), m.mxid, m.name)
            ]
            if len(found) != 1:
                return f"{len(found) or 'Nobody'} on the allow-list is {one_line(words, 64) or 'meant'}."
            if not await tx.moderators.retire(found[0].id):
                return f"{found[0].name} stands in the configuration: take the line out there."
            await tx.access.revoke_retired(self._clock.now())
            await self._audit(tx, sender, "moderator.denied", found[0])
        return f"✓ {found[0].name} is a stranger now"

    async def _audit(self, tx: Transaction, sender: str, action: str, moderator: Moderator) -> None:
        now = self._clock.now()
        await tx.records.add_audit(
            new_ulid(now),
            at=now,
            actor_id=sender,
            actor_name=sender,
            action=action,
            target={"moderator": moderator.id},
            detail={"name": moderator.name},
        )


def _has_id(moderator: Moderator, telegram_id: int | None, mxid: str | None) -> bool:
    return (telegram_id is not None and moderator.telegram_id == telegram_id) or (
        mxid is not None and moderator.mxid == mxid
    )


def _line(moderator: Moderator) -> str:
    ids = " ".join(str(i) for i in (moderator.telegram_id, moderator.mxid) if i)
    return f"{moderator.name} ({moderator.role}): {ids}"
