"""Sixty messages a minute for a group that takes twenty: no flood, the urgent first, nothing lost."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

from stack.conditions import PATIENCE, until
from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, TelegramMessage

MakeSystem = Callable[..., AbstractAsyncContextManager[System]]

CUSTOMERS, EACH = 10, 6
PER_MINUTE, WINDOW = 20, 60
PACED: dict[str, Any] = {
    "relay": {"per_minute": PER_MINUTE, "join_within": "0s"},
    "limits": {"messages_per_minute": 10_000, "sessions_per_hour": 10_000},
}


async def test_sixty_messages_from_ten_customers_at_twenty_a_minute(private_system: MakeSystem) -> None:
    async with private_system() as system:
        await system.configure(PACED)
        await system.telegram.limit_posts(PER_MINUTE)
        customers = [await system.customer() for _ in range(CUSTOMERS)]
        await write(customers, [0])
        await wait_for_posts(system, CUSTOMERS)
        firsts = numbers(await system.telegram.relayed())
        assert sorted(firsts) == [(name, 0) for name in range(CUSTOMERS)]

        await write(customers, [1])
        await wait_for_posts(system, PER_MINUTE)
        await write(customers, range(2, EACH))
        backlog = CUSTOMERS * (EACH - 2)
        assert await waiting(system) == backlog

        # The minute is full, and the backlog is all there, when the moderator has had enough of one.
        first = next(m for m in await system.telegram.relayed() if "<0.0>" in m.text)
        await system.telegram.send(ALICE, "/timeout 2h", reply_to=first.id)
        await until(lambda: is_empty(system), "an empty backlog", within=WINDOW + PATIENCE)
        await wait_for_posts(system, PER_MINUTE + CUSTOMERS)

        posts = await system.telegram.relayed()
        assert numbers(posts[:PER_MINUTE]) == sorted(numbers(posts[:PER_MINUTE]), key=lambda pair: pair[1])
        ticket = (await customers[0].history())["items"][0]["ticket"]
        assert posts[PER_MINUTE].text.startswith(f"✓ #{ticket} until ")

        # The rest of the nine who may speak comes joined, and of the tenth nothing more.
        followers = posts[PER_MINUTE + 1 :]
        assert sorted(map(tuple, (numbers([post]) for post in followers))) == [
            tuple((name, n) for n in range(2, EACH)) for name in range(1, CUSTOMERS)
        ]
        assert_paced(posts)
        assert await system.telegram.count_flood_waits() == 0
        assert dates(posts)[-1] - dates(posts)[0] < 2 * WINDOW


async def test_a_slow_telegram_still_gets_no_more_than_it_takes(private_system: MakeSystem) -> None:
    """What counts is when Telegram had a post, not when the room had it."""
    async with private_system() as system:
        await system.configure(PACED)
        customers = [await system.customer() for _ in range(PER_MINUTE + 1)]
        await system.telegram.fault("messages.SendMessage", "", delay=3)
        await write(customers, [0])
        await wait_for_posts(system, PER_MINUTE + 1, within=WINDOW + PATIENCE)
        assert_paced(await system.telegram.relayed())


async def write(customers: Sequence[Customer], each: Sequence[int]) -> None:
    """Let the customers write at once, each its messages in order."""

    async def write_one(name: int, customer: Customer) -> None:
        for number in each:
            await customer.send(f"<{name}.{number}>", client_id=str(uuid.uuid4()))

    await asyncio.gather(*(write_one(name, customer) for name, customer in enumerate(customers)))


def numbers(posts: Sequence[TelegramMessage]) -> list[tuple[int, int]]:
    """Whose message of what number stands in the posts, in order."""
    found = [pair for post in posts for pair in re.findall(r"<(\d+)\.(\d+)>", post.text)]
    return [(int(name), int(number)) for name, number in found]


async def wait_for_posts(system: System, count: int, *, within: float = PATIENCE) -> None:
    async def are_there() -> bool:
        return len(await system.telegram.relayed()) >= count

    await until(are_there, f"{count} posts in the group", within=within)


async def waiting(system: System) -> int:
    """How many customers' messages are not in the room yet."""
    answer = await system.api.request("GET", "/v1/metrics")
    (value,) = re.findall(r"^headset_outbox_waiting_messages (\d+)$", answer.text, re.MULTILINE)
    return int(value)


async def is_empty(system: System) -> bool:
    return await waiting(system) == 0


def dates(posts: Sequence[TelegramMessage]) -> list[float]:
    """Telegram's dates of the posts, in seconds."""
    return [datetime.fromisoformat(post.raw["date"]).timestamp() for post in posts]


def assert_paced(posts: Sequence[TelegramMessage]) -> None:
    """No minute has more posts than a minute may have.

    A date is the time with its fraction cut off: two posts that are a minute apart have dates that are.
    """
    at = dates(posts)
    for earlier, later in zip(at, at[PER_MINUTE:], strict=False):
        assert later - earlier >= WINDOW
