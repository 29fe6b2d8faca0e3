"""How the team's objects look on the wire."""

from __future__ import annotations

from typing import Any

from ...domain.durations import format_duration
from ...domain.model import Moderator
from ...domain.text import MAX_TEXT
from ...services.mod.access import Caller
from ...services.mod.overview import Me, Stats
from ..schemas import MOST_ITEMS, health_json, time_json


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


def stats_json(stats: Stats) -> dict[str, Any]:
    """Return how the desk stands."""
    answers = stats.first_answer
    return {
        "open": stats.open,
        "waiting": stats.waiting,
        "blocked": stats.blocked,
        "unsent": stats.unsent,
        "failed": stats.failed,
        "held": stats.held,
        "strangers_today": stats.strangers_today,
        "first_answer": {
            "p50": _seconds(answers.p50),
            "p90": _seconds(answers.p90),
            "count": answers.count,
        },
        "hours": [
            {"at": time_json(hour.at), "customer": hour.customer, "moderator": hour.moderator}
            for hour in stats.hours
        ],
        "health": health_json(stats.health),
    }


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000
