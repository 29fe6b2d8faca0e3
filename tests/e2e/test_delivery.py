"""The bridge fails in every way it can: each message reaches the group once and in order, or is shown."""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from stack.conditions import PATIENCE, until
from stack.customer import Customer
from stack.instance import BRIDGE_BOT, mxid
from stack.matrix import Event
from stack.system import System
from stack.telegram_client import ALICE
from tests.e2e.acts import post_until_taken

MakeSystem = Callable[..., AbstractAsyncContextManager[System]]

UNPACED: dict[str, Any] = {
    "relay": {"per_minute": 0, "join_within": "0s"},
    "limits": {"messages_per_minute": 10_000, "sessions_per_hour": 10_000},
}
SEND = "messages.SendMessage"
STATUS = "com.beeper.message_send_status"
LONGEST_SLEEP = 60
"""Seconds of a flood wait that the bridge sits out; it refuses what would take longer."""


# What customers write, and what of it is in the group.
async def write(customers: Sequence[Customer], numbers: Sequence[int]) -> None:
    """Let the customers write at once, each its messages in order, until each has been taken."""
    await asyncio.gather(*(write_one(customer, name, numbers) for name, customer in enumerate(customers)))


async def write_one(customer: Customer, name: int, numbers: Sequence[int]) -> None:
    for number in numbers:
        await post_until_taken(customer, token(name, number))


def token(name: int, number: int) -> str:
    return f"<{name}.{number}>"


async def group(system: System) -> dict[int, list[int]]:
    """The numbers that stand in the group, by customer, in Telegram's order."""
    found: dict[int, list[int]] = defaultdict(list)
    for message in await system.telegram.relayed():
        for name, number in re.findall(r"<(\d+)\.(\d+)>", message.text):
            found[int(name)].append(int(number))
    return dict(found)


async def wait_for_group(
    system: System, expected: dict[int, Sequence[int]], *, within: float = PATIENCE
) -> None:
    """Return once the group has exactly this, and the bridge has confirmed it to the plugin."""
    wanted = {name: list(numbers) for name, numbers in expected.items()}
    count = sum(map(len, wanted.values()))

    async def all_there() -> bool:
        return sum(map(len, (await group(system)).values())) >= count

    await until(all_there, f"{count} messages in the group", within=within)
    assert await group(system) == wanted
    await settle(system)
    assert await group(system) == wanted


async def settle(system: System) -> None:
    """Return once nothing waits in the outbox, and what came into the room up to now is understood."""

    async def nothing_waits() -> bool:
        return (await metrics(system))["outbox_waiting_messages"] == 0

    await until(nothing_waits, "an empty outbox")
    customer, text = await system.customer(), f"settled {uuid.uuid4()}"
    async with customer.stream() as stream:
        await customer.send(text)
        post = await system.telegram.wait_for_text(text)
        # The inbox handles events in order: this answer comes after every report so far.
        await system.telegram.send(ALICE, text, reply_to=post.id)
        await stream.wait_for(lambda event: event.data.get("author", {}).get("kind") == "moderator")

    async def is_marked() -> bool:
        return any("m.new_content" in event["content"] for event in await reported_events(system, text))

    await until(is_marked, "the delivered mark is reported: nothing of the plugin's is on its way")


# What the room says.
@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One of the plugin's posts in the room, and the bridge's word on it."""

    event_id: str
    number: int
    at: int
    """When it came into the room, in milliseconds."""
    status: str | None
    error: str
    status_at: int
    """When the bridge gave its word, in milliseconds."""


async def attempts(system: System, text: str) -> list[Attempt]:
    """All posts with this text, oldest first."""
    events = await system.admin.events(system.room_id, limit=1000)
    reports = reports_in(events)
    posts = [event for event in events if is_own(system, event, text)]
    return [read_attempt(event, reports) for event in posts if "m.new_content" not in event["content"]]


async def reported_events(system: System, text: str) -> list[Event]:
    """The plugin's events with this text, edits too, on which the bridge has given its word."""
    events = await system.admin.events(system.room_id, limit=1000)
    reports = reports_in(events)
    return [event for event in events if is_own(system, event, text) and event["event_id"] in reports]


def reports_in(events: Sequence[Event]) -> dict[str, Event]:
    """The bridge's reports by the id of the event that each is about."""
    return {
        event["content"]["m.relates_to"]["event_id"]: event
        for event in events
        if event["type"] == STATUS and event["sender"] == mxid(BRIDGE_BOT)
    }


def is_own(system: System, event: Event, text: str) -> bool:
    return event["sender"] == system.support_bot.mxid and text in event["content"].get("body", "")


def read_attempt(event: Event, reports: dict[str, Event]) -> Attempt:
    report = reports.get(event["event_id"])
    content = report["content"] if report else {}
    return Attempt(
        event_id=event["event_id"],
        number=event["content"]["chat.headset.post"]["attempt"],
        at=event["origin_server_ts"],
        status=content.get("status"),
        error=content.get("error", ""),
        status_at=report["origin_server_ts"] if report else 0,
    )


async def wait_for_refusal(system: System, text: str) -> Attempt:
    """The first attempt at a text that the bridge has reported as failed."""

    async def refused() -> Attempt | None:
        found = await attempts(system, text)
        return next((one for one in found if one.status == "FAIL_RETRIABLE"), None)

    return await until(refused, f"the bridge reports {text} as failed")


async def assert_sent_once(system: System, texts: Sequence[str]) -> None:
    for text in texts:
        assert [one.number for one in await attempts(system, text)] == [1], text


# What an operator sees.
async def metrics(system: System) -> dict[str, int]:
    """The numbers of v1/metrics, without their prefix."""
    answer = await system.api.request("GET", "/v1/metrics")
    assert answer.status == 200
    lines = [line.split() for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("headset_"): int(value) for name, value in lines}


async def make_operators_room(system: System) -> str:
    room_id = await system.admin.create_room(invite=[system.support_bot.mxid])
    await system.support_bot.join(room_id)
    return room_id


async def ask_status(system: System, room_id: str) -> str:
    """What the bot answers to `!headset status`."""
    asked = await system.admin.send_text(room_id, "!headset status")

    async def answer() -> str | None:
        events = await system.admin.events(room_id)
        place = next(n for n, event in enumerate(events) if event["event_id"] == asked)
        bodies = [
            event["content"]["body"]
            for event in events[place:]
            if event["sender"] == system.support_bot.mxid and event["content"].get("msgtype") == "m.notice"
        ]
        return bodies[0] if bodies else None

    return await until(answer, "an answer to !headset status")


@asynccontextmanager
async def reporting_system(make: MakeSystem) -> AsyncIterator[System]:
    """A private system whose plugin has seen that the bridge reports."""
    async with make() as system:
        await settle(system)
        assert (await metrics(system))["bridge_reports"] == 1
        yield system


# 1. The bridge is away for a while.


async def test_what_arrives_while_the_bridge_starts_is_sent_again(private_system: MakeSystem) -> None:
    async with reporting_system(private_system) as system:
        customers = [await system.customer() for _ in range(3)]
        await system.bridge.stop()
        # Until the bridge knows who it is on Telegram, it reports what comes as failed.
        asked = len(await calls(system, "users.GetUsers"))
        await system.telegram.fault("users.GetUsers", "", delay=5)
        starting = asyncio.ensure_future(system.start_bridge())

        async def asks() -> bool:
            return len(await calls(system, "users.GetUsers")) > asked

        await until(asks, "the bridge asks who it is")
        await write(customers, [0])
        refused = [await wait_for_refusal(system, token(name, 0)) for name in range(3)]
        await write(customers, [1, 2])
        await starting
        await wait_for_group(system, {name: range(3) for name in range(3)})
        for name, first in enumerate(refused):
            assert "none id" in first.error
            tries = await attempts(system, token(name, 0))
            assert tries[0] == first
            assert [one.number for one in tries] == [1, 2]
            assert len({one.event_id for one in tries}) == 2
            assert tries[1].at - first.status_at >= 5_000
            assert tries[1].status == "SUCCESS"


async def test_what_a_killed_bridge_had_in_hand_is_shown_and_can_be_sent_again(
    private_system: MakeSystem,
) -> None:
    async with reporting_system(private_system) as system:
        await system.configure(with_time_out("2s"))
        customer = await system.customer()
        await write([customer], [0])
        await wait_for_group(system, {0: [0]})
        await refuse(system, token(0, 1), count=1, delay=3)
        await write([customer], [1])
        await until(lambda: has_been_called(system, token(0, 1)), "the bridge calls Telegram")
        await system.bridge.kill()

        async def not_confirmed() -> bool:
            return (await metrics(system))["batches_unconfirmed"] == 1

        await until(not_confirmed, "one batch that is not confirmed")
        await system.start_bridge()
        post = await system.telegram.wait_for_text(token(0, 0))
        await system.telegram.send(ALICE, "/resend", reply_to=post.id)
        await system.telegram.wait_for_text("1 sent again")
        await write([customer], [2])
        await wait_for_group(system, {0: [0, 1, 2]})
        tries = await attempts(system, token(0, 1))
        assert [(one.number, one.status) for one in tries] == [(1, None), (2, "SUCCESS")]


async def test_the_team_hears_of_it_after_a_bridge_was_away_for_longer_than_the_time_out(
    private_system: MakeSystem,
) -> None:
    """What is said while nobody listens must be said again: the starting bridge drops that too."""
    async with reporting_system(private_system) as system:
        await system.configure(with_time_out("1s"))
        customer, other = await system.customer(), await system.customer()
        await write([customer], [0])
        await wait_for_group(system, {0: [0]})
        await system.bridge.stop()
        await write([customer], [1])

        async def given_up() -> bool:
            return (await metrics(system))["batches_unconfirmed"] > 0

        await until(given_up, "the time-out is over")
        ticket = (await customer.history())["items"][0]["ticket"]
        await system.admin.wait_for_event(
            system.room_id, lambda event: is_own(system, event, f"⚠ #{ticket}"), "the warning in the room"
        )
        await system.start_bridge()
        await write_one(other, 1, [0])
        await system.telegram.wait_for_text(f"⚠ #{ticket}")


async def has_been_called(system: System, text: str) -> bool:
    return any(text in call["args"].get("message", "") for call in await calls(system))


async def calls(system: System, method: str = SEND) -> list[dict[str, Any]]:
    """The bridge's calls of a method, as Telegram saw them."""
    journal = await system.telegram.api.call("GET", "/rpc?n=2000")
    return [call for call in journal if call["method"] == method]


# 2. Telegram refuses.
async def refuse(system: System, text: str, *, count: int, delay: float = 0) -> None:
    """Let Telegram refuse the next calls that carry this text."""
    await system.telegram.api.call(
        "POST",
        "/fault",
        {
            "method": SEND,
            "error": "CHAT_WRITE_FORBIDDEN",
            "code": 403,
            "count": count,
            "contains": text,
            "delay": delay,
        },
    )


async def has_all(system: System, name: int, numbers: Sequence[int]) -> bool:
    return (await group(system)).get(name) == list(numbers)


# 3. Telegram wants the bridge to slow down.


async def test_a_long_flood_wait_is_waited_out_and_no_longer_than_told(private_system: MakeSystem) -> None:
    told = LONGEST_SLEEP + 1
    async with reporting_system(private_system) as system:
        first, second = await system.customer(), await system.customer()
        await system.telegram.fault(SEND, f"FLOOD_WAIT_{told}", code=420)
        await write_one(first, 0, [0])
        refused = await wait_for_refusal(system, token(0, 0))
        assert f"A wait of {told} seconds is required" in refused.error
        await asyncio.gather(write_one(first, 0, range(1, 3)), write_one(second, 1, range(3)))
        await wait_for_group(system, {0: range(3), 1: range(3)}, within=told + PATIENCE)

        (struck,) = [call for call in await calls(system) if call.get("fault")]
        tries = await attempts(system, token(0, 0))
        assert [one.number for one in tries] == [1, 2]
        again = [one for name in (0, 1) for one in await attempts(system, token(name, 0)) if one.number > 1]
        assert all(one.at >= (struck["t"] + told) * 1000 for one in again)
        # The next word after the refusal is its pause's end, with a second's margin and the relay's turn.
        assert tries[1].at < refused.status_at + (told + PATIENCE / 4) * 1000


# 4. The bridge says nothing.
async def test_a_bridge_that_never_reports_holds_nothing_up(private_system: MakeSystem) -> None:
    async with private_system(bridge_options={"message_status_events": False}) as system:
        room_id = await make_operators_room(system)
        customers = [await system.customer() for _ in range(3)]
        for n in range(4):
            # A relay that waited for a word would take the whole time-out for each of these.
            await write(customers, [n])
            await until(lambda n=n: all_have(system, 3, range(n + 1)), f"message {n} of each in the group")
        assert await group(system) == {name: list(range(4)) for name in range(3)}
        await assert_sent_once(system, [token(name, n) for name in range(3) for n in range(4)])
        status = await ask_status(system, room_id)
        assert "does not report deliveries" in status
        assert "0 not confirmed" in status
        assert (await metrics(system))["bridge_reports"] == 0
        assert (await system.api.call("GET", "/v1/health"))["checks"]["bridge"] == "silent"


async def all_have(system: System, count: int, numbers: Sequence[int]) -> bool:
    return await group(system) == {name: list(numbers) for name in range(count)}


async def test_a_bridge_that_falls_silent_and_reports_again(private_system: MakeSystem) -> None:
    async with reporting_system(private_system) as system:
        room_id = await make_operators_room(system)
        customer = await system.customer()
        assert "in the room, reports deliveries" in await ask_status(system, room_id)
        await system.configure(with_time_out("1s"))
        await system.restart_bridge({"message_status_events": False})

        await write([customer], [0])
        for n in range(1, 3):
            # One batch is in the room, and the next waits until the time-out has counted that one.
            await write([customer], [n])
            await until(lambda n=n: has_all(system, 0, range(n + 1)), f"message {n} in the group")
        sent = [one for n in range(3) for one in await attempts(system, token(0, n))]
        assert all(after.at - before.at >= 1000 for before, after in itertools.pairwise(sent))
        await until(lambda: is_known_as_silent(system), "three in a row without a word")

        # From now on nothing waits, however long the time-out is.
        await system.configure(with_time_out("1h"))
        unconfirmed = (await metrics(system))["batches_unconfirmed"]
        for n in range(3, 12):
            await write([customer], [n])
            await until(lambda n=n: has_all(system, 0, range(n + 1)), f"message {n} in the group")
        status = await ask_status(system, room_id)
        assert "does not report deliveries" in status
        assert f"{unconfirmed} not confirmed" in status
        seen = await metrics(system)
        assert (seen["bridge_reports"], seen["batches_unconfirmed"], seen["ok"]) == (0, unconfirmed, 0)
        await assert_sent_once(system, [token(0, n) for n in range(12)])

        await system.configure(with_time_out("1s"))
        await system.restart_bridge({})
        await write([customer], [12])
        await wait_for_report(system, token(0, 12))
        # Held back, so that its report can't hide what became of the first one.
        other = await system.customer()
        await delay(system, token(1, 0), seconds=5)
        await write_one(other, 1, [0])
        await until(lambda: has_been_called(system, token(1, 0)), "the relay has taken another turn")
        assert "in the room, reports deliveries" in await ask_status(system, room_id)
        assert (await metrics(system))["bridge_reports"] == 1
        await wait_for_group(system, {0: range(13), 1: [0]})
        # What went out while nobody could tell is not brought up; the last two may have been late.
        assert (await metrics(system))["batches_unconfirmed"] <= unconfirmed + 2
        await assert_sent_once(system, [token(0, n) for n in range(13)])


async def is_known_as_silent(system: System) -> bool:
    return (await metrics(system))["bridge_reports"] == 0


def with_time_out(length: str) -> dict[str, Any]:
    return {**UNPACED, "relay": {**UNPACED["relay"], "status_timeout": length}}


async def wait_for_report(system: System, text: str) -> None:
    """Return once the plugin has read the bridge's word on a text."""

    async def reported() -> bool:
        return any(one.status == "SUCCESS" for one in await attempts(system, text))

    await until(reported, f"the bridge reports {text}")

    async def heard() -> bool:
        return (await metrics(system))["bridge_reports"] == 1

    await until(heard, f"the plugin heard of {text}")


async def delay(system: System, text: str, *, seconds: float) -> None:
    """Let Telegram take its time with the next call that carries this text."""
    body = {"method": SEND, "error": "", "contains": text, "delay": seconds}
    await system.telegram.api.call("POST", "/fault", body)
