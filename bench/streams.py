"""What open streams cost: memory while nothing comes, and how many events a second they carry."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from stack.conditions import until
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.browser.tokens import make_jwt

from .desk import USER_SECRET, Desk, allow_many_files
from .figures import Aim, Figure, Measured, Plan, Row, alternate
from .sockets import Line, open_stream

_STREAMS_OF_A_TOKEN = 3
_WARM_UP = 30
_AT_ONCE = 100
_SPARE_FILES = 200
_PATIENCE = 120.0

_MESSAGE = {"text": "Where is my order, please?"}
_AS_LONG = {"text": "-" * 380}
"""What the bare plugin writes as it comes: about as long as the event of such a message."""

Target = tuple[JsonApi, str, int | None]
"""The API, the path, and the Last-Event-ID of a stream."""


class _Counter:
    """Counts blocks of all streams together."""

    def __init__(self) -> None:
        self.blocks = 0

    def add(self, count: int) -> None:
        self.blocks += count

    async def reach(self, wanted: int) -> None:
        """Return once so many have come."""

        async def there() -> bool:
            return self.blocks >= wanted

        await until(there, f"{wanted} blocks came", within=_PATIENCE, every=0.002)


@asynccontextmanager
async def _opened(targets: list[Target]) -> AsyncIterator[_Counter]:
    """Have these streams open; each has said so when this begins."""
    counter = _Counter()
    streams = []
    try:
        for first in range(0, len(targets), _AT_ONCE):
            some = targets[first : first + _AT_ONCE]
            streams += await asyncio.gather(
                *(open_stream(api, path, counter.add, last_event_id=last) for api, path, last in some)
            )
            await counter.reach(len(streams))
        yield counter
    finally:
        for stream in streams:
            stream.close()


async def _idle_memory(desk: Desk, targets: list[Target]) -> float:
    """Return the KiB that each of these streams costs a process that has just begun."""
    await desk.restart_maubot()
    async with _opened(targets[:_WARM_UP]):
        pass
    await desk.wait_until_idle()
    before = desk.memory
    async with _opened(targets):
        await desk.wait_until_idle()
        return (desk.memory - before) / len(targets)


async def measure_memory(plan: Plan) -> Measured:
    """Measure a stream's memory on both sides, and the whole process under very many."""
    count = plan.scaled(2000, 300)
    many = min(plan.scaled(10_000, 900), allow_many_files() - _SPARE_FILES)
    async with Desk() as desk:
        plan.say("opening sessions")
        customers = await desk.open_customers(max(count, -(-many // _STREAMS_OF_A_TOKEN)))
        ours: list[Target] = [(customer.api, "/v1/events", None) for customer in customers[:count]]
        bare: list[Target] = [
            # The same request, header for header.
            (JsonApi(desk.session, desk.bare.base_url, headers=customer.api.headers), "/events", None)
            for customer in customers[:count]
        ]
        pairs = await alternate(plan.runs, lambda: _idle_memory(desk, ours), lambda: _idle_memory(desk, bare))
        yield Figure.of(
            "memory an idle stream",
            statistics.median(mine for mine, _ in pairs),
            baseline=statistics.median(other for _, other in pairs),
            value=statistics.median(mine / other for mine, other in pairs),
            unit="KiB",
            aim=Aim(compared="times", bound=1.3),
            notes=f"{count} streams in a process that has just begun; {plan.runs} alternating runs",
        )
        await desk.restart_maubot()
        before = desk.memory
        every: list[Target] = [
            (customer.api, "/v1/events", None) for customer in customers for _ in range(_STREAMS_OF_A_TOKEN)
        ]
        async with _opened(every[:many]):
            yield Figure.of(
                f"memory of maubot under {many:,} idle streams",
                desk.memory / 1024,
                baseline=before / 1024,
                unit="MiB",
                notes="baseline: without them",
            )


async def _tell(api: JsonApi, path: str, body: Mapping[str, str], targets: list[Target], times: int) -> float:
    """Post one thing after the other while all streams listen; return deliveries a second."""
    line = await Line.open(api)
    try:
        async with _opened(targets) as counter:
            expected, began = counter.blocks + len(targets) * times, time.perf_counter()
            for _ in range(times):
                await line.post(api, path, {**body, "client_id": str(uuid.uuid4())})
            await counter.reach(expected)
            return len(targets) * times / (time.perf_counter() - began)
    finally:
        line.close()


async def _catch_up(targets: list[Target], each: int) -> float:
    """Open streams for which events wait; return deliveries a second."""
    counter = _Counter()
    began = time.perf_counter()
    streams = await asyncio.gather(
        *(open_stream(api, path, counter.add, last_event_id=last) for api, path, last in targets)
    )
    try:
        await counter.reach(len(targets) * (each + 1))
        return len(targets) * each / (time.perf_counter() - began)
    finally:
        for stream in streams:
            stream.close()


async def _open_devices(desk: Desk, count: int) -> list[Customer]:
    """Open so many sessions of one customer."""
    return [
        await open_session(desk.api, identity={"token": make_jwt("many devices", secret=USER_SECRET)})
        for _ in range(count)
    ]


def _figure(name: str, pairs: list[tuple[float, float]], notes: str, aim: Aim | None = None) -> Figure:
    return Figure.of(
        name,
        statistics.median(mine for mine, _ in pairs),
        baseline=statistics.median(other for _, other in pairs),
        value=statistics.median(mine / other for mine, other in pairs),
        unit="a second",
        aim=aim,
        notes=notes,
    )


async def measure_deliveries(plan: Plan) -> Measured:
    """Measure one event for many streams, and many events for each of some."""
    devices, times = plan.scaled(3000, 34), plan.scaled(10, 5)
    customers, each = plan.scaled(20, 5), plan.scaled(100, 60)
    async with Desk() as desk:
        opened = await _open_devices(desk, devices)
        ours: list[Target] = [
            (device.api, "/v1/events", None) for device in opened for _ in range(_STREAMS_OF_A_TOKEN)
        ]
        bare: list[Target] = [(desk.bare, "/events", None)] * len(ours)
        pairs = await alternate(
            plan.runs,
            lambda: _tell(opened[0].api, "/v1/messages", _MESSAGE, ours, times),
            lambda: _tell(desk.bare, "/tell", _AS_LONG, bare, times),
        )
        yield _figure(
            "deliveries of one event to many streams",
            pairs,
            f"{len(ours)} streams of one conversation; {times} messages posted in a row, and stored",
            Aim(compared="times", bound=0.8, is_least=True),
        )
        writers = await desk.open_customers(customers)
        for number in range(each):
            await asyncio.gather(*(writer.send(f"{_MESSAGE['text']} {number}") for writer in writers))
        await desk.wait_until_idle()
        waiting: list[Target] = [(writer.api, "/v1/events", 0) for writer in writers]
        pairs = await alternate(
            plan.runs,
            lambda: _catch_up(waiting, each),
            lambda: _catch_up([(desk.bare, f"/events?waiting={each}", None)] * customers, each),
        )
        yield _figure(
            "events told to those who come back",
            pairs,
            f"{customers} customers come back and are told {each} events each; both sides connect first",
        )


ROW_MEMORY = Row(name="memory", title="Memory of idle streams", measure=measure_memory)
ROW_DELIVERIES = Row(name="deliveries", title="Deliveries a second", measure=measure_deliveries)
