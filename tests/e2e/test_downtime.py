"""Replies that come while nobody listens are all delivered, once and in order."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, BOB


async def relay(system: System, customer: Customer) -> int:
    text = f"question {uuid.uuid4()}"
    await customer.send(text)
    return (await system.telegram.wait_for_text(text)).id


async def answers_in_order(system: System, customer: Customer, count: int) -> list[str]:
    """Wait until the customer has `count` answers and return their texts as stored."""
    async with customer.stream(last_event_id=1) as stream:
        for _ in range(count):
            await stream.next()
    items = (await customer.history())["items"]
    return [item["text"] for item in items if item["author"]["kind"] == "moderator"]


async def in_the_room(system: System, text: str) -> None:
    """Return once the bridge has brought a Telegram message into the room."""
    await system.admin.wait_for_event(
        system.room_id, lambda event: event["content"].get("body") == text, f"{text!r} in the room"
    )


@pytest.mark.parametrize("how", ["maubot stopped", "maubot killed", "instance stopped"])
async def test_replies_sent_while_down_are_delivered_once_and_in_order(system: System, how: str) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    if how == "maubot stopped":
        await system.stop_maubot()
    elif how == "maubot killed":
        await system.kill_maubot()
    else:
        await system.maubot.stop_instance("support")

    texts = [f"{how} {n} {uuid.uuid4()}" for n in range(5)]
    for n, text in enumerate(texts):
        await system.telegram.send(BOB if n % 2 else ALICE, text, reply_to=post)
    await in_the_room(system, texts[-1])

    if how == "instance stopped":
        await system.maubot.start_instance("support")
        await system.wait_for_plugin()
    else:
        await system.start_maubot()
    assert await answers_in_order(system, customer, 5) == texts


async def test_sixty_replies_at_once_while_down_and_sixty_while_up(system: System) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    await system.stop_maubot()
    await asyncio.gather(
        *(system.telegram.send(ALICE, f"down {n} {uuid.uuid4()}", reply_to=post) for n in range(60))
    )
    sent = [m.text for m in await system.telegram.messages() if m.reply_to == post]
    await in_the_room(system, sent[-1])
    await system.start_maubot()
    assert await answers_in_order(system, customer, 60) == sent

    await asyncio.gather(
        *(system.telegram.send(ALICE, f"up {n} {uuid.uuid4()}", reply_to=post) for n in range(60))
    )
    sent = [m.text for m in await system.telegram.messages() if m.reply_to == post]
    assert await answers_in_order(system, customer, 120) == sent


async def test_a_reply_to_a_post_whose_sender_died_before_its_commit_is_delivered(system: System) -> None:
    """maubot dies once the post is in the group, a moderator replies: that must not be taken for talk."""
    customer = await system.customer()
    post = await relay(system, customer)
    await system.kill_maubot()
    await system.telegram.send(ALICE, "at once", reply_to=post)
    await in_the_room(system, "at once")
    await system.start_maubot()
    assert await answers_in_order(system, customer, 1) == ["at once"]
