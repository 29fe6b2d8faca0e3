"""How many posts a second the relay brings into the room, beside a bare PUT to the same homeserver.

Each message is a post of its own: two of these texts don't fit into one. The machine's processors are shared
by both sides, so what each takes of them is noted, too.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stack.conditions import until
from stack.customer import Customer, open_session
from stack.matrix import CLIENT
from stack.postgres import Postgres

from .bridgeless import Bridgeless
from .figures import Aim, Figure, Measured, Plan, Row, alternate, median_interval

_LOADS = {1: 40, 8: 160, 32: 320}
"""Customers at once, and how many messages of theirs together make a run."""
_QUICK = 4
"""By so much smaller are quick runs."""
_PAIRS, _QUICK_PAIRS = 15, 5
_LEAST = 0.95
_SENTENCE = "Order {}: the payment left my account yesterday evening and has not arrived anywhere since. "
_LONG = "".join(_SENTENCE.format(number) for number in range(24))
_SHORT = "Is anybody there?"
_LOOK, _PATIENCE = 0.25, 600.0
_PAGE = 500
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What one side took for its messages."""

    messages: int
    seconds: float
    """From the first request to the last event, as the homeserver dates it."""
    posts: int
    homeserver: float
    """Milliseconds of processor time a message, as `plugin`."""
    plugin: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


class _Room:
    """A support room and those who write to it, in one way or the other."""

    def __init__(self, system: Bridgeless, customers: Sequence[Customer]) -> None:
        self._system, self._customers = system, customers

    async def bare(self, workers: int, count: int) -> _Run:
        """Let so many clients of the homeserver send what the relay would, as fast as it takes it."""
        system = self._system
        path = f"{CLIENT}/rooms/{quote(system.room_id)}/send/m.room.message"
        headers = {"Authorization": f"Bearer {system.bot.account.token}"}
        mark = {"batch": "0" * 26, "part": 0, "attempt": 1}
        content = {"msgtype": "m.text", "body": f"#1000 · anonymous\n{_LONG}", "m.mentions": {}}
        content |= {"com.beeper.linkpreviews": [], "chat.headset.none": mark}

        async def send(times: int) -> None:
            for _ in range(times):
                url = f"{system.synapse.url}{path}/headset-{secrets.token_hex(13)}-1-0"
                async with system.session.put(url, json=content, headers=headers) as answer:
                    answer.raise_for_status()
                    await answer.read()

        return await self._run([send(times) for times in _shares(workers, count)], count)

    async def relayed(self, workers: int, count: int, text: str = _LONG) -> _Run:
        """Let so many customers write, each as fast as the plugin takes it, until all is in the room."""

        async def write(customer: Customer, times: int) -> None:
            for _ in range(times):
                await customer.send(text)

        shares = zip(self._customers, _shares(workers, count), strict=False)
        return await self._run([write(customer, times) for customer, times in shares], count)

    async def _run(self, writers: Sequence[Coroutine[Any, Any, None]], count: int) -> _Run:
        await asyncio.sleep(_LOOK)
        worked, began = self._worked(), time.time()
        await asyncio.gather(*writers)
        await until(self._is_relayed, "all is in the room", within=_PATIENCE, every=_LOOK)
        homeserver, plugin = (after - before for after, before in zip(self._worked(), worked, strict=True))
        dates = [date for date in await self._list_dates(count) if date >= began]
        return _Run(
            messages=count,
            seconds=max(dates) - began,
            posts=len(dates),
            homeserver=homeserver * 1000 / count,
            plugin=plugin * 1000 / count,
        )

    async def _is_relayed(self) -> bool:
        answer = await self._system.api.request("GET", "/v1/metrics")
        return "\nheadset_outbox_waiting_messages 0\n" in answer.text

    async def _list_dates(self, count: int) -> list[float]:
        """Return when the newest messages came into the room, in seconds."""
        dates: list[float] = []
        query = f"{CLIENT}/rooms/{quote(self._system.room_id)}/messages?dir=b&limit={_PAGE}"
        token: str | None = ""
        while token is not None and len(dates) < count:
            more = f"&from={quote(token)}" if token else ""
            answer = await self._system.bot.api.call("GET", query + more)
            messages = [event for event in answer["chunk"] if event["type"] == "m.room.message"]
            dates += [event["origin_server_ts"] / 1000 for event in messages]
            token = answer.get("end")
        return dates[:count]

    def _worked(self) -> list[float]:
        """Return the seconds of processor time that homeserver and plugin have had."""
        found = []
        for process in (self._system.synapse, self._system.maubot):
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            found.append((int(fields[11]) + int(fields[12])) / _TICKS)
        return found


def _shares(workers: int, count: int) -> list[int]:
    """Return how many of the messages each one writes."""
    return [count // workers + (place < count % workers) for place in range(workers)]


@asynccontextmanager
async def _opened(engine: str) -> AsyncIterator[_Room]:
    if engine == "PostgreSQL":
        async with Postgres() as server, Bridgeless(postgres=await server.create_database()) as system:
            yield await _furnish(system)
    else:
        async with Bridgeless() as system:
            yield await _furnish(system)


async def _furnish(system: Bridgeless) -> _Room:
    """Open a session for each customer, and let each side run once that nobody counts."""
    room = _Room(system, [await open_session(system.api) for _ in range(max(_LOADS))])
    await room.relayed(max(_LOADS), max(_LOADS))
    await room.bare(max(_LOADS), max(_LOADS))
    return room


async def _compare(plan: Plan, room: _Room, engine: str, workers: int) -> Figure:
    count = plan.scaled(_LOADS[workers], max(_LOADS[workers] // _QUICK, workers))
    plan.say(f"{engine}: {workers} at once")
    pairs = await alternate(
        plan.scaled(_PAIRS, _QUICK_PAIRS),
        lambda: room.relayed(workers, count),
        lambda: room.bare(workers, count),
    )
    if any(mine.posts != count for mine, _ in pairs):
        raise RuntimeError("messages were joined, or lost: each was to be a post of its own")
    ratios = [mine.rate / other.rate for mine, other in pairs]
    sides = list(zip(*pairs, strict=True))
    work = [
        f"{statistics.median(run.homeserver for run in side):.0f} + "
        f"{statistics.median(run.plugin for run in side):.0f}"
        for side in sides
    ]
    return Figure.of(
        f"relay on {engine}, {workers} at once",
        statistics.median(mine.rate for mine, _ in pairs),
        baseline=statistics.median(other.rate for _, other in pairs),
        value=statistics.median(ratios),
        interval=median_interval(ratios, plan.seed),
        unit="posts/s",
        aim=Aim(compared="times", bound=_LEAST, is_least=True),
        notes=f"{len(pairs)} pairs of {count}; processor time a post, homeserver + plugin: "
        f"{work[0]} ms, bare {work[1]} ms",
    )


async def measure(plan: Plan) -> Measured:
    """Measure on both engines, or when in a hurry on SQLite alone."""
    for engine in ("SQLite", "PostgreSQL")[: plan.scaled(2, 1)]:
        async with _opened(engine) as room:
            for workers in _LOADS:
                yield await _compare(plan, room, engine, workers)
            count = plan.scaled(_LOADS[8], _LOADS[8] // _QUICK)
            runs = [await room.relayed(8, count, _SHORT) for _ in range(plan.runs)]
            yield Figure.of(
                f"short messages on {engine}, 8 at once",
                statistics.median(run.rate for run in runs),
                unit="messages/s",
                notes=f"joined: {statistics.median(run.posts for run in runs):.0f} posts of {count} messages",
            )


ROW = Row(name="relay", title="Customers' messages into the room", measure=measure)
