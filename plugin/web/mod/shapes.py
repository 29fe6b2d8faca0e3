"""How the team's objects look on the wire."""

from __future__ import annotations

from typing import Any

from ...domain.durations import format_duration
from ...domain.model import Moderator
from ...domain.text import MAX_TEXT
from ...services.mod.access import Caller
from ...services.mod.overview import Me
from ..schemas import MOST_ITEMS


def person_json(moderator: Moderator) -> dict[str, Any]:
    """Return one of the team in short."""
    return {"id": moderator.id, "name": moderator.name}


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
