"""The moderators' stream over HTTP: what happens at the desk, as each of the team may see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from console.api.events import Event, read_event
from plugin.services.mod.events import TeamEventService
from plugin.web import streams
from stack.conditions import PATIENCE
from stack.customer import STREAM_IDLE, EventStream, StreamEvent
from tests.integration.plugin.documented import check_event
from tests.integration.plugin.mod.acts import Acts
from tests.integration.plugin.mod.team import ALICE, BOB

PATH = "/v1/mod/events"


@asynccontextmanager
async def opened(console, last: int | None = None) -> AsyncIterator[EventStream]:
    """Open a moderator's stream."""
    api = console.api
    headers = api.headers | ({} if last is None else {"Last-Event-ID": str(last)})
    async with api.session.get(f"{api.base_url}{PATH}", headers=headers, timeout=STREAM_IDLE) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        stream = EventStream(response)
        try:
            yield stream
        finally:
            await stream.close()


async def hear(stream: EventStream, *kinds: str) -> list[StreamEvent]:
    """Return the next events of a stream: of these types, as the document says, understood by the console."""
    events = []
    for kind in kinds:
        event = await stream.next()
        assert event is not None
        assert event.type == kind
        check_event(PATH, event)
        assert isinstance(read_event(event.id, event.type, json.dumps(event.data)), Event)
        events.append(event)
    return events


async def last_of(console) -> int:
    return int((await console.get("/v1/mod/me"))["last_event_id"])


async def note_something(acts: Acts, kind: str = "canned.updated") -> None:
    async with acts.database.transaction() as tx:
        tx.team_events.note(kind)


@pytest.fixture
async def quiet(desk) -> None:
    """Wait until the desk has told what it begins with, and leave its health alone."""
    await desk.plugin._health_watch._look()
    await desk.plugin._health_watch.worker.stop()


@pytest.fixture
async def acts(desk, quiet) -> Acts:
    async with desk.plugin._database.snapshot() as tx:
        team = await tx.moderators.list_active()
    return Acts(desk, next(one for one in team if one.name == "Alice"))


@pytest.fixture
async def ticket(browser) -> int:
    """Give a ticket with one message."""
    return int((await browser.send("Hello"))["ticket"])


async def test_a_customers_message_comes_with_its_ticket(acts, alice, browser) -> None:
    async with opened(alice) as stream:
        first = await browser.send("Hello")
        made, said = await hear(stream, "ticket.created", "message.created")
        assert said.id == made.id + 1
        assert said.data == {
            "message": {**first, "delivery": "stored", "delivery_error": None},
            "ticket": made.data,
            "customer": {
                "id": first["author"]["id"],
                "name": None,
                "identity": "anonymous",
                "account": None,
                "blocked": False,
            },
        }
        assert made.data == {
            "number": first["ticket"],
            "status": "open",
            "waiting": "team",
            "waiting_since": first["created_at"],
            "opened_at": first["created_at"],
            "active_at": first["created_at"],
            "closed_at": None,
            "assignee": None,
            "tags": [],
            "score": None,
            "comment": None,
            "last": {
                "author": {"kind": "customer", "name": None},
                "text": "Hello",
                "created_at": first["created_at"],
            },
            "last_seq": 1,
            "undelivered": 0,
            "customer": said.data["customer"],
        }
        # Of a further message the ticket's own event is left out.
        await browser.send("More")
        (more,) = await hear(stream, "message.created")
        assert (more.data["ticket"]["last"]["text"], more.data["ticket"]["last_seq"]) == ("More", 2)


async def test_an_answer_its_edit_and_its_deletion(acts, alice, ticket) -> None:
    async with opened(alice) as stream:
        answer = await acts.answer(ticket)
        async with acts.database.transaction() as tx:
            await tx.conversations.edit_message(answer, "Another", acts.clock.now())
        async with acts.database.transaction() as tx:
            await tx.conversations.delete_message(answer, acts.clock.now())
        said, edited, deleted = await hear(stream, "message.created", "message.edited", "message.deleted")
    message = said.data["message"]
    assert message["author"] == {"kind": "moderator", "id": alice.id, "name": "Alice", "verified": True}
    assert message["delivery"] == "delivered"
    assert edited.data["message"]["edited_at"]
    # What was deleted keeps its text for the team.
    assert (deleted.data["message"]["text"], bool(deleted.data["message"]["deleted_at"])) == ("Another", True)


@pytest.mark.parametrize(
    ("state", "error", "undelivered"),
    [("sent", None, 0), ("delivered", None, 0), ("failed", "refused", 1), ("held", None, 0)],
)
async def test_how_far_each_message_has_got(acts, alice, browser, state, error, undelivered) -> None:
    for text in ("One", "Two"):
        ticket = (await browser.send(text))["ticket"]
    async with opened(alice) as stream:
        await acts.send_all(await acts.customer_of(ticket), state)
        events = await hear(stream, "message.delivery", "message.delivery")
    assert [event.data["message"]["text"] for event in events] == ["One", "Two"]
    for event in events:
        assert event.data["message"]["delivery"] == state
        assert event.data["message"]["delivery_error"] == error
        assert event.data["ticket"]["undelivered"] == 2 * undelivered


async def test_a_ticket_that_is_closed_and_rated(acts, alice, browser, ticket) -> None:
    async with opened(alice) as stream:
        await browser.api.call("POST", f"/v1/tickets/{ticket}/close")
        (closed,) = await hear(stream, "ticket.updated")
        await browser.api.call("POST", f"/v1/tickets/{ticket}/rating", {"score": 4, "comment": "Fine"})
        (rated,) = await hear(stream, "ticket.updated")
    assert (closed.data["status"], closed.data["waiting"]) == ("closed", None)
    assert (rated.data["score"], rated.data["comment"]) == (4, "Fine")


async def test_a_note(acts, bob, alice, ticket) -> None:
    async with opened(bob) as stream:
        note = await acts.note(ticket)
        (event,) = await hear(stream, "note.created")
    assert event.data.pop("created_at")
    assert event.data == {
        "id": note.id,
        "ticket": ticket,
        "customer_id": note.customer_id,
        "text": "For the team",
        "by": {"id": alice.id, "name": "Alice"},
    }


async def test_a_block_and_its_end(acts, alice, ticket) -> None:
    async with opened(alice) as stream:
        block = await acts.block(ticket)
        (made,) = await hear(stream, "block.created")
        async with acts.database.transaction() as tx:
            await tx.blocks.lift_all(block.customer_id, acts.clock.now())
        (lifted,) = await hear(stream, "block.lifted")
        assert lifted.data.pop("lifted_at")
        assert lifted.data.pop("customer")["blocked"] is False
    assert made.data.pop("lifted_at") is None
    customer = made.data.pop("customer")
    assert (customer["id"], customer["blocked"]) == (block.customer_id, True)
    assert made.data == lifted.data
    assert made.data.pop("created_at") < made.data.pop("expires_at")
    assert made.data == {
        "id": block.id,
        "kind": "timeout",
        "reason": "Rude",
        "by": {"id": alice.id, "name": "Alice"},
        "held": 0,
        "ticket": ticket,
        "private": False,
    }


async def test_a_strangers_reply(acts, alice, ticket) -> None:
    async with opened(alice) as stream:
        for _ in range(2):  # a second look at the same event is nothing new
            async with acts.database.transaction() as tx:
                await tx.records.add_stranger_reply(
                    acts.new_id(),
                    event_id="$event",
                    sender="@telegram_5550009:example.org",
                    ticket=ticket,
                    text="I am support",
                    sent_at=acts.clock.now(),
                )
        await note_something(acts)
        (event, _) = await hear(stream, "stranger.created", "canned.updated")
    assert event.data["sender"] == "@telegram_5550009:example.org"
    assert (event.data["telegram_id"], event.data["ticket"]) == (5550009, ticket)
    assert event.data["text"] == "I am support"


@pytest.mark.parametrize("state", ["released", "dropped"])
async def test_a_held_reply_and_what_becomes_of_it(acts, alice, bob, ticket, state) -> None:
    async with opened(alice) as own, opened(bob) as others:
        held = await acts.hold(ticket)
        async with acts.database.transaction() as tx:
            await tx.held.decide(held, state, bob.id, acts.clock.now())
        events = await hear(others, "reply.held", f"reply.{state}")
        assert [event.data["id"] for event in events] == [held.id] * 2
        (mine,) = await hear(own, "reply.held")
    assert mine.data["author"] == {"id": alice.id, "name": "Alice"}
    assert (mine.data["kind"], mine.data["ticket"], mine.data["direct"]) == ("reply", ticket, False)
    assert mine.data["why"]


async def test_who_may_release_it_is_said_to_each(acts, alice, bob, ticket) -> None:
    async with opened(alice) as own, opened(bob) as others:
        await acts.hold(ticket)
        (mine,), (theirs,) = await hear(own, "reply.held"), await hear(others, "reply.held")
    assert (mine.data["can_release"], theirs.data["can_release"]) == (False, True)


async def test_the_allow_list_canned_replies_and_health(desk, acts, alice, carol) -> None:
    async with opened(alice) as stream:
        await desk.reload()
        await hear(stream, "moderator.updated")
        await carol.api.call("PUT", "/v1/mod/canned/hello", {"text": "Hello"})
        await hear(stream, "canned.updated")
        desk.plugin._room._joined = (desk.plugin._get_settings().support_room, "!room:example.org")
        await desk.plugin._health_watch._look()
        (event,) = await hear(stream, "health.changed")
        await desk.plugin._health_watch._look()
        await note_something(acts)
        await hear(stream, "canned.updated")
    assert event.data["checks"]["room"] == "ok"
    assert event.data["status"] == "degraded"


async def test_what_is_private_comes_to_one_alone(acts, alice, bob, carol, browser, ticket) -> None:
    async with AsyncExitStack() as stack:
        hers, *theirs = [await stack.enter_async_context(opened(one)) for one in (carol, alice, bob)]
        message = await browser.send_direct("Carol", "Psst")
        await note_something(acts)
        said, _ = await hear(hers, "message.created", "canned.updated")
        for stream in theirs:
            (event,) = await hear(stream, "canned.updated")
            assert event.id == said.id + 1
    assert (said.data["message"]["id"], said.data["ticket"]) == (message["id"], None)
    assert said.data["message"]["channel"] == "direct"


async def test_private_notes_and_held_words_come_to_their_author_alone(
    acts, alice, bob, browser, ticket
) -> None:
    async with opened(alice) as own, opened(bob) as others:
        await browser.send_direct("Alice", "Psst")
        customer_id = await acts.customer_of(ticket)
        async with acts.database.snapshot() as tx:
            direct = await tx.directs.find(customer_id, alice.id)
        note = await acts.note(ticket, private=True)
        held = await acts.hold(ticket, direct_id=direct.id)
        await acts.block(ticket, direct_id=direct.id)
        _, noted, kept, blocked = await hear(
            own, "message.created", "note.created", "reply.held", "block.created"
        )
        # That there is a block concerns all; why is between the two.
        (shown,) = await hear(others, "block.created")
        assert (noted.data["id"], noted.data["ticket"]) == (note.id, None)
        assert (kept.data["id"], kept.data["direct"]) == (held.id, True)
        assert (blocked.data["reason"], blocked.data["private"]) == ("Rude", True)
        assert (shown.data["reason"], shown.data["private"]) == (None, True)
    assert "Psst" not in json.dumps([event.data for event in others.seen])


async def test_a_private_message_whose_event_says_nothing_of_it_stays_private(
    acts, bob, carol, browser
) -> None:
    """The second look: by what the message itself says."""
    message = await browser.send_direct("Carol", "Psst")
    async with opened(bob) as stream:
        async with acts.database.transaction() as tx:
            tx.team_events.note("message.created", message_id=message["id"])
        await note_something(acts)
        await hear(stream, "canned.updated")


async def test_nothing_is_missed_by_who_comes_back(acts, alice, browser) -> None:
    async with opened(alice) as stream:
        await browser.send("1")
        (*_, last) = await hear(stream, "ticket.created", "message.created")
    for number in range(2, 130):
        # More than a page, of which others' private events are a part.
        async with acts.database.transaction() as tx:
            mine = number % 3 != 0
            tx.team_events.note(
                "canned.updated", object_id=str(number), moderator_id=None if mine else "somebody"
            )
    async with opened(alice, last.id) as stream:
        expected = [last.id + number - 1 for number in range(2, 130) if number % 3]
        events = await hear(stream, *["canned.updated"] * len(expected))
    assert [event.id for event in events] == expected
    async with opened(alice, events[-1].id) as stream:
        await browser.send("2")
        await hear(stream, "message.created")


async def test_where_much_happens_one_look_finds_many(acts, alice, monkeypatch) -> None:
    looks, read = [], TeamEventService.read

    async def counted(*args):
        looks.append(1)
        return await read(*args)

    monkeypatch.setattr(TeamEventService, "read", counted)
    async with opened(alice) as stream:
        for _ in range(40):
            await note_something(acts)
        await hear(stream, *["canned.updated"] * 40)
    assert len(looks) < 20


async def test_an_object_is_told_as_it_is_now(acts, alice, ticket) -> None:
    last = await last_of(alice)
    answer = await acts.answer(ticket, "First")
    async with acts.database.transaction() as tx:
        await tx.conversations.edit_message(answer, "Second", acts.clock.now())
    async with opened(alice, last) as stream:
        events = await hear(stream, "message.created", "message.edited")
    assert [event.data["message"]["text"] for event in events] == ["Second", "Second"]


async def test_what_is_gone_is_passed_over(acts, alice, ticket) -> None:
    last = await last_of(alice)
    block = await acts.block(ticket)
    await note_something(acts)
    async with acts.database.transaction() as tx:
        await tx.blocks.lift_all(block.customer_id, acts.clock.now())
        await tx.blocks.prune(acts.clock.now() + timedelta(days=1), 10)
    async with opened(alice, last) as stream:
        (event,) = await hear(stream, "canned.updated")
    assert event.id == last + 2


async def test_without_a_number_the_stream_starts_with_what_comes_next(acts, alice, ticket) -> None:
    await acts.answer(ticket)
    async with opened(alice) as stream:
        await note_something(acts)
        await hear(stream, "canned.updated")


async def test_who_was_away_for_too_long_loads_everything_anew(acts, alice) -> None:
    for _ in range(3):
        await note_something(acts)
    last = await last_of(alice)
    async with acts.database.transaction() as tx:
        await tx.team_events.prune(acts.clock.now() + timedelta(days=1), 1000)
    async with opened(alice, last - 2) as stream:
        event = await stream.next()
        assert (event.type, event.data) == ("reset", {"last_event_id": last})
        await note_something(acts)
        (after,) = await hear(stream, "canned.updated")
        assert after.id == last + 1


async def test_a_number_from_before_a_restored_backup_is_a_reset(acts, alice) -> None:
    last = await last_of(alice)
    async with opened(alice, last + 1000) as stream:
        event = await stream.next()
    assert (event.type, event.data) == ("reset", {"last_event_id": last})


async def test_a_revoked_token_ends_its_stream_and_no_other(acts, alice, bob) -> None:
    async with opened(alice) as ended, opened(bob) as stays:
        await alice.api.call("DELETE", f"/v1/mod/tokens/{alice.token_id}")
        await hear(stays, "moderator.updated")
        event = await ended.next()
        assert (event.type, event.data) == ("session.ended", {})
        assert await ended.next() is None
        await note_something(acts)
        await hear(stays, "canned.updated")


async def test_who_leaves_the_allow_list_has_no_stream_any_more(desk, config, acts, alice, bob) -> None:
    async with opened(alice) as ended:
        config["moderators"] = [dict(BOB)]
        await desk.reload()
        event = await ended.next()
        assert event.type == "session.ended"
        assert await ended.next() is None
    assert ALICE["name"] not in [one["name"] for one in (await bob.get("/v1/mod/me"))["team"]]


async def test_a_fourth_stream_of_a_token_ends_the_oldest(acts, alice, bob) -> None:
    async with AsyncExitStack() as stack:
        first, *rest = [await stack.enter_async_context(opened(alice)) for _ in range(3)]
        others = await stack.enter_async_context(opened(bob))
        rest.append(await stack.enter_async_context(opened(alice)))
        assert await first.next() is None
        await note_something(acts)
        for stream in (*rest, others):
            await hear(stream, "canned.updated")


async def test_a_quiet_stream_is_kept_alive(acts, alice, monkeypatch) -> None:
    monkeypatch.setattr(streams, "PING_SECONDS", 0.01)
    api = alice.api
    async with api.session.get(f"{api.base_url}{PATH}", headers=api.headers) as response:
        lines = [await asyncio.wait_for(response.content.readline(), PATIENCE) for _ in range(4)]
    assert lines == [b": connected\n", b"\n", b": ping\n", b"\n"]


async def test_unloading_ends_every_stream(desk, acts, alice, bob) -> None:
    async with opened(alice) as one, opened(bob) as other:
        await desk.plugin.pre_stop()
        assert await one.next() is None
        assert await other.next() is None


async def test_a_wrong_number_is_refused(desk, alice) -> None:
    answer = await alice.api.request("GET", PATH, headers={"Last-Event-ID": "x"})
    assert (answer.status, answer.json["field"]) == (422, "Last-Event-ID")
