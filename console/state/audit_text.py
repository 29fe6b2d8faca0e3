"""The audit log in plain words: what somebody did, to whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..api.people import AuditEntry
from .facts import Facts, moment
from .plain import plain

Json = Mapping[str, Any]


Names = Mapping[str, str]
"""The team's names by id."""


def sentence(entry: AuditEntry, names: Names) -> str:
    """Return what was done, to be read after the name of who did it."""
    say = _SENTENCES.get(entry.action)
    if say is None:
        return plain(f"{entry.action} {_words(entry.target)} {_words(entry.detail)}").strip()
    target = entry.target
    if (name := names.get(str(target.get("moderator")))) is not None:
        target = {"name": name, **target}
    return plain(say(target, entry.detail))


def line(entry: AuditEntry, names: Names) -> str:
    """Return what is searched: who, what, and the action's own name."""
    return f"{plain(entry.actor.name)} {sentence(entry, names)} {plain(entry.action)}"


def ticket_of(entry: AuditEntry) -> int | None:
    """Return the number of the ticket that it was done to, if any."""
    number = entry.target.get("ticket")
    return number if isinstance(number, int) else None


def facts_of(entry: AuditEntry, names: Names, now: datetime) -> Facts:
    """Return all that a person can read of an act."""
    number = ticket_of(entry)
    return Facts(
        title=f"{entry.actor.name} {sentence(entry, names)}",
        facts=(
            ("When", moment(entry.at, now)),
            ("Ticket", "" if number is None else f"#{number}"),
            ("Action", entry.action),
        ),
    )


def _where(target: Json) -> str:
    if target.get("ticket") is not None:
        return f"#{target['ticket']}"
    return "a customer in a direct conversation" if target.get("direct") else "a customer"


def _blocked(target: Json, detail: Json) -> str:
    verb = "timed out" if detail.get("kind") == "timeout" else "blocked"
    return f"{verb} {_where(target)}{_particulars(detail)}"


def _block_changed(target: Json, detail: Json) -> str:
    return f"changed the block of {_where(target)}{_particulars(detail)}"


def _particulars(detail: Json) -> str:
    if "until" not in detail:
        return ""
    return f" until {_time(detail['until'])}" if detail["until"] else " until it is lifted"


def _time(value: object) -> str:
    try:
        at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return str(value)
    return f"{at.day} {at:%b %Y %H:%M}"


def _assigned(target: Json, detail: Json) -> str:
    to = detail.get("assignee")
    if isinstance(to, Mapping):
        return f"assigned {_where(target)} to {to.get('name') or to.get('id')}"
    return f"took {_where(target)} from whoever had it"


def _tagged(target: Json, detail: Json) -> str:
    tags = detail.get("tags")
    words = " ".join(f"#{tag}" for tag in tags) if isinstance(tags, list) else ""
    return f"tagged {_where(target)} {words}" if words else f"took all tags from {_where(target)}"


def _named(verb: str, ending: str = "") -> Callable[[Json, Json], str]:
    def say(target: Json, detail: Json) -> str:
        who = detail.get("name") or target.get("name") or "somebody"
        role = f" as {detail['role']}" if detail.get("role") else ""
        return f"{verb} {who}{ending}{role}"

    return say


def _about(verb: str) -> Callable[[Json, Json], str]:
    return lambda target, _detail: f"{verb} {_where(target)}"


def _canned(verb: str) -> Callable[[Json, Json], str]:
    return lambda target, _detail: f"{verb} the canned reply “{target.get('canned')}”"


_SENTENCES: Mapping[str, Callable[[Json, Json], str]] = {
    "block.created": _blocked,
    "block.updated": _block_changed,
    "block.lifted": _about("lifted the block of"),
    "held.released": _about("released what a block held of"),
    "held.dropped": _about("dropped what a block held of"),
    "reply.held": _about("wrote a reply that is held, to"),
    "reply.released": _about("released a held reply to"),
    "reply.dropped": _about("dropped a held reply to"),
    "reply.sent": _about("answered"),
    "message.resent": _about("sent a failed message again, of"),
    "note.created": _about("wrote a note on"),
    "ticket.closed": _about("closed"),
    "ticket.reopened": _about("opened again"),
    "ticket.assigned": _assigned,
    "ticket.tagged": _tagged,
    "moderator.allowed": _named("put", " on the allow-list"),
    "moderator.denied": _named("took", " off the allow-list"),
    "moderator.changed": _named("changed the entry of"),
    "token.code_made": _named("made a login code for"),
    "token.made": lambda _target, _detail: "logged in to the console",
    "token.revoked": lambda _target, _detail: "ended a login",
    "token.all_revoked": lambda _target, _detail: "ended every login",
    "session.all_ended": lambda _target, _detail: "ended every customer's session",
    "canned.written": _canned("wrote"),
    "canned.deleted": _canned("deleted"),
    "conversation.joined": lambda _target, _detail: "joined an earlier conversation to a proven account",
    "customer.erased": lambda target, _detail: f"had everything erased{_of_ticket(target)}",
}


def _of_ticket(target: Json) -> str:
    return f", #{target['ticket']}" if target.get("ticket") is not None else ""


def _words(part: Json) -> str:
    return " ".join(f"{key} {_word(value)}" for key, value in part.items())


def _word(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("id") or dict(value))
    if isinstance(value, list):
        return ", ".join(_word(each) for each in value)
    return "none" if value is None else str(value)
