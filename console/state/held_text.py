"""What is held, in words: whose it is, why, and what one may do with it."""

from __future__ import annotations

from datetime import datetime

from ..api.messages import Held
from .desk import name_of
from .facts import Facts, moment


def author_of(held: Held) -> str:
    """Return who wrote it."""
    return held.author.name or (name_of(held.customer) if held.kind == "message" else held.author.id)


def place_of(held: Held) -> str:
    """Return where it was to go."""
    return "direct" if held.direct or held.ticket is None else f"#{held.ticket}"


def title_of(held: Held) -> str:
    """Return what it is, in one line."""
    if held.kind == "message":
        return f"{author_of(held)} wrote to {place_of(held)} while blocked"
    what = "edit of a reply" if held.edits else "reply"
    return f"{author_of(held)}'s {what} to {name_of(held.customer)} ({place_of(held)})"


def why_not(held: Held) -> str | None:
    """Return why one can't release it, or None where one can."""
    if held.can_release:
        return None
    if held.kind == "message":
        return "The customer is blocked. Lift the block first."
    if held.direct:
        return "Nobody else sees it: drop it, and say it in other words."
    return "You wrote it, so another moderator has to release it."


def what_releasing_does(held: Held) -> str:
    """Return what happens when it is released."""
    if held.kind == "message":
        return "It goes to the team now. The customer sees nothing of it."
    return f"It asks for a secret. {name_of(held.customer)} gets it at once."


def what_dropping_does(held: Held) -> str:
    """Return what happens when it is dropped."""
    if held.kind == "message":
        return "It never goes to the team. It stays in the conversation."
    return "It is never sent. This can't be undone."


def facts_of(held: Held, now: datetime) -> Facts:
    """Return all there is to know before one decides."""
    return Facts(
        title=title_of(held),
        facts=(
            ("Why", held.why or ("The customer was blocked." if held.kind == "message" else "")),
            ("When", moment(held.created_at, now)),
            ("Customer", name_of(held.customer)),
        ),
        text=held.text,
        hint=why_not(held) or "",
    )
