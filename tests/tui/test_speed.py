"""The command for the console's speed, in short: it works, and nothing grows with what happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.tui.speed import Speed, measure

_BUSY = 30
"""The tests share the machine: times may be so many times longer than the command allows."""


async def test_a_short_measurement(tmp_path: Path) -> None:
    speed = await measure(tmp_path, tickets=5_000, keys=40, events_told=6_000)
    assert speed.rows_kept <= 2_400
    assert speed.memory_after - speed.memory_before < 32
    calm = replace(
        speed, first_screen=speed.first_screen / _BUSY, keys=[seconds / _BUSY for seconds in speed.keys]
    )
    assert calm.failures == []


def test_what_is_too_slow_is_named() -> None:
    speed = Speed(
        first_screen=0.6,
        keys=[0.01] * 95 + [0.2] * 5,
        memory_before=60,
        memory_after=100,
        events=1,
        events_seconds=1,
        rows_kept=1,
    )
    assert len(speed.failures) == 3
    assert replace(speed, first_screen=0.4, keys=[0.04] * 9, memory_after=61).failures == []
