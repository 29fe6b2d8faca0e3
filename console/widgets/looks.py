"""How messages, notes and what is held look: pure, from values to lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from textual.content import Content

from ..api.messages import Held, Message, Note
from ..state import times
from ..state.plain import plain
from ..state.talk import Entry, Outgoing

Look = Literal["customer", "moderator", "system", "note", "held", "outgoing", "failed", "day"]

FOLDED = 24
"""Lines of a text that show before it is unfolded."""

_MARKS = {
    "stored": ("◌ on its way", "$text-muted"),
    "sent": ("✓ sent", "$text-muted"),
    "delivered": ("✓✓", "$text-success"),
    "held": ("‖ held by a block", "$text-warning"),
}
_BARS: dict[Look, tuple[str, str]] = {
    "customer": ("│", "$secondary"),
    "moderator": ("┃", "$primary"),
    "system": (" ", ""),
    "note": ("▒", "$text-warning"),
    "held": ("‖", "$text-warning"),
    "outgoing": ("┊", "$primary"),
    "failed": ("✗", "$text-error"),
    "day": (" ", ""),
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the look of an entry depends on besides itself."""

    width: int
    now: datetime
    me: str
    """Id of the moderator who looks."""
    is_open: Callable[[str], bool]
    """Tells whether a long text is unfolded, by the entry's key."""
    quoted: Callable[[str], Message | None]


@dataclass(frozen=True, kw_only=True)
class Block:
    """An entry as lines."""

    look: Look
    lines: list[Content]


def look_of(entry: Entry) -> Look:
    """Return which of the looks an entry has."""
    if isinstance(entry, Message):
        return "failed" if entry.delivery == "failed" else entry.author.kind
    if isinstance(entry, Outgoing):
        return "outgoing" if entry.failure is None else "failed"
    return "note" if isinstance(entry, Note) else "held"


def at_of(entry: Entry) -> datetime | None:
    """Return when an entry was written; None for what is only being sent."""
    return None if isinstance(entry, Outgoing) else entry.created_at


def draw(entry: Entry, key: str, scene: Scene) -> Block:
    """Return the lines of an entry."""
    look = look_of(entry)
    if look == "system" and isinstance(entry, Message):
        said = Content.assemble(("· ", ""), plain(entry.text), f" · {_clock(entry.created_at, scene)}")
        return Block(
            look=look, lines=[line.stylize("$text-muted") for line in said.wrap(max(8, scene.width - 2))]
        )
    bar = Content.styled(*_BARS[look])
    body = [_head(entry, scene), *_quote(entry, scene), *_text(entry, key, scene), *_foot(entry, scene)]
    return Block(look=look, lines=[Content.assemble(bar, " ", line) for line in body])


def day_line(at: datetime, scene: Scene) -> Content:
    """Return the line between two days."""
    name = f" {times.day(at, scene.now)} "
    side = max(2, (scene.width - len(name)) // 2)
    return Content.styled(f"{'─' * side}{name}{'─' * side}"[: scene.width], "$text-muted")


def _clock(at: datetime, scene: Scene) -> str:
    return at.astimezone(scene.now.tzinfo).strftime("%H:%M")


def _head(entry: Entry, scene: Scene) -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    if isinstance(entry, Message):
        style = "bold $primary" if entry.author.kind == "moderator" else "bold"
        parts.append((plain(entry.author.name or "Customer"), style))
        if entry.author.verified:
            parts.append((" ✓", "$text-success"))
        if entry.author.id == scene.me:
            parts.append((" you", "$text-muted"))
        parts.append((f"  {_clock(entry.created_at, scene)}", "$text-muted"))
        if entry.edited_at is not None and entry.deleted_at is None:
            parts.append((f"  edited {times.moment(entry.edited_at, scene.now)}", "$text-muted"))
        if entry.deleted_at is not None:
            parts.append((f"  deleted {times.moment(entry.deleted_at, scene.now)}", "$text-error"))
        if entry.delivery in _MARKS:
            mark, colour = _MARKS[entry.delivery]
            parts.append((f"  {mark}", colour))
    elif isinstance(entry, Note):
        parts = [("Note", "bold $text-warning"), (f" · {plain(entry.by.name)}", "bold")]
        readers = "only you" if entry.ticket is None else "the team only"
        parts.append((f"  {_clock(entry.created_at, scene)}  {readers}", "$text-muted"))
    elif isinstance(entry, Held):
        parts = [("Held, not sent", "bold $text-warning"), (f" · {plain(entry.author.name or '')}", "bold")]
        parts.append((f"  {_clock(entry.created_at, scene)}", "$text-muted"))
    else:
        word = "Note, being kept …" if entry.is_note else "Sending …"
        parts = [
            (
                word if entry.failure is None else "Not sent",
                "bold" if entry.failure is None else "bold $text-error",
            )
        ]
    return Content.assemble(*parts).truncate(max(8, scene.width - 2), ellipsis=True)


def _quote(entry: Entry, scene: Scene) -> list[Content]:
    if not isinstance(entry, Message) or entry.reply_to is None:
        return []
    quoted = scene.quoted(entry.reply_to)
    said = "an earlier message" if quoted is None else plain(quoted.text)
    return [Content.styled(f"↪ {said}", "$text-muted").truncate(max(8, scene.width - 2), ellipsis=True)]


def _text(entry: Entry, key: str, scene: Scene) -> list[Content]:
    text = plain(entry.text, lines=True)
    if isinstance(entry, Message) and entry.deleted_at is not None:
        content = Content.styled(text or "(blanked)", "strike $text-muted")
    elif isinstance(entry, Outgoing):
        content = Content.styled(text, "$text-muted")
    else:
        content = Content(text)
    if scene.is_open(key):
        return content.wrap(max(8, scene.width - 2))
    # Of a text with thousands of lines only those are wrapped that show.
    shown = text.split("\n", FOLDED + 1)
    is_cut = len(shown) > FOLDED + 1
    lines = (content[: len(text) - len(shown[-1]) - 1] if is_cut else content).wrap(max(8, scene.width - 2))
    if len(lines) <= FOLDED + 1 and not is_cut:
        return lines
    left = text.count("\n") + 1 - FOLDED if is_cut else len(lines) - FOLDED
    return [*lines[:FOLDED], Content.styled(f"… {left:,} more lines: space unfolds", "$text-accent")]


def _foot(entry: Entry, scene: Scene) -> list[Content]:
    said = ""
    if isinstance(entry, Message) and entry.delivery == "failed":
        said = f"Not delivered: {plain(entry.delivery_error or 'no reason given')} · s sends it again"
    elif isinstance(entry, Held):
        said = f"Why: {plain(entry.why or 'it asks for a secret')} · 3 Held releases or drops it"
    elif isinstance(entry, Outgoing) and entry.failure is not None:
        said = f"{plain(entry.failure)} · s sends it again, e takes it back"
    colour = "$text-warning" if isinstance(entry, Held) else "$text-error"
    return Content.styled(said, colour).wrap(max(8, scene.width - 2)) if said else []
