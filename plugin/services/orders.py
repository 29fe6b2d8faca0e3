"""Moderators' commands, each with the answer that the team is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from ..db.transaction import Transaction
from ..domain.commands import HELP, Command, Misuse, Verb
from ..domain.durations import format_duration
from ..domain.errors import Conflict, Forbidden
from ..domain.model import HeldReply, Moderator, RoomEvent, Target, Ticket
from ..domain.posts import heading
from ..domain.replies import Note, Order
from ..domain.text import neutralise, one_line
from .answers import AnswerService
from .firewall import why_held
from .held import HeldReplyService
from .moderation import ModerationService
from .notices import say_to_team
from .ports import Clock
from .ticket_acts import TicketActs

HINT_EVERY = timedelta(minutes=10)
"""A person is told the same kind of thing once in this time."""

_MOST_LISTED = 20
_QUOTED = 60


@dataclass(frozen=True, kw_only=True)
class _About:
    """A command with all that it may need."""

    by: Moderator
    target: Target
    ticket: Ticket
    command: Command
    event: RoomEvent


class OrderService:
    """Carries out commands, in the transaction that marks their event as handled."""

    def __init__(
        self,
        *,
        clock: Clock,
        moderation: ModerationService,
        acts: TicketActs,
        answers: AnswerService,
        held: HeldReplyService,
    ) -> None:
        self._clock, self._moderation, self._acts = clock, moderation, acts
        self._answers, self._held = answers, held
        self._about_ticket: dict[Verb, Callable[[Transaction, _About], Awaitable[str | None]]] = {
            "block": self._block,
            "timeout": self._block,
            "unblock": self._unblock,
            "close": self._close,
            "reopen": self._reopen,
            "note": self._note,
            "assign": self._assign,
            "info": self._info,
            "resend": self._resend,
            "release": self._release,
        }

    async def carry_out(self, tx: Transaction, order: Order, event: RoomEvent) -> None:
        """Do what a moderator ordered by an event, and put the answer on its way to the group."""
        command, target = order.command, order.target
        if isinstance(command, Misuse):
            if command.is_known or await self.may_hint(tx, event.sender):
                await self._say(tx, target, f"#{target.ticket}: {command.hint}" if target else command.hint)
            return
        answer = await self._answer(tx, order.moderator, target, command, event)
        if answer is not None:
            await self._say(tx, target, answer)

    async def keep_note(self, tx: Transaction, note: Note) -> None:
        """Keep a Reply that starts with `//`, without a word."""
        await self._acts.write_note(tx, note.moderator, note.target, note.text)

    async def hint_to_anonymous(self, tx: Transaction, sender: str, target: Target) -> None:
        """Tell a moderator who posts anonymously why the reply goes nowhere."""
        if await self.may_hint(tx, sender):
            text = (
                f"#{target.ticket}: written anonymously, so it was not sent."
                " Turn off “Remain anonymous” in your admin rights and reply again."
            )
            await self._say(tx, target, text)

    async def may_hint(self, tx: Transaction, person: str) -> bool:
        """Tell whether it is time for another hint to a person."""
        now = self._clock.now()
        return await tx.records.may_hint(person, now, now - HINT_EVERY)

    async def _say(self, tx: Transaction, target: Target | None, text: str) -> None:
        now = self._clock.now()
        if target is None:
            await say_to_team(tx, now, text)
        else:
            await say_to_team(
                tx,
                now,
                text,
                customer_id=target.customer_id,
                ticket=target.ticket,
                direct_id=target.direct_id,
            )

    async def _answer(
        self, tx: Transaction, by: Moderator, target: Target | None, command: Command, event: RoomEvent
    ) -> str | None:
        if command.verb == "help":
            return HELP
        if command.verb == "whoami":
            return f"{by.name}, {by.role}: your Replies reach customers"
        if command.verb == "blocked":
            return await self._moderation.list_blocked(tx, self._clock.now())
        if command.verb == "open":
            return await self._list_open(tx)
        assert target is not None  # noqa: S101 - interpret() lets no other command through,
        assert target.ticket is not None  # noqa: S101 - and a direct one is carried out elsewhere
        ticket = await tx.tickets.get_by_number(target.ticket)
        assert ticket is not None  # noqa: S101 - a target has its ticket
        about = _About(by=by, target=target, ticket=ticket, command=command, event=event)
        return await self._about_ticket[command.verb](tx, about)

    async def _block(self, tx: Transaction, about: _About) -> str | None:
        return await self._moderation.block(tx, about.by, about.target, about.command, about.event.sent_at)

    async def _unblock(self, tx: Transaction, about: _About) -> str | None:
        written_at, now = about.event.sent_at, self._clock.now()
        return await self._moderation.unblock(tx, about.by, about.target, written_at, now)

    async def _close(self, tx: Transaction, about: _About) -> str | None:
        number = about.ticket.number
        if about.command.text:
            why = why_held(about.command.text)
            if why is not None:
                await self._hold_last_words(tx, about, about.command.text, why)
                return None
            await self._answers.deliver(tx, about.by, about.target, about.command.text)
        if about.ticket.status == "closed":
            return f"#{number} is closed already"
        ticket = await tx.tickets.get_by_number(number) or about.ticket
        await self._acts.close(tx, about.by, ticket)
        return f"✓ #{number} closed"

    async def _hold_last_words(self, tx: Transaction, about: _About, text: str, why: str) -> None:
        await self._held.hold(
            tx,
            event_id=about.event.event_id,
            sender=about.event.sender,
            sent_at=about.event.sent_at,
            by=about.by,
            target=about.target,
            text=text,
            why=why,
            what="last words were not sent, and it stays open",
        )

    async def _reopen(self, tx: Transaction, about: _About) -> str:
        if about.ticket.status == "open":
            return f"#{about.ticket.number} is open"
        await self._acts.reopen(tx, about.by, about.ticket)
        return f"✓ #{about.ticket.number} open again"

    async def _note(self, tx: Transaction, about: _About) -> str:
        await self._acts.write_note(tx, about.by, about.target, about.command.text or "")
        return f"✓ #{about.ticket.number} noted"

    async def _assign(self, tx: Transaction, about: _About) -> str:
        wish, number = (about.command.text or "").strip(), about.ticket.number
        if wish.lower() == "none":
            await self._acts.assign(tx, about.by, about.ticket, None)
            return f"✓ #{number} assigned to nobody"
        team = await tx.moderators.list_active()
        found = [m for m in team if m.name.lower() == wish.lower().removeprefix("@")]
        assignee = about.by if wish.lower() == "me" else (found[0] if len(found) == 1 else None)
        if assignee is None:
            names = ", ".join(sorted(m.name for m in team))
            return f"#{number}: nobody is called {one_line(neutralise(wish), 32)}. There are {names}."
        await self._acts.assign(tx, about.by, about.ticket, assignee)
        return f"✓ #{number} assigned to {assignee.name}"

    async def _info(self, tx: Transaction, about: _About) -> str:
        ticket, now = about.ticket, self._clock.now()
        customer = await tx.sessions.get_customer(ticket.customer_id)
        assert customer is not None  # noqa: S101 - a foreign key says so
        page_url = await tx.sessions.get_page_url(customer.id)
        # Not `last_seq`: that a customer writes to somebody in private is no matter of the group's.
        messages = await tx.conversations.count_messages(customer.id, "team")
        blocks = [b for b in await tx.blocks.list_not_over_before(customer.id, now) if b.created_at <= now]
        lines = [
            f"{heading(ticket.number, customer)} · {ticket.status}",
            f"account {neutralise(customer.account)}" if customer.account else "",
            f"mail {neutralise(one_line(customer.email, 254))}" if customer.email else "",
            f"first seen {customer.created_at:%d %b %Y %H:%M} UTC, {messages} messages",
            f"page {neutralise(one_line(page_url, 200))}" if page_url else "",
            f"assigned to {await self._name_of(tx, ticket.assignee)}" if ticket.assignee else "",
            f"rated {ticket.score} of 5" if ticket.score else "",
            f"notes: {await tx.notes.count_of_ticket(ticket.number)}",
            "blocked" if blocks else "",
        ]
        return "\n".join(line for line in lines if line)

    async def _resend(self, tx: Transaction, about: _About) -> str:
        number, now = about.ticket.number, self._clock.now()
        batches = await tx.batches.list_undelivered_of_ticket(number)
        for batch in batches:
            await tx.batches.send_again(batch.id, now, timedelta(), None)
        return f"✓ #{number} {len(batches)} sent again" if batches else f"#{number}: nothing to send again"

    async def _release(self, tx: Transaction, about: _About) -> str:
        held = await self._held.find(tx, about.target)
        if held is not None:
            return await self._release_reply(tx, about, held)
        return await self._moderation.release(tx, about.by, about.target, self._clock.now())

    async def _release_reply(self, tx: Transaction, about: _About, held: HeldReply) -> str:
        number = about.ticket.number
        try:
            message = await self._held.release(tx, held.id, about.by)
        except (Conflict, Forbidden) as refusal:
            return f"#{number}: {refusal.detail}"
        return f"✓ #{number}: sent as {message.author.name}'s"

    async def _list_open(self, tx: Transaction) -> str:
        now, lines = self._clock.now(), []
        for ticket in await tx.tickets.list_open(_MOST_LISTED):
            customer = await tx.sessions.get_customer(ticket.customer_id)
            assert customer is not None  # noqa: S101 - a foreign key says so
            idle = timedelta(minutes=(now - ticket.active_at) // timedelta(minutes=1))
            who = f" · {await self._name_of(tx, ticket.assignee)}" if ticket.assignee else ""
            since = format_duration(idle) if idle else "now"
            lines.append(f"{heading(ticket.number, customer)} · {since}{who}")
        more = await tx.tickets.count_open() - len(lines)
        return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])]) or "No ticket is open."

    @staticmethod
    async def _name_of(tx: Transaction, moderator_id: str | None) -> str:
        everybody = await tx.moderators.list_all()
        return next((m.name for m in everybody if m.id == moderator_id), "somebody")
