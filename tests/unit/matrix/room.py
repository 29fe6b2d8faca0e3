"""The support room of the recording: who is in it, and events that nobody recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from plugin.domain.model import RoomEvent
from plugin.domain.replies import Meaning

LoadCapture = Callable[..., RoomEvent]
Interpret = Callable[[RoomEvent], Meaning]

OWN = "@supportbot:hs.test"
BOT = "@telegrambot:hs.test"
ALICE = "@telegram_5550001:hs.test"

POSTS = (
    "$DxRgwPjrFaed7PmfeQqgxUYFR4hSJnDulbp5Wvb3sfI",
    "$TIOKlNC-UMFMuyJceUIxUotKw5ZD1n8bGvNk8f1bqJs",
    "$1wirVZDPs_p_Rhf4Aw7lFYARqEwnb-gSD9EBqHETVK4",
)
"""The relayed messages that people replied to in the recording."""

FIRST_ANSWER = "$4PbvP1Ta2lLNaXi2I6iScba-v8s3Ow7vajAwhoGr-Nc"


def altered(event: RoomEvent, *, sender: str | None = None, **content: object) -> RoomEvent:
    """Return a copy from another sender, with other or more content."""
    return replace(event, sender=sender or event.sender, content={**event.content, **content})


def without(event: RoomEvent, key: str) -> RoomEvent:
    """Return a copy that lacks a part of its content."""
    return replace(event, content={k: v for k, v in event.content.items() if k != key})


def event_with(content: dict[str, object], type_: str = "m.room.message") -> RoomEvent:
    """Return an event of somebody of whom nothing is known."""
    return RoomEvent(
        position=1,
        event_id="$event",
        room_id="!room",
        sender="@telegram_5550003:hs.test",
        type=type_,
        content=content,
        sent_at=datetime(2026, 3, 1, tzinfo=timezone.utc),
    )
