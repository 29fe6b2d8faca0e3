"""Whether a customer can tell by the clock that a block holds them: the area under the ROC curve.

What is compared is how long `POST v1/messages` takes for customers who are blocked and for others, in single
messages and in bursts, where the later posts meet what the first one has set going. 0.5: nothing can be told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from stack.conditions import until
from stack.customer import Customer
from stack.json_api import RefusedError
from stack.operators import open_console
from stack.system import System
from stack.telegram_client import ALICE

HOLDS = (0.45, 0.55)
"""Within this nothing can be told."""

BURST = 5
APART = 0.004
"""Seconds between the posts of a burst."""
_EACH = 4
"""Customers of a class."""
_LONGEST_REST = 0.02
"""Seconds between single posts, at most: some come while the one before is on its way, others don't."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How well the times tell the blocked from the others."""

    name: str
    number: int
    """Of each class."""
    auc: float
    """The share of pairs in which the blocked customer's post took longer."""
    blocked_ms: float
    """Median."""
    others_ms: float


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Customers who are blocked, and others who came the same way."""

    blocked: Sequence[Customer]
    others: Sequence[Customer]

    def pairs(self, number: int, random: Random) -> list[tuple[bool, Customer]]:
        """So many turns of each class, in pairs in which either may come first."""
        turns: list[tuple[bool, Customer]] = []
        for turn in range(number):
            pair = [(True, self.blocked[turn % _EACH]), (False, self.others[turn % _EACH])]
            random.shuffle(pair)
            turns += pair
        return turns


Post = Callable[[Customer], Awaitable[float]]
"""Posts one message; returns the seconds until the answer."""


def area(blocked: Sequence[float], others: Sequence[float]) -> float:
    """The chance that one of the first is greater than one of the second (Mann-Whitney); ties are halves."""
    ranked = sorted([(value, True) for value in blocked] + [(value, False) for value in others])
    rank_sum, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        middle = (place + 1 + end) / 2
        rank_sum += middle * sum(is_blocked for _, is_blocked in ranked[place:end])
        place = end
    return (rank_sum - len(blocked) * (len(blocked) + 1) / 2) / (len(blocked) * len(others))


async def make_classes(system: System) -> Classes:
    """Customers whose tickets are open, half of them blocked."""
    console = await open_console(system, ALICE)
    customers = [await system.customer() for _ in range(2 * _EACH)]
    for customer in customers:
        await customer.send("A first word")
    blocked, others = customers[::2], customers[1::2]
    for customer in blocked:
        body = {"customer": customer.session["customer"]["id"], "duration": "4w"}
        await console.call("POST", "/v1/mod/blocks", body)
    await rest(system)
    return Classes(blocked=blocked, others=others)


async def rest(system: System) -> None:
    """Return once nothing waits to be sent."""

    async def nothing_waits() -> bool:
        answer = await system.api.request("GET", "/v1/metrics")
        return "headset_outbox_waiting_messages 0\n" in answer.text

    await until(nothing_waits, "an empty outbox", within=120.0, every=0.02)


async def wait_until_unreported(system: System, classes: Classes) -> None:
    """Return once the plugin knows that the bridge, which has been stopped, says nothing."""

    async def is_known() -> bool:
        for customer in classes.others:
            await customer.send("Is anybody there?")
        await asyncio.sleep(1.0)
        answer = await system.api.request("GET", "/v1/metrics")
        return "headset_bridge_reports 0\n" in answer.text

    await until(is_known, "the plugin knows that the bridge is silent")


async def post_to_team(customer: Customer) -> float:
    return await _timed(customer)


def post_to(moderator_id: str) -> Post:
    """Posts to one moderator in private."""

    async def post(customer: Customer) -> float:
        return await _timed(customer, channel="direct", moderator=moderator_id)

    return post


async def _timed(customer: Customer, **more: object) -> float:
    began = time.perf_counter()
    answer = await customer.post("How long does it take?", **more)
    took = time.perf_counter() - began
    if answer.status != 201:
        raise RefusedError(f"POST v1/messages: {answer.status} {answer.text[:500]}")
    return took


async def measure_singles(classes: Classes, post: Post, number: int, random: Random) -> Timing:
    """Post one at a time, both classes in turn, with short rests of random length."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for is_blocked, customer in classes.pairs(number, random):
        times[is_blocked].append(await post(customer))
        await asyncio.sleep(random.uniform(0, _LONGEST_REST))
    return _timing("single messages", times)


async def measure_bursts(
    system: System, classes: Classes, post: Post, number: int, random: Random
) -> tuple[Timing, Timing]:
    """Post bursts, each by one customer while all else rests; compare what came after the first post.

    Return what the single posts tell, so many of each class, and what the mean of each burst tells.
    """
    posts: dict[bool, list[float]] = {True: [], False: []}
    means: dict[bool, list[float]] = {True: [], False: []}
    later = BURST - 1
    for is_blocked, customer in classes.pairs(number // later, random):
        tasks = []
        for _ in range(BURST):
            tasks.append(asyncio.create_task(post(customer)))
            await asyncio.sleep(APART)
        took = (await asyncio.gather(*tasks))[1:]
        posts[is_blocked] += took
        means[is_blocked].append(sum(took) / later)
        await rest(system)
        await asyncio.sleep(0.15 + random.uniform(0, _LONGEST_REST))
    return _timing("messages in bursts", posts), _timing("means of bursts", means)


def _timing(name: str, times: dict[bool, list[float]]) -> Timing:
    return Timing(
        name=name,
        number=len(times[True]),
        auc=area(times[True], times[False]),
        blocked_ms=_median(times[True]) * 1000,
        others_ms=_median(times[False]) * 1000,
    )


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
