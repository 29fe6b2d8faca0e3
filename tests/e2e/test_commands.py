"""Moderators block and time out by replying; the customer can't tell."""

from __future__ import annotations

import time
import uuid

import pytest

from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, BOT, MALLORY


async def relay(system: System, customer: Customer) -> int:
    """Send a message of its own text and return Telegram's id of the post."""
    text = f"message {uuid.uuid4()}"
    await customer.send(text)
    return (await system.telegram.wait_for_text(text)).id


async def wait_past(system: System) -> None:
    """Return once the relay has dealt with all that was taken before: a later customer's post is there."""
    await relay(system, await system.customer())


async def test_a_blocked_customer_sees_the_same_and_nothing_reaches_telegram(system: System) -> None:
    blocked, free = await system.customer(), await system.customer()
    post = await relay(system, blocked)
    await relay(system, free)
    await order_and_wait(system, "/block 2h spam", post, "until")

    secret = uuid.uuid4().hex
    async with blocked.stream() as blocked_stream, free.stream() as free_stream:
        to_blocked, to_free = await blocked.post(secret), await free.post("hello")
        seen, expected = await blocked_stream.next(), await free_stream.next()
    assert to_blocked.status == to_free.status == 201
    assert set(to_blocked.headers) == set(to_free.headers)
    assert shape(to_blocked.json) == shape(to_free.json)
    assert seen is not None
    assert expected is not None
    assert seen.data == to_blocked.json
    assert (seen.type, seen.id, shape(seen.data)) == (expected.type, expected.id, shape(expected.data))
    assert shape(await blocked.history()) == shape(await free.history())

    await wait_past(system)
    assert not [m for m in await system.telegram.messages() if secret in m.text]


DIFFERS = {"id", "ticket", "text", "client_id", "created_at"}


def shape(value: object) -> object:
    """A JSON value with only the types of what must differ between two customers."""
    if isinstance(value, dict):
        return {key: type(item).__name__ if key in DIFFERS else shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return value


async def order_and_wait(system: System, command: str, post: int, answer: str) -> str:
    """Reply with a command as Alice and return the bot's answer to it."""
    command_id = await system.telegram.send(ALICE, command, reply_to=post)
    found = await system.telegram.wait_for_message(
        lambda m: m.id > command_id and m.sender == BOT and answer in m.text, f"an answer to {command}"
    )
    return found.text


@pytest.mark.parametrize("word", ["/block", "/ban", "!shadowban", "/timeout@support_relay_bot", "BLOCK_USER"])
async def test_each_word_blocks_and_unblock_lifts(system: System, word: str) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    answer = await order_and_wait(system, f"{word} 2h", post, "until")
    number = (await customer.history())["items"][0]["ticket"]
    assert answer.startswith(f"✓ #{number} until ")
    held = uuid.uuid4().hex
    await customer.send(held)
    await wait_past(system)
    assert await order_and_wait(system, "/unblock", post, f"#{number}") == f"✓ #{number} unblocked"
    await relay(system, customer)
    assert not [m for m in await system.telegram.messages() if held in m.text]


async def write_under_a_short_timeout(system: System) -> tuple[Customer, str]:
    """Return a customer who has just been timed out, and what they have written meanwhile.

    On a busy machine a short one may be over before the customer writes; then it is tried with a longer one.
    """
    for seconds in (4, 16, 64):
        customer, held = await system.customer(), uuid.uuid4().hex
        post = await relay(system, customer)
        began = time.time()
        await order_and_wait(system, f"/timeout {seconds}s", post, "until")
        await customer.send(held)
        # It counts from Telegram's time of the command, in whole seconds.
        if time.time() - began < seconds - 1:
            return customer, held
    raise AssertionError("the command takes longer than its timeout")


async def test_after_its_end_a_timeout_holds_nothing_any_more(system: System) -> None:
    customer, held = await write_under_a_short_timeout(system)
    await wait_past(system)
    texts: list[str] = []

    async def one_arrives() -> bool:
        texts.append(uuid.uuid4().hex)
        await customer.send(texts[-1])
        await wait_past(system)
        return any(texts[-1] in m.text for m in await system.telegram.relayed())

    while not await one_arrives():
        assert len(texts) < 200
    relayed = " ".join(m.text for m in await system.telegram.relayed())
    assert held not in relayed
    arrived = [text in relayed for text in texts]
    assert arrived == sorted(arrived)  # once one has, all later ones have


async def test_a_reply_reaches_a_blocked_customer(system: System) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    await order_and_wait(system, "/timeout 1d", post, "until")
    async with customer.stream() as stream:
        await system.telegram.send(ALICE, "you are in time out", reply_to=post)
        await stream.wait_for_text("you are in time out")


async def test_a_strangers_command_does_nothing_and_shows_nothing(system: System) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    command_id = await system.telegram.send(MALLORY, "/block 7d", reply_to=post)
    await relay(system, customer)
    await relay(system, customer)
    answers = [m.text for m in await system.telegram.relayed() if m.id > command_id and "·" not in m.text]
    assert answers == []


async def test_a_wrong_length_is_answered_and_blocks_nobody(system: System) -> None:
    customer = await system.customer()
    post = await relay(system, customer)
    answer = await order_and_wait(system, "/block 3x", post, "3x")
    assert "not a length of time" in answer
    await relay(system, customer)


async def test_a_longer_wish_is_cut_and_the_answer_says_so(system: System) -> None:
    post = await relay(system, await system.customer())
    assert "the longest allowed" in await order_and_wait(system, "/block 52w", post, "until")
