"""A desk with very many tickets in a process of its own: `python -m tests.tui.big_desk FOLDER TICKETS`.

It prints one line of JSON with its address and a moderator's token, then obeys lines of its input:
`rate N` changes N tickets a second until the next line, `burst N` changes N tickets as fast as it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import sys
import time
from pathlib import Path

from plugin.db.database import Database
from tests.integration.plugin.desk import CONFIG, Desk, opened
from tests.integration.plugin.mod.team import ALICE, BOB, CAROL, sign_in

FIRST = 1001
_BATCH = 200
"""Changes of one transaction in a burst."""

_TOUCH = "UPDATE ticket SET active_at = $1 WHERE number = $2"


def fill(path: Path, count: int, now_ms: int) -> None:
    """Write customers, each with a ticket and a message, a minute apart; the last one is the newest."""
    customers, tickets, messages = [], [], []
    for n in range(count):
        at, who, number = now_ms - (count - n) * 60_000, f"C{n:025d}", FIRST + n
        customers.append((who, "anonymous", f"Customer {n}", number, 1, 1, at))
        tickets.append((number, who, "open", at, at, "team", at, '["swap"]' if n % 7 == 0 else "[]"))
        text = f"My swap number {n} is stuck, what can I do?"
        messages.append((f"M{n:025d}", who, 1, number, "team", "customer", who, f"Customer {n}", 0, text, at))
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.executemany(
            "INSERT INTO customer (id, identity, name, ticket, last_seq, last_event, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            customers,
        )
        connection.executemany(
            "INSERT INTO ticket"
            " (number, customer_id, status, opened_at, active_at, waiting, waiting_since, tags)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            tickets,
        )
        connection.executemany(
            "INSERT INTO message (id, customer_id, seq, ticket, channel, author_kind, author_id, author_name,"
            " author_verified, text, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            messages,
        )
        connection.execute("UPDATE counter SET value = ? WHERE name = 'ticket'", (FIRST + count,))
        connection.execute("ANALYZE")


class Changes:
    """Changes tickets as the plugin's own repositories would, and has the streams told."""

    def __init__(self, desk: Desk, count: int) -> None:
        self._database = Database(desk.database, on_team_event=desk.plugin._hub.wake_team)
        self._count, self._chance = count, random.Random(1)

    async def make(self, many: int) -> None:
        """Change different tickets in one transaction: most of them anywhere, some on the first screen."""
        near = self._chance.sample(range(min(30, self._count)), min(30, many // 3, self._count))
        far = self._chance.sample(range(self._count), many)
        at = int(time.time() * 1000)
        async with self._database.transaction() as tx:
            for n in list(dict.fromkeys(near + far))[:many]:
                ticket = FIRST + self._count - 1 - n
                await tx._conn.execute(_TOUCH, at, ticket)
                tx.team_events.note("ticket.updated", ticket=ticket)

    async def at_rate(self, rate: float) -> None:
        """Change tickets one by one."""
        due = time.monotonic()
        while True:
            await self.make(1)
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def burst(self, many: int) -> None:
        """Change many tickets at once."""
        for start in range(0, many, _BATCH):
            await self.make(min(_BATCH, many - start))


async def serve(folder: Path, count: int) -> None:
    """Run until the input ends."""
    config = {key: dict(value) if isinstance(value, dict) else value for key, value in CONFIG.items()}
    config["moderators"] = [dict(ALICE), dict(BOB), dict(CAROL)]
    async with opened(folder, config) as desk:
        await asyncio.to_thread(fill, folder / "desk.db", count, int(time.time() * 1000))
        console = await sign_in(desk, "Alice")
        print(json.dumps({"url": str(desk.http.make_url("/")), "token": console.token}), flush=True)
        changes = Changes(desk, count)
        running: asyncio.Task[None] | None = None
        while line := await asyncio.to_thread(sys.stdin.readline):
            if running is not None:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
                running = None
            order, _, number = line.strip().partition(" ")
            if order == "rate":
                running = asyncio.create_task(changes.at_rate(float(number)))
            elif order == "burst":
                await changes.burst(int(number))
            print(json.dumps({"done": order}), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
