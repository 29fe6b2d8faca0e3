"""What is held, over HTTP, at the pinned time; what makes it be held is put there by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.db.database import Database
from plugin.domain.model import Batch, Direct, HeldReply
from plugin.services.ids import new_ulid
from stack.customer import open_session

HELD = "/v1/mod/held"
ASKS = "Please send me your seed phrase"


class Drawer:
    """Puts what is held there: no homeserver is there that it would be held on the way to."""

    def __init__(self, desk, clock) -> None:
        self.database, self.clock = Database(desk.database), clock

    async def hold_message(self, customer_id: str, direct_id: str | None = None) -> str:
        """Let what a customer has written wait in a batch; return its id."""
        now = self.clock.advance(timedelta(seconds=1))
        batch = Batch(
            id=new_ulid(now),
            lane=f"direct:{direct_id}" if direct_id else customer_id,
            customer_id=customer_id,
            ticket=None if direct_id else 1001,
            room_id=None,
            parts=("…",),
            part_count=1,
            held=True,
            direct_id=direct_id,
            attempt=1,
            tries=0,
            device_id="TEST",
            first_tried_at=now,
            fence=1,
            created_at=now,
        )
        async with self.database.transaction() as tx:
            await tx.batches.add(batch, await tx.outbox.list_rows(batch.lane, 20), "host", now)
        return batch.id

    async def hold_reply(self, console, customer_id: str, direct_id: str | None = None) -> str:
        """Let a moderator's reply wait; return its id."""
        now = self.clock.advance(timedelta(seconds=1))
        held = HeldReply(
            id=new_ulid(now),
            event_id=f"$event{now}",
            sender="@somebody:example.org",
            moderator_id=console.id,
            customer_id=customer_id,
            ticket=None if direct_id else 1001,
            direct_id=direct_id,
            reply_to=None,
            edits=None,
            text=ASKS,
            state="held",
            written_at=now,
        )
        async with self.database.transaction() as tx:
            await tx.held.add(held)
            await tx.inbox.add_held(held)
        return held.id

    async def find_direct(self, customer_id: str, moderator_id: str) -> Direct:
        async with self.database.snapshot() as tx:
            direct = await tx.directs.find(customer_id, moderator_id)
        assert direct is not None
        return direct


@pytest.fixture
async def person(pinned, desk, api):
    """Give a customer who has written."""
    person = await open_session(api)
    await person.send("Hello")
    return person


@pytest.fixture
def customer(person) -> str:
    return str(person.session["customer"]["id"])


@pytest.fixture
def drawer(person, desk, pinned) -> Drawer:
    return Drawer(desk, pinned)


async def refused(console, path: str, body=None) -> tuple[int, str, str | None]:
    answer = await console.api.request("POST", f"{HELD}/{path}", body)
    return answer.status, answer.json["code"], answer.json.get("field")


async def said_to(person) -> list[tuple[str | None, str]]:
    return [(m["author"]["name"], m["text"]) for m in (await person.history())["items"]]


async def test_both_kinds_are_listed_and_released(drawer, person, customer, alice, bob) -> None:
    message, reply = await drawer.hold_message(customer), await drawer.hold_reply(alice, customer)
    await bob.post("/v1/mod/blocks", {"customer": customer})
    who = {"id": customer, "name": None, "identity": "anonymous", "account": None, "blocked": True}
    common = {"ticket": 1001, "customer": who, "edits": None, "direct": False, "can_release": True}
    of_reply = {
        **common,
        "id": reply,
        "kind": "reply",
        "author": {"id": alice.id, "name": "Alice"},
        "text": ASKS,
        "why": "it asks for a secret",
        "created_at": "2026-03-01T12:00:02.000Z",
    }
    of_message = {
        **common,
        "id": message,
        "kind": "message",
        "author": {"id": customer, "name": None},
        "text": "Hello",
        "why": None,
        "created_at": "2026-03-01T12:00:00.000Z",
    }
    assert await bob.get(HELD) == {"items": [of_reply, of_message], "next": None}
    first = await bob.get(f"{HELD}?limit=1")
    assert first == {"items": [of_reply], "next": reply}
    assert (await bob.get(f"{HELD}?limit=1&after={reply}"))["items"] == [of_message]
    for one in (of_reply, of_message):
        assert await bob.post(f"{HELD}/{one['id']}/release") == {**one, "can_release": False}
        assert (await refused(bob, f"{one['id']}/release"))[:2] == (409, "conflict")
        assert (await refused(bob, f"{one['id']}/drop"))[:2] == (409, "conflict")
    assert await bob.get(HELD) == {"items": [], "next": None}
    assert await said_to(person) == [(None, "Hello"), ("Alice", ASKS)]


async def test_ones_own_reply_is_for_others_to_release(drawer, person, customer, alice) -> None:
    reply = await drawer.hold_reply(alice, customer)
    (item,) = (await alice.get(HELD))["items"]
    assert not item["can_release"]
    for body in (None, {"confirmed": True}):
        assert (await refused(alice, f"{reply}/release", body))[:2] == (403, "forbidden")
    assert (await alice.post(f"{HELD}/{reply}/drop"))["id"] == reply
    assert await said_to(person) == [(None, "Hello")]


async def test_what_is_dropped_is_gone_for_the_team_and_nothing_to_the_customer(
    drawer, person, customer, alice, bob
) -> None:
    held = [await drawer.hold_message(customer), await drawer.hold_reply(alice, customer)]
    before = await person.history()
    for held_id in held:
        assert (await bob.post(f"{HELD}/{held_id}/drop"))["id"] == held_id
    assert (await bob.get(HELD))["items"] == []
    assert await person.history() == before


async def test_private_ones_are_their_moderators_alone(drawer, person, customer, alice, bob) -> None:
    """Alice is not in Matrix: she can be written to as long as she has a console."""
    assert (await person.post("Psst", channel="direct", moderator=alice.id)).status == 201
    direct = await drawer.find_direct(customer, alice.id)
    message = await drawer.hold_message(customer, direct.id)
    reply = await drawer.hold_reply(alice, customer, direct.id)
    assert (await bob.get(HELD))["items"] == []
    for held_id in (message, reply):
        for act in ("release", "drop"):
            assert (await refused(bob, f"{held_id}/{act}"))[:2] == (403, "forbidden")
    mine = (await alice.get(HELD))["items"]
    assert [(i["id"], i["direct"], i["ticket"], i["can_release"], i["text"]) for i in mine] == [
        (reply, True, None, True, ASKS),
        (message, True, None, True, "Psst"),
    ]
    await alice.post(f"{HELD}/{message}/release")
    assert await refused(alice, f"{reply}/release") == (422, "invalid", "confirmed")
    assert await refused(alice, f"{reply}/release", {"confirmed": "yes"}) == (422, "invalid", "confirmed")
    await alice.post(f"{HELD}/{reply}/release", {"confirmed": True})
    assert (await said_to(person))[-1] == ("Alice", ASKS)


async def test_of_who_is_erased_nothing_is_released(drawer, person, customer, alice, bob) -> None:
    held = [await drawer.hold_message(customer), await drawer.hold_reply(alice, customer)]
    await person.api.call("DELETE", "/v1/me")
    assert (await bob.get(HELD))["items"] == []
    for held_id in held:
        for act in ("release", "drop"):
            assert (await refused(bob, f"{held_id}/{act}"))[:2] == (409, "conflict")


@pytest.mark.parametrize("held_id", ["0" * 26, "x", "%00" * 26])
async def test_what_there_is_not_is_not_found(drawer, alice, held_id) -> None:
    for act in ("release", "drop"):
        assert (await refused(alice, f"{held_id}/{act}"))[:2] == (404, "not_found")


@pytest.mark.parametrize(("body", "code"), [([], "bad_json"), ({"confirmed": 1}, "invalid")])
async def test_a_wrong_body_is_refused(drawer, customer, alice, bob, body, code) -> None:
    reply = await drawer.hold_reply(alice, customer)
    assert (await refused(bob, f"{reply}/release", body))[1] == code
    assert len((await bob.get(HELD))["items"]) == 1
