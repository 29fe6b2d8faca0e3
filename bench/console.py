"""How fast the console is on a large desk; the measuring itself is tests/tui/speed.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.tui import speed

from .figures import Aim, Figure, Measured, Plan, Row


async def measure(plan: Plan) -> Measured:
    """Measure a console over a desk of its own."""
    tickets = plan.scaled(100_000, 10_000)
    with tempfile.TemporaryDirectory(prefix="headset-console-") as folder:
        found = await speed.measure(
            Path(folder),
            tickets=tickets,
            keys=plan.scaled(500, 150),
            events_told=plan.scaled(3600, 60) * speed.RATE,
        )
    yield Figure.of(
        f"open the list of {tickets:,} tickets",
        found.first_screen,
        unit="s",
        aim=Aim(compared="itself", bound=speed.FIRST_SCREEN),
    )
    yield Figure.of("a key press to a repaint, p50", found.key(50) * 1000, unit="ms")
    yield Figure.of(
        "a key press to a repaint, p99",
        found.key(99) * 1000,
        unit="ms",
        aim=Aim(compared="itself", bound=speed.KEY_P99 * 1000),
        notes=f"under {speed.RATE} events a second",
    )
    yield Figure.of(
        f"memory after {found.events:,} events",
        found.memory_after,
        baseline=found.memory_before,
        unit="MB",
        aim=Aim(compared="more", bound=speed.MEMORY),
        notes=f"baseline: before them; {found.rows_kept:,} rows kept",
    )


ROW = Row(name="console", title="The console on a large desk", measure=measure)
