"""Private conversations on the real system: there, back, under faults, and never in the group."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from plugin.matrix.direct_rooms import MARK_KEY
from plugin.services.quiet_room import QUIET_ID
from stack.conditions import PATIENCE, until
from stack.customer import Customer, EventStream, Message
from stack.json_api import RefusedError
from stack.matrix import CLIENT, MatrixUser
from stack.operators import headset, operators_room
from stack.system import System
from tests.e2e.acts import post, replacement
from tests.e2e.conftest import UNPACED

MakeSystem = Callable[..., AbstractAsyncContextManager[System]]


@dataclass(kw_only=True)
class Private:
    """A customer in private with Bob, who has come into the room."""

    system: System
    customer: Customer
    stream: EventStream
    room: str
    text: str

    @property
    def bob(self) -> MatrixUser:
        return self.system.bob

    async def say(self, text: str, **more: Any) -> tuple[str, Message]:
        """Let Bob write; return the event's id and what the customer has got."""
        event_id = await self.bob.send_text(self.room, text, **more)
        return event_id, await self.stream.wait_for_text(text)

    async def order(self, command: str) -> str:
        """Let Bob write a command; return the bot's first notice after it."""
        command_id = await self.bob.send_text(self.room, command)

        async def answer() -> str | None:
            events = await self.bob.events(self.room)
            at = next((n for n, event in enumerate(events) if event["event_id"] == command_id), len(events))
            notices = [e for e in events[at:] if e["content"].get("msgtype") == "m.notice"]
            return str(notices[0]["content"]["body"]) if notices else None

        return await until(answer, f"an answer to {command}")

    async def posts(self) -> list[str]:
        """Return what of the customer stands in the room, in its order."""
        return await said_by(self.bob, self.system.support_bot.mxid, self.room)

    async def arrived(self, text: str) -> None:
        """Return once a message of the customer's is in the room, and is there once."""

        async def there() -> bool:
            return any(text in body for body in await self.posts())

        await until(there, f"{text!r} in the direct room")
        assert sum(text in body for body in await self.posts()) == 1


async def said_by(reader: MatrixUser, sender: str, room: str) -> list[str]:
    """Return the texts, no notices, that somebody has sent to a room."""
    return [
        event["content"]["body"]
        for event in await reader.events(room)
        if event["sender"] == sender and event["content"].get("msgtype") == "m.text"
    ]


@asynccontextmanager
async def in_private(system: System) -> AsyncIterator[Private]:
    customer = await system.customer()
    text = f"private {uuid.uuid4()}"
    async with customer.stream() as stream:
        await customer.send_direct("Bob", text)
        room = await system.bob.wait_for_room_with(text)
        yield Private(system=system, customer=customer, stream=stream, room=room, text=text)


async def assert_group_knows_nothing(system: System, *words: str) -> None:
    """Assert it once everything that was on its way to the group before now is there."""
    await post(system, await system.customer())
    in_group = str([message.text for message in await system.telegram.messages()])
    in_room = str(await system.admin.events(system.room_id, limit=1000))
    for word in words:
        assert word not in in_group
        assert word not in in_room


@pytest.fixture(scope="module")
async def faulty() -> AsyncIterator[System]:
    """A system whose homeserver can be made to fail."""
    async with System(config=UNPACED, homeserver_proxy=True) as running:
        yield running


def is_create_room(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/createRoom")


# There and back


async def test_a_private_conversation_there_and_back(system: System) -> None:
    async with in_private(system) as private:
        assert await private.bob.members(private.room) == {system.bob.mxid, system.support_bot.mxid}
        assert await private.posts() == [f"anonymous\n{private.text}"]
        answer = f"answer {uuid.uuid4()}"
        first, message = await private.say(answer)
        bob = (await private.customer.moderators())["Bob"]
        assert (message["channel"], message["moderator"], message["ticket"]) == ("direct", bob, None)
        assert message["author"] == {"kind": "moderator", "id": bob, "name": "Bob", "verified": True}
        _, reply = await private.say(f"as I said {uuid.uuid4()}", reply_to=first)
        assert reply["reply_to"] == message["id"]
        photo = {"msgtype": "m.image", "body": "a.png", "url": "mxc://hs.test/x", "filename": "a.png"}
        await private.bob.send(private.room, photo)
        await private.stream.wait_for_text("[photo]")
        assert (await private.customer.check_support(answer))["in_conversation"]
        await private.customer.send_direct("Bob", f"more {private.text}")
        await private.arrived(f"more {private.text}")
        await assert_group_knows_nothing(system, private.text, answer, private.room)


async def test_the_second_moderator_sees_nothing_of_it(system: System) -> None:
    name = f"Carol {uuid.uuid4().hex[:6]}"
    carol = await system.new_user(f"carol-{uuid.uuid4().hex[:8]}")
    async with operators_room(system) as room, in_private(system) as private:
        await headset(system, f"allow {carol.mxid} {name}", room_id=room)
        text = f"for Carol {uuid.uuid4()}"
        await private.customer.send_direct(name, text)
        carols = await carol.wait_for_room_with(text)
        assert carols != private.room
        assert await carol.joined_rooms() == [carols]
        with pytest.raises(RefusedError, match="403"):
            await carol.join(private.room)
        with pytest.raises(RefusedError, match="403"):
            await carol.events(private.room)
        await headset(system, f"deny {carol.mxid}", room_id=room)
        assert name not in await private.customer.moderators()
        await carol.send_text(carols, f"a stranger now {uuid.uuid4()}")
        await private.say(f"last word {uuid.uuid4()}")
        history = (await private.customer.history())["items"]
        assert not any("a stranger now" in message["text"] for message in history)


async def test_an_edit_and_a_deletion_follow(system: System) -> None:
    async with in_private(system) as private:
        event_id, message = await private.say(f"frist {uuid.uuid4()}")
        await private.bob.send(private.room, replacement(event_id, "first"))
        await private.stream.wait_for(
            lambda event: event.type == "message.edited" and event.data["text"] == "first"
        )
        await private.bob.redact(private.room, event_id)
        deleted = await private.stream.wait_for(lambda event: event.type == "message.deleted")
        assert deleted.data["id"] == message["id"]


@pytest.mark.parametrize("is_moderator", [False, True], ids=["a stranger", "another moderator"])
async def test_an_impostor_in_the_room_is_not_heard(system: System, is_moderator: bool) -> None:
    impostor = await system.new_user(f"impostor-{uuid.uuid4().hex[:8]}")
    async with operators_room(system) as operators, in_private(system) as private:
        if is_moderator:
            await headset(system, f"allow {impostor.mxid} {impostor.mxid}", room_id=operators)
        with pytest.raises(RefusedError, match="403"):
            await private.bob.invite(private.room, impostor.mxid)
        await system.support_bot.invite(private.room, impostor.mxid)
        await impostor.join(private.room)
        event_id, _ = await private.say(f"I am Bob {uuid.uuid4()}")
        await impostor.send_text(private.room, "Send me your seed phrase")
        await impostor.send_text(private.room, "/block")
        await impostor.send(private.room, replacement(event_id, "Send me your seed phrase"))
        _, last = await private.say(f"last word {uuid.uuid4()}")
        history = (await private.customer.history())["items"]
        assert [message["author"]["kind"] for message in history] == ["customer", "moderator", "moderator"]
        assert history[-1] == last
        assert "seed" not in str(history)
        # Before the customer's next words the room is the two's again.
        await private.customer.send_direct("Bob", f"next {private.text}")
        await private.arrived(f"next {private.text}")
        assert await private.bob.members(private.room) == {system.bob.mxid, system.support_bot.mxid}
        if is_moderator:
            await headset(system, f"deny {impostor.mxid}", room_id=operators)


@pytest.mark.parametrize("declines", [True, False], ids=["declines", "leaves"])
async def test_a_moderator_who_goes_is_invited_again(system: System, declines: bool) -> None:
    customer = await system.customer()
    first, second = f"first {uuid.uuid4()}", f"second {uuid.uuid4()}"
    await customer.send_direct("Bob", first)
    if declines:
        (room,) = await until(lambda: invitations(system.bob), "an invitation")
        await system.bob.leave(room)
    else:
        room = await system.bob.wait_for_room_with(first)
        await system.bob.leave(room)
    await customer.send_direct("Bob", second)
    assert await system.bob.wait_for_room_with(second) == room
    assert await said_by(system.bob, system.support_bot.mxid, room) == [
        f"anonymous\n{first}",
        f"anonymous\n{second}",
    ]
    await assert_group_knows_nothing(system, first, second)


async def invitations(user: MatrixUser) -> list[str]:
    answer = await user.api.call("GET", "/_matrix/client/v3/sync?timeout=0")
    return list(answer.get("rooms", {}).get("invite", {}))


# Commands and blocks


async def test_a_block_there_holds_what_is_written_there_and_to_the_group(system: System) -> None:
    async with in_private(system) as private:
        assert (await private.order("/block 2h private reason")).startswith("✓ blocked until ")
        held = f"held {uuid.uuid4()}"
        await private.customer.send_direct("Bob", held)
        await private.customer.send(f"to all {held}")
        assert await private.order("/unblock") == "✓ unblocked"
        after = f"after {uuid.uuid4()}"
        await private.customer.send_direct("Bob", after)
        await private.arrived(after)
        assert held not in str(await private.posts())
        assert len((await private.customer.history())["items"]) == 4
        await assert_group_knows_nothing(system, held, private.text, "blocked until", "private reason")


async def test_notes_and_other_commands_stay_in_the_team_and_out_of_the_group(system: System) -> None:
    async with in_private(system) as private:
        note = f"a note {uuid.uuid4()}"
        assert await private.order(f"/note {note}") == "✓ noted"
        await private.bob.send_text(private.room, f"// {note} too")
        assert await private.order("!close") == "/close does not apply here, and was not sent. See /help"
        assert "private notes: 2" in await private.order("/info")
        _, last = await private.say(f"last word {uuid.uuid4()}")
        history = (await private.customer.history())["items"]
        assert [message["text"] for message in history] == [private.text, last["text"]]
        await assert_group_knows_nothing(system, note, "✓ noted", "does not apply here")


# Faults


async def test_while_no_room_can_be_made_only_the_private_words_wait(faulty: System) -> None:
    customer, text = await faulty.customer(), f"private {uuid.uuid4()}"
    await private_rooms(faulty)
    assert faulty.proxy
    failure = faulty.proxy.fail(is_create_room, 502, {"errcode": "M_UNKNOWN"}, count=10**6)
    await customer.send_direct("Bob", text)

    async def refused() -> bool:
        return failure.left < 10**6

    await until(refused, "a room was asked for")
    await post(faulty, customer)
    await post(faulty, await faulty.customer())
    failure.left = 0
    room = await faulty.bob.wait_for_room_with(text)
    assert await said_by(faulty.bob, faulty.support_bot.mxid, room) == [f"anonymous\n{text}"]
    await assert_group_knows_nothing(faulty, text)


@pytest.mark.parametrize("path", ["/invite", "/members", "/send/m.room.message/"])
async def test_a_homeserver_that_fails_on_the_way_loses_and_doubles_nothing(
    faulty: System, path: str
) -> None:
    customer, text = await faulty.customer(), f"private {uuid.uuid4()}"
    assert faulty.proxy
    failure = faulty.proxy.fail(
        lambda _, at: path in at and faulty.room_id not in at, 500, {"errcode": "M_UNKNOWN"}, count=2
    )
    await customer.send_direct("Bob", text)
    room = await faulty.bob.wait_for_room_with(text)
    assert failure.left == 0
    assert await said_by(faulty.bob, faulty.support_bot.mxid, room) == [f"anonymous\n{text}"]
    await assert_group_knows_nothing(faulty, text)


async def private_rooms(system: System) -> set[str]:
    """Return the rooms that the bot has made for private conversations, once it makes none any more.

    Its quiet room is among those that it has made by then: what is asked for next is a private one.
    """
    assert system.proxy
    under_way = system.proxy.under_way

    async def purpose(room_id: str) -> str | None:
        path = f"{CLIENT}/rooms/{quote(room_id)}/state/m.room.create"
        made: dict[str, Any] = await system.support_bot.api.call("GET", path)
        return made.get(MARK_KEY)

    async def find() -> dict[str, str | None] | None:
        found = {room: await purpose(room) for room in await system.support_bot.joined_rooms()}
        is_done = QUIET_ID in found.values() and not any(is_create_room(*one) for one in under_way)
        return found if is_done else None

    rooms = await until(find, "the bot has its quiet room")
    return {room for room, purpose in rooms.items() if purpose not in (None, QUIET_ID)}


async def test_killed_between_the_room_and_the_record_of_it_there_is_one_room(faulty: System) -> None:
    customer, text = await faulty.customer(), f"private {uuid.uuid4()}"
    before = await private_rooms(faulty)
    assert faulty.proxy
    with faulty.proxy.hold_responses(is_create_room) as hold:
        await customer.send_direct("Bob", text)
        await asyncio.wait_for(hold.held.wait(), PATIENCE)
        await faulty.kill_maubot()
    (made,) = await private_rooms(faulty) - before
    await faulty.start_maubot()
    assert await faulty.bob.wait_for_room_with(text) == made
    assert await said_by(faulty.bob, faulty.support_bot.mxid, made) == [f"anonymous\n{text}"]
    assert await private_rooms(faulty) - before == {made}
    await assert_group_knows_nothing(faulty, text)


async def test_killed_between_the_post_and_the_record_of_it_nothing_is_doubled(faulty: System) -> None:
    assert faulty.proxy
    async with in_private(faulty) as private:
        text = f"second {private.text}"
        sending = f"/rooms/{private.room}/send/m.room.message/"
        with faulty.proxy.hold_responses(lambda method, path: sending in path) as hold:
            await private.customer.send_direct("Bob", text)
            await asyncio.wait_for(hold.held.wait(), PATIENCE)
            await faulty.kill_maubot()
        await faulty.start_maubot()
        await private.customer.send_direct("Bob", f"third {private.text}")
        await private.arrived(f"third {private.text}")
        assert [body.split()[1] for body in await private.posts()] == ["private", "second", "third"]
        await assert_group_knows_nothing(faulty, private.text)


async def test_what_the_moderator_wrote_while_maubot_was_down_arrives_in_order(faulty: System) -> None:
    async with in_private(faulty) as private:
        await private.say(f"before {uuid.uuid4()}")
        await faulty.stop_maubot()
        sent = [f"{n} {private.text}" for n in range(120)]
        for text in sent:
            await private.bob.send_text(private.room, text)
        await faulty.start_maubot()

        async def all_there() -> bool:
            page = await private.customer.history(after=2)
            return len(page["items"]) == len(sent)

        await until(all_there, "all answers")
        history = (await private.customer.history(after=2))["items"]
        assert [message["text"] for message in history] == sent
        await assert_group_knows_nothing(faulty, private.text)


async def test_a_room_that_the_bot_was_put_out_of_is_replaced(faulty: System) -> None:
    async with in_private(faulty) as private:
        await faulty.support_bot.leave(private.room)
        text = f"second {private.text}"
        await private.customer.send_direct("Bob", text)
        room = await faulty.bob.wait_for_room_with(text)
        assert room != private.room
        await faulty.bob.send_text(room, f"here {private.text}")
        await private.stream.wait_for_text(f"here {private.text}")
        await assert_group_knows_nothing(faulty, private.text)


async def test_a_direct_room_named_as_the_support_room_is_refused(faulty: System) -> None:
    async with in_private(faulty) as private, operators_room(faulty) as operators:
        await faulty.configure({**UNPACED, "support_room": private.room})

        async def refused() -> bool:
            status = await headset(faulty, "status", room_id=operators)
            return f"{private.room} is the room of a direct conversation" in status

        await until(refused, "the operator is told")
        waits = f"to all {uuid.uuid4()}"
        await private.customer.send(waits)
        await private.customer.send_direct("Bob", f"to Bob {waits}")
        await faulty.configure(UNPACED)
        await faulty.telegram.wait_for_text(waits)
        await private.arrived(f"to Bob {waits}")
        assert [body for body in await private.posts() if "to Bob" not in body] == [
            f"anonymous\n{private.text}"
        ]
        in_group = [m.text for m in await faulty.telegram.messages() if waits in m.text]
        assert len(in_group) == 1
        await assert_group_knows_nothing(faulty, private.text, f"to Bob {waits}")
