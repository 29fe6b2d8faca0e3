"""One conversation as it is known here: messages, notes, what is held, what is being sent; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from ..api.messages import Held, Message, Note

_MOST = 1_000
"""Messages kept while new ones come; older ones are fetched again when they are looked at."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What was written here and is not yet known to be at the desk."""

    client_id: str
    text: str
    is_note: bool
    failure: str | None = None
    """Why it was not sent; None while it is being sent."""


Entry = Message | Note | Held | Outgoing


def key_of(entry: Entry) -> str:
    """Return what an entry is known by."""
    if isinstance(entry, Message):
        return f"m{entry.seq}"
    if isinstance(entry, Outgoing):
        return f"o{entry.client_id}"
    return f"{'n' if isinstance(entry, Note) else 'h'}{entry.id}"


class Talk:
    """The loaded part of a conversation, always its end."""

    def __init__(self) -> None:
        self._messages: dict[int, Message] = {}
        self._notes: dict[str, Note] = {}
        self._held: dict[str, Held] = {}
        self.outgoing: list[Outgoing] = []
        self.has_older = False
        self.is_loaded = False
        self._entries: list[Entry] | None = None

    @property
    def oldest(self) -> int | None:
        """Return the `seq` of the first message that is loaded."""
        return min(self._messages, default=None)

    @property
    def newest(self) -> int:
        """Return the `seq` of the last message; 0 if there is none."""
        return max(self._messages, default=0)

    def begin(self, items: Iterable[Message], *, has_older: bool) -> None:
        """Take in the newest page; what is loaded stays if it reaches up to it."""
        page = list(items)
        if not self.is_loaded or not page or page[0].seq > self.newest + 1:
            self._messages.clear()
            self.has_older = has_older
        self._messages.update((message.seq, message) for message in page)
        self.is_loaded = True
        self._entries = None

    def forget(self) -> None:
        """Forget all but what is being sent."""
        self._messages.clear()
        self._notes.clear()
        self._held.clear()
        self.has_older = self.is_loaded = False
        self._entries = None

    def add_older(self, items: Iterable[Message], *, has_older: bool) -> None:
        """Take in the page before the first message."""
        self._messages.update((message.seq, message) for message in items)
        self.has_older = has_older
        self._entries = None

    def put(self, entry: Message | Note | Held) -> None:
        """Take in something new, or its new state."""
        self._entries = None
        if isinstance(entry, Note):
            self._notes[entry.id] = entry
        elif isinstance(entry, Held):
            self._held[entry.id] = entry
        elif self.oldest is None or entry.seq >= self.oldest:
            self._messages[entry.seq] = entry
        if isinstance(entry, (Message, Note)):
            self._forget_sent(entry)

    def _forget_sent(self, entry: Message | Note) -> None:
        client_id = entry.client_id if isinstance(entry, Message) else None
        if client_id is not None:
            self.take_back(client_id)

    def drop_held(self, held_id: str) -> None:
        """Forget what is held no longer."""
        self._held.pop(held_id, None)
        self._entries = None

    def set_held(self, held: Iterable[Held]) -> None:
        """Take in all that is held."""
        self._held = {each.id: each for each in held}
        self._entries = None

    def shrink(self) -> bool:
        """Forget the oldest messages where there are too many; tell whether there were."""
        too_many = len(self._messages) - _MOST
        if too_many <= 0:
            return False
        for seq in sorted(self._messages)[:too_many]:
            del self._messages[seq]
        self.has_older = True
        self._entries = None
        return True

    # What is being sent

    def send(self, outgoing: Outgoing) -> None:
        """Show what is being sent, or sent again."""
        self.outgoing = [each for each in self.outgoing if each.client_id != outgoing.client_id] + [outgoing]
        self._entries = None

    def fail(self, client_id: str, failure: str) -> None:
        """Say why something was not sent."""
        self.outgoing = [
            replace(each, failure=failure) if each.client_id == client_id else each for each in self.outgoing
        ]
        self._entries = None

    def take_back(self, client_id: str) -> None:
        """Forget what is sent now, or written again."""
        self.outgoing = [each for each in self.outgoing if each.client_id != client_id]
        self._entries = None

    # Reading

    def entries(self) -> list[Entry]:
        """Return everything in its order: messages by `seq`, the rest between them by time."""
        if self._entries is None:
            between: list[Note | Held] = sorted(
                [*self._notes.values(), *self._held.values()], key=lambda each: (each.created_at, each.id)
            )
            entries: list[Entry] = []
            for seq in sorted(self._messages):
                message = self._messages[seq]
                while between and between[0].created_at < message.created_at:
                    entries.append(between.pop(0))
                entries.append(message)
            self._entries = [*entries, *between, *self.outgoing]
        return self._entries

    def message(self, message_id: str) -> Message | None:
        """Return a message that is loaded."""
        return next((each for each in self._messages.values() if each.id == message_id), None)


def write_outgoing(outgoing: Iterable[Outgoing]) -> str:
    """Return what is being sent as a text to keep; nothing where there is nothing."""
    kept = [asdict(each) for each in outgoing]
    return json.dumps(kept) if kept else ""


def read_outgoing(text: str) -> list[Outgoing]:
    """Return what was being sent when the console ended; it may have arrived, which the desk knows."""
    try:
        kept = json.loads(text) if text else []
        return [Outgoing(**{**each, "failure": "no answer came before it was left"}) for each in kept]
    except (ValueError, TypeError):
        return []
