"""How the team's objects look on the wire."""

from __future__ import annotations

from typing import Any

from ...db.blocks import BlockEntry
from ...domain.desk import CustomerLine, Delivery, LastWords, Person, TeamNote, TicketItem
from ...domain.durations import format_duration
from ...domain.model import Customer, Message, Moderator
from ...domain.text import MAX_TEXT, one_line
from ...services.mod.access import Caller
from ...services.mod.held import HeldView
from ...services.mod.overview import Me, Stats
from ...services.mod.records import Stranger
from ..schemas import MOST_ITEMS, health_json, time_json
from ..schemas import message_json as customers_message_json

_LONGEST_EXCERPT = 140


def person_json(person: Person | Moderator) -> dict[str, Any]:
    """Return one of the team in short."""
    return {"id": person.id, "name": person.name}


def customer_json(line: CustomerLine) -> dict[str, Any]:
    """Return a customer in short."""
    return customer_line_json(line, blocked=line.blocked)


def customer_line_json(customer: Customer | CustomerLine, *, blocked: bool) -> dict[str, Any]:
    """Return a customer in short, where it is known from elsewhere who is blocked."""
    return {
        "id": customer.id,
        "name": customer.name,
        "identity": customer.identity,
        "account": customer.account,
        "blocked": blocked,
    }


def ticket_json(item: TicketItem) -> dict[str, Any]:
    """Return a ticket as lists and events have it."""
    return {
        "number": item.number,
        "status": item.status,
        "waiting": item.waiting,
        "waiting_since": time_json(item.waiting_since),
        "opened_at": time_json(item.opened_at),
        "active_at": time_json(item.active_at),
        "closed_at": time_json(item.closed_at),
        "assignee": None if item.assignee is None else person_json(item.assignee),
        "tags": list(item.tags),
        "score": item.score,
        "comment": item.comment,
        "last": None if item.last is None else last_json(item.last),
        "last_seq": item.last_seq,
        "undelivered": item.undelivered,
        "customer": customer_json(item.customer),
    }


def excerpt(text: str) -> str:
    """Return the beginning of a message, on one line."""
    return one_line(text, _LONGEST_EXCERPT)


def last_json(last: LastWords) -> dict[str, Any]:
    """Return the newest message of a list's entry, cut to one line."""
    return {
        "author": {"kind": last.author_kind, "name": last.author_name},
        "text": excerpt(last.text),
        "created_at": time_json(last.created_at),
    }


def message_json(message: Message, delivery: Delivery) -> dict[str, Any]:
    """Return a message as the team sees it: with what was deleted, and how far it has got."""
    return {
        **customers_message_json(message),
        "text": message.text,
        "delivery": delivery.state,
        "delivery_error": delivery.error,
    }


def note_json(note: TeamNote) -> dict[str, Any]:
    """Return a note."""
    return {
        "id": note.id,
        "ticket": note.ticket,
        "customer_id": note.customer_id,
        "text": note.text,
        "by": person_json(note.by),
        "created_at": time_json(note.created_at),
    }


def block_json(entry: BlockEntry, viewer_id: str, *, blocked: bool) -> dict[str, Any]:
    """Return a block; `blocked`: so is its customer now, by this block or another.

    Why it was made in private shows only to whoever made it.
    """
    block = entry.block
    is_private = block.direct_id is not None
    return {
        "id": block.id,
        "customer": customer_line_json(entry.customer, blocked=blocked),
        "kind": block.kind,
        "reason": None if is_private and block.by_id != viewer_id else block.reason,
        "by": {"id": block.by_id, "name": block.by_name},
        "created_at": time_json(block.created_at),
        "expires_at": time_json(block.expires_at),
        "lifted_at": time_json(block.lifted_at),
        "held": entry.held,
        "ticket": entry.customer.ticket,
        "private": is_private,
    }


def held_json(view: HeldView, *, blocked: bool) -> dict[str, Any]:
    """Return what is held, or was; `blocked`: so is its customer now."""
    entry = view.entry
    author = (
        {"id": entry.moderator_id, "name": entry.moderator_name}
        if entry.kind == "reply"
        else {"id": entry.customer.id, "name": entry.customer.name}
    )
    return {
        "id": entry.id,
        "kind": entry.kind,
        "ticket": entry.ticket,
        "customer": customer_line_json(entry.customer, blocked=blocked),
        "author": author,
        "text": entry.text,
        "why": view.why,
        "created_at": time_json(entry.written_at),
        "edits": entry.edits,
        "direct": entry.direct_id is not None,
        "can_release": view.can_release,
    }


def stranger_json(stranger: Stranger) -> dict[str, Any]:
    """Return a reply that was not delivered."""
    reply = stranger.reply
    return {
        "id": reply.id,
        "sender": reply.sender,
        "telegram_id": stranger.telegram_id,
        "name": reply.name,
        "ticket": reply.ticket,
        "text": reply.text,
        "at": time_json(reply.sent_at),
    }


def me_json(caller: Caller, me: Me) -> dict[str, Any]:
    """Return what a console begins with."""
    blocks = me.settings.blocks
    return {
        "moderator": {**person_json(caller.moderator), "role": caller.moderator.role},
        "token_id": caller.token_id,
        "last_event_id": me.last_event,
        "desk": {"name": me.settings.widget.name},
        "limits": {"text": MAX_TEXT, "note": MAX_TEXT, "page": MOST_ITEMS},
        "blocks": {
            "default": format_duration(blocks.default),
            "longest": None if blocks.longest is None else format_duration(blocks.longest),
            "forever": blocks.longest is None,
        },
        "support_room": me.has_room,
        "team": [person_json(moderator) for moderator in me.team],
    }


def stats_json(stats: Stats) -> dict[str, Any]:
    """Return how the desk stands."""
    answers = stats.first_answer
    return {
        "open": stats.open,
        "waiting": stats.waiting,
        "blocked": stats.blocked,
        "unsent": stats.unsent,
        "failed": stats.failed,
        "held": stats.held,
        "strangers_today": stats.strangers_today,
        "first_answer": {
            "p50": _seconds(answers.p50),
            "p90": _seconds(answers.p90),
            "count": answers.count,
        },
        "hours": [
            {"at": time_json(hour.at), "customer": hour.customer, "moderator": hour.moderator}
            for hour in stats.hours
        ],
        "health": health_json(stats.health),
    }


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000
