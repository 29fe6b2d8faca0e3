"""The captures, as the inbox would store them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from plugin.domain.model import RoomEvent

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

LoadCapture = Callable[..., RoomEvent]


def _raw_events(name: str) -> list[dict[str, Any]]:
    capture = json.loads((CAPTURES / f"{name}.json").read_text())
    if isinstance(capture, list):
        return capture
    return [*capture.get("matrix_events", []), *capture.get("matrix_followups", [])]


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
