"""The desk in numbers, as words and as steps of a sparkline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..api.records import Hour, Stats
from .lengths import format_length
from .plain import plain

Tone = Literal["quiet", "good", "warm", "bad"]

_STEPS = " ▁▂▃▄▅▆▇█"
_LEAST = 4
"""What the highest bar stands for at least, so that a single message is no mountain."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One number."""

    label: str
    number: str
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Check:
    """One part that works, or doesn't."""

    name: str
    said: str
    is_well: bool
    advice: str
    """What it means where it is not well."""


def cards(stats: Stats) -> list[Card]:
    """Return the numbers that ask for something, each as calm or as loud as it is."""

    def card(label: str, number: int, tone: Tone) -> Card:
        return Card(label=label, number=f"{number:,}".replace(",", " "), tone=tone if number else "quiet")

    return [
        card("open", stats.open, "good"),
        card("waiting", stats.waiting, "warm"),
        card("held", stats.held, "warm"),
        card("blocked", stats.blocked, "quiet"),
        card("unsent", stats.unsent, "warm"),
        card("failed", stats.failed, "bad"),
        card("strangers today", stats.strangers_today, "quiet"),
    ]


def first_answers(stats: Stats) -> str:
    """Return how long customers wait for the first answer."""
    first = stats.first_answer
    if not first.count or first.p50 is None or first.p90 is None:
        return "No first answers in the last seven days."
    half, most = (format_length(timedelta(seconds=seconds)) for seconds in (first.p50, first.p90))
    cases = "ticket" if first.count == 1 else "tickets"
    return f"half within {half}, nine of ten within {most} ({first.count} {cases})"


def bars(numbers: Sequence[int], *, most: int, width: int = 1, height: int = 1) -> list[str]:
    """Return bars as lines from the top down; any number but nothing shows at least the lowest step."""
    top = max(most, _LEAST, *numbers) if numbers else 1
    steps = [0 if number <= 0 else max(1, round(number * 8 * height / top)) for number in numbers]
    return [
        "".join(_STEPS[max(0, min(step - 8 * (height - 1 - line), 8))] * width for step in steps)
        for line in range(height)
    ]


def hour_axis(hours: Sequence[Hour], now: datetime, *, width: int = 1) -> str:
    """Return the hours of the day below the bars, every sixth, in the zone of `now`."""
    cells = [" "] * (len(hours) * width)
    for index, hour in enumerate(hours):
        at = hour.at.astimezone(now.tzinfo).hour
        if at % 6 == 0:
            for offset, digit in enumerate(f"{at:02}"):
                if index * width + offset < len(cells):
                    cells[index * width + offset] = digit
    return "".join(cells)


def checks(stats: Stats) -> list[Check]:
    """Return the parts of the desk and how they are."""
    return [
        Check(
            name=_NAMES.get(name, plain(name)),
            said=plain(said),
            is_well=said in _WELL,
            advice="" if said in _WELL else _ADVICE.get((name, said), ""),
        )
        for name, said in stats.health.checks.items()
    ]


_WELL = ("ok", "reporting")
_NAMES = {"database": "Database", "room": "Support room", "bridge": "Bridge", "outbox": "Outbox"}
_ADVICE = {
    ("database", "down"): "nothing can be read or stored",
    ("room", "not joined"): "nothing reaches the team: tell the operator",
    ("bridge", "not there"): "nothing reaches Telegram: tell the operator",
    ("bridge", "silent"): "look in Telegram whether messages arrive",
    ("outbox", "late"): "messages wait longer than they should",
}
