"""`!headset` in Matrix: operators look at the desk and keep its allow-list."""

from __future__ import annotations

from collections.abc import Callable

from ..db.database import Database
from ..domain.durations import format_duration
from ..domain.errors import Conflict
from ..domain.model import Moderator
from ..domain.text import one_line
from .audit import acting_in_matrix
from .health import Health, HealthService
from .matrix_commands import Asked, MatrixCommand
from .mod.team import LONGEST_NAME, Entry, TeamService, find_named, is_mxid
from .moderation import ModerationService
from .ports import Clock, GetSettings
from .users import UserService
from .wallets import WalletService


class OperatorService:
    """Answers the members of `admins`."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        settings: GetSettings,
        health: HealthService,
        moderation: ModerationService,
        team: TeamService,
        wallets: WalletService,
        users: UserService,
        saw_untrusted_proxy: Callable[[], bool],
    ) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._health, self._moderation, self._saw_untrusted_proxy = health, moderation, saw_untrusted_proxy
        self._team, self._wallets, self._users = team, wallets, users
        self.commands = {
            "status": MatrixCommand(usage="status", does="is all well", run=self._status),
            "moderators": MatrixCommand(
                usage="moderators", does="who speaks for the team", run=self._list_moderators
            ),
            "allow": MatrixCommand(
                usage="allow <Telegram id or MXID> <name>",
                does="put somebody on the allow-list",
                run=self._allow,
            ),
            "deny": MatrixCommand(
                usage="deny <Telegram id, MXID or name>", does="take somebody off it", run=self._deny
            ),
            "blocks": MatrixCommand(usage="blocks", does="who is blocked", run=self._list_blocks),
        }

    async def _status(self, _: Asked) -> str:
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

    async def _list_moderators(self, _: Asked) -> str:
        team = await self._team.list_members()
        return "\n".join(_line(moderator) for moderator in team) or "Nobody is on the allow-list."

    async def _list_blocks(self, _: Asked) -> str:
        async with self._database.snapshot() as tx:
            return await self._moderation.list_blocked(tx, self._clock.now(), for_operator=True)

    async def _allow(self, asked: Asked) -> str:
        who, _, name = asked.words.partition(" ")
        name = one_line(name, LONGEST_NAME)
        telegram_id = int(who) if who.isascii() and who.isdigit() and len(who) < 16 else None
        mxid = who if is_mxid(who) else None
        if not (telegram_id or mxid):
            return f"{one_line(who, 64) or 'Nothing'} is neither a Telegram id, such as 5550001, nor an MXID."
        if not name:
            return "Write the name that customers see: !headset allow <Telegram id or MXID> <name>"
        entry = Entry(name=name, role="moderator", telegram_id=telegram_id, mxid=mxid)
        try:
            moderator = await self._team.allow(acting_in_matrix(asked.mxid), entry)
        except Conflict:
            return f"{who} is on the allow-list already."
        return f"✓ {_line(moderator)}"

    async def _deny(self, asked: Asked) -> str:
        found = find_named(await self._team.list_members(), asked.words)
        if len(found) != 1:
            return f"{len(found) or 'Nobody'} on the allow-list is {one_line(asked.words, 64) or 'meant'}."
        try:
            denied = await self._team.deny(acting_in_matrix(asked.mxid), found[0].id)
        except Conflict:
            return f"{found[0].name} stands in the configuration: take the line out there."
        return f"✓ {denied.name} is a stranger now"


def _line(moderator: Moderator) -> str:
    ids = " ".join(str(i) for i in (moderator.telegram_id, moderator.mxid) if i)
    return f"{moderator.name} ({moderator.role}): {ids}"
