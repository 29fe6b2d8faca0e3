"""maubot dies at the worst moments; nothing is lost and nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from stack.conditions import PATIENCE, until
from stack.system import System
from stack.telegram_client import ALICE
from tests.e2e.acts import post_until_taken

CUSTOMERS, EACH, KILLS = 10, 20, 20
MakeSystem = Callable[..., AbstractAsyncContextManager[System]]


async def test_kill_9_at_20_random_points_of_a_burst_of_200(private_system: MakeSystem) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    points = sorted(random.Random(seed).sample(range(1, CUSTOMERS * EACH), KILLS))
    taken = 0
    async with private_system() as system:
        customers = [await system.customer() for _ in range(CUSTOMERS)]

        async def burst(number: int) -> None:
            nonlocal taken
            for n in range(EACH):
                await post_until_taken(customers[number], f"<{number}.{n}>")
                taken += 1

        async def kill() -> None:
            for point in points:
                await until(lambda point=point: reached(point), f"{point} messages taken", every=0.001)
                await system.kill_maubot()
                await system.start_maubot()

        async def reached(point: int) -> bool:
            return taken >= point

        await asyncio.gather(kill(), *(burst(number) for number in range(CUSTOMERS)))
        await until(lambda: all_arrived(system), "all 200 in the group")
        arrived = await arrived_by_customer(system)
        assert arrived == {number: list(range(EACH)) for number in range(CUSTOMERS)}, f"seed {seed}"
        for number, customer in enumerate(customers):
            items = (await customer.history())["items"]
            assert [item["text"] for item in items] == [f"<{number}.{n}>" for n in range(EACH)]


async def arrived_by_customer(system: System) -> dict[int, list[int]]:
    """The numbers that stand in the group, by customer, in Telegram's order."""
    arrived: dict[int, list[int]] = defaultdict(list)
    for message in await system.telegram.relayed():
        for customer, number in re.findall(r"<(\d+)\.(\d+)>", message.text):
            arrived[int(customer)].append(int(number))
    return dict(arrived)


async def all_arrived(system: System) -> bool:
    return sum(map(len, (await arrived_by_customer(system)).values())) >= CUSTOMERS * EACH


async def test_kill_9_between_the_put_and_the_commit(private_system: MakeSystem) -> None:
    async with private_system(homeserver_proxy=True) as system:
        assert system.proxy is not None
        customer = await system.customer()
        text = f"sent, not yet committed {uuid.uuid4()}"
        with system.proxy.hold_responses(lambda method, path: method == "PUT" and "/send/" in path) as hold:
            await customer.send(text)
            await asyncio.wait_for(hold.held.wait(), PATIENCE)
            post = await system.telegram.wait_for_text(text)
            await system.kill_maubot()
        await system.telegram.send(ALICE, "seen it", reply_to=post.id)
        await system.start_maubot()
        async with customer.stream(last_event_id=0) as stream:
            await stream.wait_for_text("seen it")
        await customer.send("the next one")
        await system.telegram.wait_for_text("the next one")
        assert [text in m.text for m in await system.telegram.relayed()].count(True) == 1
        bodies = [
            event["content"].get("body", "")
            for event in await system.admin.events(system.room_id)
            if event["sender"] == system.support_bot.mxid and "m.new_content" not in event["content"]
        ]
        assert [text in body for body in bodies].count(True) == 1


async def test_a_homeserver_that_refuses_for_a_while_delays_and_loses_nothing(
    private_system: MakeSystem,
) -> None:
    async with private_system(homeserver_proxy=True) as system:
        assert system.proxy is not None
        customer = await system.customer()

        def is_send(method: str, path: str) -> bool:
            return method == "PUT" and "/send/" in path

        system.proxy.fail(is_send, 502, {}, count=2)
        system.proxy.fail(
            is_send, 429, {"errcode": "M_LIMIT_EXCEEDED", "error": "", "retry_after_ms": 1}, count=2
        )
        for n in range(5):
            await customer.send(f"<0.{n}>")
        await until(lambda: five_arrived(system), "all five in the group")
        assert await arrived_by_customer(system) == {0: [0, 1, 2, 3, 4]}


async def five_arrived(system: System) -> bool:
    return len((await arrived_by_customer(system)).get(0, [])) >= 5
