"""What the homeserver tells the plugin, in another order and again: for a proxy before it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from stack.matrix import Event

_LET_GO = 0.1
"""The part of what is kept back that comes with an answer: little, as there are many answers."""

_AGAIN = 0.25
"""The part of the events in each answer that have come before."""


class Disorder:
    """Brings edits and deletions before and after what they are about, and everything more than once.

    New words keep their order among each other: that is the conversation's own.
    """

    def __init__(self, chance: random.Random, room_id: str, own_mxid: str) -> None:
        """`own_mxid` is the plugin's account, whose own posts come when they come."""
        self.is_over = False
        """From then on nothing is kept back any more."""
        self.early, self.again = 0, 0
        """So many changes came before what they change, and so many events once more."""
        self.gaps = 0
        """So many answers did not hold all; what was read past them kept its order."""
        self._chance, self._room_id, self._own_mxid = chance, room_id, own_mxid
        self._words: list[Event] = []
        self._changes: list[Event] = []
        self._told: dict[str, Event] = {}

    def change(self, query: Mapping[str, str], answer: dict[str, Any]) -> dict[str, Any]:
        """Return what takes the place of an answer to a sync."""
        joined = answer.get("rooms", {}).get("join", {})
        if self._room_id not in joined and not self._is_anything_kept:
            return answer
        # The plugin's own reads don't wait; maubot's do, and only wake it.
        if query.get("timeout") != "0":
            timeline = joined.get(self._room_id, {}).get("timeline", {})
            timeline["events"] = self._shuffled(timeline.get("events", []) * 2)
            return answer
        rooms = answer.setdefault("rooms", {}).setdefault("join", {})
        timeline = rooms.setdefault(self._room_id, {}).setdefault("timeline", {"events": []})
        self.gaps += bool(timeline.get("limited"))
        timeline["events"] = self._disordered(timeline["events"])
        return answer

    @property
    def _is_anything_kept(self) -> bool:
        return bool(self._words or self._changes)

    def _disordered(self, events: Sequence[Event]) -> list[Event]:
        others = []
        for event in events:
            if event["sender"] == self._own_mxid or _kind(event) == "other":
                others.append(event)
            else:
                (self._changes if _kind(event) == "change" else self._words).append(event)
        words = self._take_words()
        changes = self._take_changes()
        # Again what has come, and the changes of this time twice.
        count = round(_AGAIN * (len(words) + len(changes) + len(others)) + self._chance.random())
        again = self._chance.choices(list(self._told.values()), k=count) if self._told else []
        self.again += len(again)
        told = self._mixed(words, self._shuffled([*changes, *others, *again]))
        for event in told:
            self.early += _target(event) in {one["event_id"] for one in self._words}
            self._told[event["event_id"]] = event
        return told

    def _comes(self) -> bool:
        return self.is_over or self._chance.random() < _LET_GO

    def _take_words(self) -> list[Event]:
        count = sum(self._comes() for _ in self._words)
        taken, self._words = self._words[:count], self._words[count:]
        return taken

    def _take_changes(self) -> list[Event]:
        taken = [event for event in self._changes if self._comes()]
        self._changes = [event for event in self._changes if event not in taken]
        return taken

    def _mixed(self, in_order: Sequence[Event], others: Sequence[Event]) -> list[Event]:
        mixed = list(others)
        places = sorted(self._chance.randint(0, len(others)) for _ in in_order)
        for shift, (place, event) in enumerate(zip(places, in_order, strict=True)):
            mixed.insert(place + shift, event)
        return mixed

    def _shuffled(self, events: Sequence[Event]) -> list[Event]:
        return self._chance.sample(list(events), len(events))


def _kind(event: Event) -> str:
    if event["type"] == "m.room.redaction" or _target(event) is not None:
        return "change"
    return "words" if event["type"] == "m.room.message" else "other"


def _target(event: Event) -> str | None:
    """Return the event that one edits or takes back."""
    content = event["content"]
    redacted: str | None = event.get("redacts") or content.get("redacts")
    relation = content.get("m.relates_to", {})
    return relation["event_id"] if relation.get("rel_type") == "m.replace" else redacted
