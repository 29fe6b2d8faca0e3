"""Streams: exactly what was missed, an end at stop and reload, and nothing that crosses."""

from __future__ import annotations

import asyncio
import uuid

from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, BOB


async def test_last_event_id_replays_exactly_what_was_missed(system: System) -> None:
    customer = await system.customer()
    async with customer.stream() as stream:
        await customer.send("one")
        first = await stream.next()
    assert first is not None
    await customer.send("two")
    post = await system.telegram.wait_for_text("two")
    await system.telegram.send(ALICE, "three", reply_to=post.id)
    async with customer.stream(last_event_id=first.id) as stream:
        await stream.wait_for_text("three")
        await customer.send("four")
        await stream.wait_for_text("four")
        assert [event.data["text"] for event in stream.seen] == ["two", "three", "four"]
        assert [event.id for event in stream.seen] == [first.id + 1, first.id + 2, first.id + 3]
    async with customer.stream() as stream:
        await customer.send("five")
        await stream.wait_for_text("five")
        assert [event.data["text"] for event in stream.seen] == ["five"]


async def test_streams_end_on_stop_and_on_reload_and_clients_come_back(system: System) -> None:
    customer = await system.customer()
    plugin = (await system.maubot.get_instance("support"))["type"]
    seen: list[str] = []
    last = 0

    async def restart_instance() -> None:
        await system.maubot.stop_instance("support")
        await system.maubot.start_instance("support")

    for restart in (restart_instance, lambda: system.maubot.reload_plugin(plugin)):
        async with customer.stream(last_event_id=last) as stream:
            await customer.send(f"before {uuid.uuid4()}")
            event = await stream.next()
            assert event is not None
            last = event.id
            seen.append(event.data["text"])
            await restart()
            assert await stream.next() is None, "the stream went on with old code"
        await system.wait_for_plugin()
    async with customer.stream(last_event_id=0) as stream:
        await customer.send("after")
        await stream.wait_for_text("after")
        assert [e.data["text"] for e in stream.seen] == [*seen, "after"]


async def test_twenty_customers_at_once_get_their_own_answers_only(system: System) -> None:
    async def converse(number: int) -> None:
        customer = await system.customer()
        mark = f"c{number}-{uuid.uuid4().hex}"
        async with customer.stream() as stream:
            for turn in range(3):
                text = f"{mark} {turn}"
                await customer.send(text)
                post = await system.telegram.wait_for_text(text)
                await system.telegram.send(ALICE if turn % 2 else BOB, f"answer to {text}", reply_to=post.id)
                await stream.wait_for_text(f"answer to {text}")
            assert len(stream.seen) == 6
            assert all(mark in event.data["text"] for event in stream.seen)
        await assert_whole(customer, mark, 6)

    await asyncio.gather(*(converse(number) for number in range(20)))


async def assert_whole(customer: Customer, mark: str, count: int) -> None:
    """Check that the stored conversation is complete, in order and the customer's own."""
    items = (await customer.history())["items"]
    assert [item["seq"] for item in items] == list(range(1, count + 1))
    assert all(mark in item["text"] for item in items)


async def test_the_same_client_id_twice_and_at_once_is_one_message(system: System) -> None:
    customer = await system.customer()
    client_id, text = str(uuid.uuid4()), f"only once {uuid.uuid4()}"
    answers = await asyncio.gather(*(customer.post(text, client_id=client_id) for _ in range(10)))
    answers.append(await customer.post(text, client_id=client_id))
    assert sorted(answer.status for answer in answers) == [200] * 10 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    await customer.send("after it")
    await system.telegram.wait_for_text("after it")
    relayed = " ".join(m.text for m in await system.telegram.relayed())
    assert relayed.count(text) == 1
    assert [item["seq"] for item in (await customer.history())["items"]] == [1, 2]
