"""The captures, as the inbox would store them, and what the plugin makes of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from plugin.domain.model import Moderator, RoomEvent, Target
from plugin.domain.replies import Meaning, interpret
from plugin.domain.roster import Roster
from plugin.matrix.events import MatrixEventReader
from tests.unit.matrix.room import BOT, FIRST_ANSWER, OWN, POSTS, Interpret, LoadCapture

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
PLACES = ("matrix", "matrix_events", "matrix_followups")
"""Where a capture keeps what the support bot got."""


def _raw_events(name: str) -> list[dict[str, Any]]:
    capture = json.loads((CAPTURES / f"{name}.json").read_text())
    if isinstance(capture, list):
        return capture
    return [event for place in PLACES for event in capture.get(place, [])]


@pytest.fixture
def load_capture() -> LoadCapture:
    """Give a function that reads the one event of a type out of a capture; `place` where there are more."""

    def load(name: str, type_: str = "m.room.message", place: int = 0) -> RoomEvent:
        raw = [event for event in _raw_events(name) if event["type"] == type_][place]
        return RoomEvent(
            position=1,
            event_id=raw["event_id"],
            room_id=raw["room_id"],
            sender=raw["sender"],
            type=raw["type"],
            content=raw["content"],
            sent_at=EPOCH + timedelta(milliseconds=raw["origin_server_ts"]),
        )

    return load


@pytest.fixture
def roster(alice: Moderator, bob: Moderator) -> Roster:
    """Give the team of the recording."""
    return Roster([alice, bob], bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)


@pytest.fixture
def meaning_of(roster: Roster, target: Target) -> Interpret:
    """Give what the plugin does with an event, where the posts of the recording are ours."""

    def meaning_of(event: RoomEvent) -> Meaning:
        reply = MatrixEventReader().read_reply(event)
        known = reply.reply_to in (*POSTS, FIRST_ANSWER)
        return interpret(reply, roster, target if known else None)

    return meaning_of
