"""A homeserver that holds rooms and their events, and fails when it is told to."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from plugin.domain.model import Batch, RoomEvent
from plugin.services.ports import MatrixFailed, Post
from tests.integration.services.settings import BOT, ROOM


@dataclass(kw_only=True)
class PrivateRoom:
    """A room that the bot has made."""

    id: str
    direct_id: str
    name: str
    members: dict[str, str]
    asked: list[tuple[str, str]]
    """Who was invited and put out."""


class Homeserver:
    """The room as the homeserver has it; each transaction id is one event, as far as its device is one."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.events: list[RoomEvent] = []
        self.requests: list[tuple[str, Post]] = []
        """Every request to send with the device it came from, answered or not."""
        self.failures: deque[MatrixFailed | None] = deque()
        """What the next requests to send meet; None: nothing."""
        self.down: MatrixFailed | None = None
        """What every request to send meets, as long as it is set."""
        self.lost_answers = 0
        """So many of the next posts get into the room without the sender learning of it."""
        self.open = asyncio.Event()
        """Cleared: requests to send wait."""
        self.open.set()
        self.waiting = 0
        self.device = "DEVICE"
        self.unreadable: MatrixFailed | None = None
        self.is_bot_out = False
        """Whether the bot is out of the support room: what happens there is not told."""
        self.rooms: dict[str, PrivateRoom] = {}
        self.room_failures: deque[MatrixFailed | None] = deque()
        """What the next requests about private rooms meet; None: nothing."""
        self.rooms_down: MatrixFailed | None = None
        self.lost_rooms = 0
        """So many of the next rooms are made without the bot learning of it."""
        self.named_support_room = ROOM
        self.names: dict[str, str] = {}
        """What people are called in every room."""
        self.asked_names: list[str] = []
        self.redacted: list[str] = []
        """Ids of the events that were taken out, in that order."""
        self.no_redaction: MatrixFailed | None = None
        """What every request to redact meets, as long as it is set."""
        self._redacted_by: set[str] = set()
        self._transactions: dict[tuple[str, str, str, int, int], str] = {}

    @property
    def bodies(self) -> list[str]:
        """What the bot has posted, in room order."""
        return [
            str(event.content["body"])
            for event in self.events
            if event.sender == BOT
            and event.room_id == ROOM
            and "body" in event.content
            and "edits" not in event.content
        ]

    def said_in(self, room_id: str) -> list[str]:
        """Return what the bot has said in a private room, in its order."""
        said = [e for e in self.events if e.room_id == room_id and e.sender == BOT and "body" in e.content]
        return [str(event.content["body"]) for event in said]

    def meet_failure(self) -> None:
        """Fail as a request about a private room is to."""
        failure = self.room_failures.popleft() if self.room_failures else self.rooms_down
        if failure is not None:
            raise failure

    def open_room(self, direct_id: str, name: str) -> str:
        self.meet_failure()
        found = next((room.id for room in self.rooms.values() if room.direct_id == direct_id), None)
        if found is None:
            found = f"!direct{len(self.rooms)}"
            members = {BOT: "join"}
            self.rooms[found] = PrivateRoom(
                id=found, direct_id=direct_id, name=name, members=members, asked=[]
            )
        if self.lost_rooms:
            self.lost_rooms -= 1
            raise MatrixFailed("the answer was lost")
        return found

    async def send(self, device: str, post: Post) -> str:
        self.requests.append((device, post))
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        failure = self.failures.popleft() if self.failures else self.down
        if failure is not None:
            raise failure
        key = (device, post.room_id, post.batch_id, post.attempt, post.part)
        if key not in self._transactions:
            mark = {"batch": post.batch_id, "part": post.part, "attempt": post.attempt}
            content = {"body": post.body, "mark": mark} | ({"edits": post.edits} if post.edits else {})
            if post.is_notice:
                content["notice"] = True
            self._transactions[key] = self.add(BOT, content, room_id=post.room_id)
        if self.lost_answers:
            self.lost_answers -= 1
            raise MatrixFailed("the answer was lost")
        return self._transactions[key]

    def add(
        self,
        sender: str,
        content: dict[str, object],
        at: datetime | None = None,
        *,
        room_id: str = ROOM,
        event_type: str = "m.room.message",
    ) -> str:
        """Let an event happen, and return its id."""
        event = RoomEvent(
            position=0,
            event_id=f"$event{len(self.events)}",
            room_id=room_id,
            sender=sender,
            type=event_type,
            content=content,
            sent_at=at or self._clock.now(),
        )
        self.events.append(event)
        return event.event_id

    def add_post(self, batch: Batch, part: int, body: str = "…", sender: str = BOT) -> str:
        """Let a part of a batch be in the room, and return the event's id."""
        mark = {"batch": batch.id, "part": part, "attempt": batch.attempt}
        return self.add(sender, {"body": body, "mark": mark})

    def reply(
        self,
        sender: str,
        to: str | None,
        text: str,
        at: datetime | None = None,
        *,
        room_id: str = ROOM,
        **more: object,
    ) -> str:
        """Let somebody reply to an event, and return the id of the reply."""
        return self.add(sender, {"body": text, "reply_to": to, **more}, at, room_id=room_id)

    def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        """Take an event out of its room."""
        if self.no_redaction is not None:
            raise self.no_redaction
        if any(event.event_id == event_id and event.room_id != room_id for event in self.events):
            raise MatrixFailed("M_NOT_FOUND (404)", permanent=True)
        if txn_id not in self._redacted_by:
            self._redacted_by.add(txn_id)
            self.redacted.append(event_id)
            self.events = [
                replace(event, content={}) if event.event_id == event_id else event for event in self.events
            ]
            self.add(BOT, {"redacts": event_id}, room_id=room_id)

    def tell(self, room_id: str, text: str, txn_id: str) -> str:
        """Let the bot say something under a transaction id of its own choice."""
        self.meet_failure()
        key = (self.device, room_id, txn_id, 0, 0)
        if key not in self._transactions:
            self._transactions[key] = self.add(BOT, {"body": text}, room_id=room_id)
        if self.lost_answers:
            self.lost_answers -= 1
            raise MatrixFailed("the answer was lost")
        return self._transactions[key]

    def forget_transactions(self) -> None:
        """As a homeserver does after 24 hours."""
        self._transactions.clear()
