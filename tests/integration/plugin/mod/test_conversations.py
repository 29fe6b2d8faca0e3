"""A ticket's conversation over HTTP: read in pages, answered, noted on, sent again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from plugin.db.database import Database
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import Console
from tests.integration.plugin.wallet import from_page

pytestmark = pytest.mark.usefixtures("pinned")

ASKS = "Please send me your seed phrase"


@pytest.fixture
async def customer(api: JsonApi) -> Customer:
    return await open_session(from_page(api))


@pytest.fixture
async def path(customer: Customer) -> str:
    """Give the path of a ticket with one message."""
    return f"/v1/mod/tickets/{(await customer.send('Hello'))['ticket']}"


def _body(text: str, client_id: str | None = None) -> dict[str, str]:
    return {"client_id": client_id or str(uuid.uuid4()), "text": text}


async def test_an_answer_is_made_once_and_both_sides_see_it(
    customer: Customer, alice: Console, path: str
) -> None:
    body = _body("Try  again\u202e now.\r\n")
    made = await alice.api.request("POST", f"{path}/messages", body)
    again = await alice.api.request("POST", f"{path}/messages", body)
    assert (made.status, again.status) == (201, 200)
    assert made.json == again.json
    assert made.json["text"] == "Try  again now."
    assert (made.json["delivery"], made.json["delivery_error"]) == ("stored", None)
    assert made.json["author"] == {"kind": "moderator", "id": alice.id, "name": "Alice", "verified": True}
    assert made.json["client_id"] is None
    hello, answer = (await alice.get(f"{path}/messages"))["items"]
    assert (hello["text"], hello["delivery"]) == ("Hello", "stored")
    assert answer == made.json
    mine = (await customer.history())["items"]
    assert [item["text"] for item in mine] == ["Hello", "Try  again now."]
    assert "delivery" not in mine[1]
    other = await alice.api.request("POST", f"{path}/messages", _body("Other words", body["client_id"]))
    assert (other.status, other.json["code"], other.json["field"]) == (409, "conflict", "client_id")


async def test_what_asks_for_a_secret_is_answered_with_what_is_held(
    customer: Customer, alice: Console, path: str
) -> None:
    body = _body(ASKS)
    held = await alice.api.request("POST", f"{path}/messages", body)
    again = await alice.api.request("POST", f"{path}/messages", body)
    assert (held.status, again.status) == (202, 202)
    assert held.json == again.json
    shown = held.json["held"]
    assert (shown["kind"], shown["text"], shown["why"]) == ("reply", ASKS, "it asks for a secret")
    assert shown["can_release"] is False
    assert len((await customer.history())["items"]) == 1


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"client_id": "1", "text": "x"}, "invalid", "client_id"),
        ({"client_id": str(uuid.uuid4())}, "invalid", "text"),
        ({"client_id": str(uuid.uuid4()), "text": " "}, "text_empty", None),
        ({"client_id": str(uuid.uuid4()), "text": "x" * 4001}, "text_too_long", None),
    ],
)
@pytest.mark.parametrize("what", ["messages", "notes"])
async def test_bad_words_are_refused_by_name(
    alice: Console, path: str, what: str, body: dict[str, Any], code: str, field: str | None
) -> None:
    answer = await alice.api.request("POST", f"{path}/{what}", body)
    assert (answer.status, answer.json["code"], answer.json.get("field")) == (422, code, field)


async def test_messages_are_read_in_pages_either_way(customer: Customer, alice: Console, path: str) -> None:
    for number in range(2, 8):
        await customer.send(f"message {number}")
    texts = ["Hello", *(f"message {number}" for number in range(2, 8))]

    async def read(direction: str, cursor: str | None) -> list[str]:
        found: list[str] = []
        while True:
            query = f"limit=3&{direction}={cursor}" if cursor else "limit=3"
            page = await alice.get(f"{path}/messages?{query}")
            stretch = [item["text"] for item in page["items"]]
            found = found + stretch if direction == "after" else stretch + found
            cursor = page["next"]
            if cursor is None:
                return found

    assert await read("after", "0") == texts
    assert await read("before", None) == texts
    both = await alice.api.request("GET", f"{path}/messages?after=1&before=3")
    assert (both.status, both.json["field"]) == (422, "before")


async def test_a_private_message_is_no_part_of_the_ticket(
    desk: Desk, customer: Customer, alice: Console, carol: Console, path: str
) -> None:
    answer = await customer.post("for Carol alone", channel="direct", moderator=carol.id)
    assert answer.status == 201
    for console in (alice, carol):
        assert "Carol alone" not in str(await console.get(f"{path}/messages"))
        assert "Carol alone" not in str(await console.get("/v1/mod/tickets"))
        found = await console.post("/v1/mod/tickets/search", {"q": "carol alone"})
        assert found["items"] == []
    resent = await alice.api.request("POST", f"/v1/mod/messages/{answer.json['id']}/resend")
    assert resent.status == 404


async def test_the_team_sees_what_was_deleted_but_not_what_was_taken_back(
    desk: Desk, customer: Customer, alice: Console, path: str
) -> None:
    made = await alice.post(f"{path}/messages", _body("A slip"))
    database = Database(desk.database)
    async with database.transaction() as tx:
        message = await tx.conversations.get_message(made["id"])
        assert message
        await tx.conversations.delete_message(message, message.created_at)
    hello = (await customer.history())["items"][0]
    await customer.api.call("DELETE", f"/v1/messages/{hello['id']}")
    items = (await alice.get(f"{path}/messages"))["items"]
    assert [(item["text"], item["deleted_at"] is None) for item in items] == [("", False), ("A slip", False)]
    assert (await customer.history())["items"][1]["text"] == ""
    assert (await alice.post("/v1/mod/tickets/search", {"q": "hello"}))["items"] == []


async def test_notes_are_the_teams_and_nobody_elses(
    customer: Customer, alice: Console, bob: Console, path: str
) -> None:
    body = _body("He is angry.")
    first = await alice.api.request("POST", f"{path}/notes", body)
    again = await alice.api.request("POST", f"{path}/notes", body)
    assert (first.status, again.status, first.json) == (201, 200, again.json)
    await bob.post(f"{path}/notes", _body("And sad."))
    page = await bob.get(f"{path}/notes?limit=1")
    rest = await bob.get(f"{path}/notes?limit=1&after={page['next']}")
    notes = page["items"] + rest["items"]
    assert sorted((one["by"]["name"], one["text"]) for one in notes) == [
        ("Alice", "He is angry."),
        ("Bob", "And sad."),
    ]
    assert rest["next"] is None
    assert "angry" not in str(await customer.history())
    assert "angry" not in str(await customer.api.call("GET", "/v1/me/export"))
    assert (await alice.post("/v1/mod/tickets/search", {"q": "angry"}))["items"] == []


@pytest.mark.parametrize("what", ["messages", "notes"])
async def test_there_must_be_such_a_ticket(alice: Console, what: str) -> None:
    for method, body in (("GET", None), ("POST", _body("x"))):
        answer = await alice.api.request(method, f"/v1/mod/tickets/4711/{what}", body)
        assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_what_is_not_lost_is_not_sent_again(customer: Customer, alice: Console, path: str) -> None:
    made = await alice.post(f"{path}/messages", _body("Try again now."))
    answer = await alice.api.request("POST", f"/v1/mod/messages/{made['id']}/resend")
    assert (answer.status, answer.json["code"]) == (409, "conflict")
