"""What takes how long, over 1,000 to 1,000,000 stored messages, on both engines."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stack.postgres import Postgres

from . import large_desk
from .figures import Aim, Figure, Measured, Plan, Row, Series, percentile
from .stores import Store, opened_store

_AIM = Aim(compared="times", bound=1.5)
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_RESAMPLES = 1000
_QUICK_SIZES = (1_000, 10_000)

Act = Callable[[Store], Awaitable[object]]

# With each the most that even the smallest store has of it, so that all give the same.
_LISTS: dict[str, tuple[str, int]] = {
    "all": ("", 20),
    "all, longest waiting": ("sort=waiting", 20),
    "all, by number": ("sort=number", 20),
    "open": ("status=open", 20),
    "open, longest waiting": ("status=open&sort=waiting", 20),
    "open, by number": ("status=open&sort=number", 20),
    "closed": ("status=closed", 20),
    "closed, by number": ("status=closed&sort=number", 20),
    "waiting for us": ("waiting=team&sort=waiting", 20),
    "waiting for us, latest": ("waiting=team", 20),
    "waiting for us, by number": ("waiting=team&sort=number", 20),
    "waiting for them": ("waiting=customer", 20),
    "mine": ("assignee=me", 5),
    "mine, longest waiting": ("assignee=me&sort=waiting", 5),
    "mine, by number": ("assignee=me&sort=number", 5),
    "mine and open": ("assignee=me&status=open", 2),
    "nobody's": ("assignee=none", 20),
    "blocked": ("blocked=true", 2),
    "blocked, by number": ("blocked=true&sort=number", 2),
    "blocked and waiting": ("blocked=true&waiting=team&sort=waiting", 1),
}
_SEARCHES: dict[str, str] = {
    "a rare word": large_desk.RARE,
    "a word now and then": large_desk.SELDOM,
    "a usual word": large_desk.USUAL,
    "a common word": large_desk.COMMON,
    "a beginning": large_desk.BEGINNING,
    "one letter": large_desk.COMMON[0],
    "two words": f"{large_desk.COMMON} {large_desk.SELDOM}",
    "no such word": "nosuchword",
    "a customer": large_desk.NAME,
    "a ticket's number": "#50",
}
_FOUND = 10


@dataclass(kw_only=True)
class Deed:
    """Something that is done to each store."""

    name: str
    act: Act
    times: int
    """So often it is done to each store in one run."""
    taken: dict[int, list[float]] = field(default_factory=dict)
    """Milliseconds, by the size of the store; those of one place were taken right after each other."""

    async def run(self, stores: list[Store]) -> None:
        """Do it to one store after the other, each first in its turn: what else is going on is so for all."""
        for turn in range(self.times):
            place = turn % len(stores)
            for store in stores[place:] + stores[:place]:
                began = time.perf_counter()
                await self.act(store)
                took = (time.perf_counter() - began) * 1000
                self.taken.setdefault(store.messages, []).append(took)


async def _post(store: Store, number: int) -> None:
    body = {"client_id": str(uuid.uuid4()), "text": "hello, it is me again"}
    await store.as_customer(number).call("POST", "/v1/messages", body)


async def _replay(store: Store, number: int) -> None:
    headers = {**store.as_customer(number).headers, "Last-Event-ID": "0"}
    missing = large_desk.MESSAGES_PER_TICKET
    async with store.page.session.get(f"{store.page.base_url}/v1/events", headers=headers) as answer:
        async for line in answer.content:
            missing -= line.startswith(b"id:")
            if not missing:
                return
    raise RuntimeError("the stream ended early")


def _list(query: str, limit: int) -> Act:
    async def read(store: Store) -> None:
        page = await store.console.call("GET", f"/v1/mod/tickets?{query}&limit={limit}")
        if len(page["items"]) != limit:
            raise RuntimeError(f"{query!r} gave {len(page['items'])} of {limit}")

    return read


def _search(q: str) -> Act:
    return lambda store: store.console.call("POST", "/v1/mod/tickets/search", {"q": q, "limit": _FOUND})


def _get(path: str) -> Act:
    return lambda store: store.console.call("GET", path)


def _deeds(source: random.Random, times: int) -> list[Deed]:
    """Return everything that is measured; who is asked for is drawn at random."""

    def read(path: str) -> Act:
        return lambda store: store.console.call("GET", path.format(source.choice(store.read)))

    def history(store: Store) -> Awaitable[object]:
        return store.as_customer(source.choice(store.read)).call("GET", "/v1/messages?limit=10")

    deeds = {
        "POST v1/messages, open ticket": lambda store: _post(store, source.choice(store.open)),
        "replay of a stream": lambda store: _replay(store, source.choice(store.read)),
        "a page of the history": history,
        **{f"list: {name}": _list(*what) for name, what in _LISTS.items()},
        **{f"search: {name}": _search(q) for name, q in _SEARCHES.items()},
        "a ticket": read("/v1/mod/tickets/{}"),
        "a ticket's messages": read("/v1/mod/tickets/{}/messages?limit=10"),
        "counts of the overview": _get("/v1/mod/stats"),
        "blocks": _get("/v1/mod/blocks?limit=2"),
        "what is held": _get("/v1/mod/held?limit=10"),
        "audit log": _get("/v1/mod/audit?limit=10"),
        "health": _get("/v1/health"),
        "metrics": lambda store: store.page.request("GET", "/v1/metrics"),
        "housekeeping": lambda store: store.desk.plugin._housekeeping._turn(),
    }
    # Each opens a ticket, and the small store has no more than it needs.
    reopening = Deed(
        name="POST v1/messages, closed ticket",
        act=lambda store: _post(store, store.closed.pop()),
        times=times // 2,
    )
    return [reopening, *(Deed(name=name, act=act, times=times) for name, act in deeds.items())]


@asynccontextmanager
async def _stores(
    sizes: tuple[int, ...], plan: Plan, postgres: Postgres | None
) -> AsyncIterator[list[Store]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headset-rows-")))
        stores = []
        for size in sizes:
            began = time.monotonic()
            stores.append(await stack.enter_async_context(opened_store(size, folder, postgres, plan.seed)))
            plan.say(f"{size:,} messages made in {time.monotonic() - began:.0f} s")
        yield stores


async def _measure_engine(engine: str, plan: Plan, postgres: Postgres | None) -> Measured:
    source = random.Random(plan.seed)  # noqa: S311 (nothing is kept secret by it)
    deeds = _deeds(source, plan.scaled(8, 4))
    async with _stores(_QUICK_SIZES if plan.quick else _SIZES, plan, postgres) as stores:
        for number in range(plan.runs + 1):
            if number == 1:
                # The first run was for the caches.
                for deed in deeds:
                    deed.taken.clear()
            for deed in deeds:
                await deed.run(stores)
    for deed in deeds:
        for one in _tell(engine, deed, plan.seed):
            yield one


_CHARTED = (
    "POST v1/messages, open ticket",
    "replay of a stream",
    "list: waiting for us",
    "search: a rare word",
    "search: a common word",
    "search: one letter",
    "search: two words",
)


def _interval(ours: list[float], baseline: list[float], seed: int) -> tuple[float, float]:
    """Return the 95 % interval of how many times as long ours takes, by bootstrap over both medians."""
    source = random.Random(seed)  # noqa: S311 (nothing is kept secret by it)
    pairs = list(zip(ours, baseline, strict=True))
    ratios = []
    for _ in range(_RESAMPLES):
        mine, others = zip(*source.choices(pairs, k=len(pairs)), strict=True)
        ratios.append(statistics.median(mine) / statistics.median(others))
    return percentile(ratios, 2.5), percentile(ratios, 97.5)


def _tell(engine: str, deed: Deed, seed: int) -> list[Figure | Series]:
    medians = {size: statistics.median(times) for size, times in deed.taken.items()}
    small, large = min(medians), max(medians)
    figure = Figure.of(
        f"{engine}: {deed.name}",
        medians[large],
        baseline=medians[small],
        unit="ms",
        aim=_AIM,
        interval=_interval(deed.taken[large], deed.taken[small], seed),
    )
    if deed.name not in _CHARTED:
        return [figure]
    series = Series(
        chart=f"Time over stored messages, {engine}",
        label=deed.name,
        x_label="stored messages",
        y_label="milliseconds, median",
        points=tuple(sorted(medians.items())),
        logarithmic="x",
    )
    return [figure, series]


async def measure(plan: Plan) -> Measured:
    """Measure on SQLite, then on PostgreSQL; each store against the smallest, turn by turn."""
    async for one in _measure_engine("SQLite", plan, None):
        yield one
    async with Postgres() as postgres:
        async for one in _measure_engine("PostgreSQL", plan, postgres):
            yield one


ROW = Row(name="rows", title="1,000 to 1,000,000 stored messages, beside itself at 1,000", measure=measure)
