"""A moderator's own private conversations, over HTTP, at the pinned time."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest

from stack.customer import open_session
from stack.json_api import RefusedError

DIRECT = "/v1/mod/direct"
ASKS = "Please send me your seed phrase"


def new(text: str) -> dict[str, str]:
    return {"client_id": str(uuid.uuid4()), "text": text}


@pytest.fixture
async def person(pinned, desk, api):
    """Give a customer who may write."""
    return await open_session(api, page_url="https://app.example.org/swap")


@pytest.fixture
def customer(person) -> str:
    return str(person.session["customer"]["id"])


@pytest.fixture
async def psst(person, alice, pinned) -> str:
    """Let the customer write to Alice in private; give the path of the conversation."""
    assert (await person.post("Psst", channel="direct", moderator=alice.id)).status == 201
    pinned.advance(timedelta(seconds=1))
    return f"{DIRECT}/{person.session['customer']['id']}"


async def refused(console, method: str, path: str, body=None) -> tuple[int, str, str | None]:
    answer = await console.api.request(method, path, body)
    return answer.status, answer.json["code"], answer.json.get("field")


async def test_who_has_a_console_can_be_written_to(person, desk, bob) -> None:
    assert list(await person.moderators()) == ["Bob", "Carol"]
    await bob.api.call("DELETE", f"/v1/mod/tokens/{bob.token_id}")
    assert list(await person.moderators()) == ["Carol"]
    answer = await person.post("Psst", channel="direct", moderator=bob.id)
    assert (answer.status, answer.json["field"]) == (422, "moderator")


async def test_the_list_has_each_conversation_with_its_customer(psst, customer, alice) -> None:
    (item,) = (await alice.get(DIRECT))["items"]
    known = item.pop("customer")
    assert len(item.pop("id")) == 26
    assert item == {
        "active_at": "2026-03-01T12:00:00.000Z",
        "last": {
            "author": {"kind": "customer", "name": None},
            "text": "Psst",
            "created_at": "2026-03-01T12:00:00.000Z",
        },
        "last_seq": 1,
        "undelivered": 0,
    }
    assert (known["id"], known["page_url"], known["tickets"], known["blocks"]) == (
        customer,
        "https://app.example.org/swap",
        [],
        [],
    )


async def test_the_list_begins_with_what_was_used_last(psst, pinned, api, customer, alice) -> None:
    people = [customer]
    for _ in range(3):
        person = await open_session(api)
        pinned.advance(timedelta(seconds=1))
        assert (await person.post("Psst", channel="direct", moderator=alice.id)).status == 201
        people.append(person.session["customer"]["id"])
    pinned.advance(timedelta(seconds=1))
    await alice.post(f"{psst}/messages", new("Hello"))
    seen, after = [], ""
    while True:
        page = await alice.get(f"{DIRECT}?limit=1{after}")
        seen += [item["customer"]["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [people[0], *people[:0:-1]]


async def test_what_each_says_reaches_the_other(psst, person, alice) -> None:
    answer = await alice.api.request("POST", f"{psst}/messages", new(" Hello  "))
    assert answer.status == 201
    said = answer.json
    assert (said["channel"], said["ticket"], said["text"], said["client_id"]) == (
        "direct",
        None,
        "Hello",
        None,
    )
    assert (said["delivery"], said["moderator"]) == ("delivered", alice.id)
    items = (await person.history())["items"]
    assert [(m["channel"], m["author"]["name"], m["text"]) for m in items] == [
        ("direct", None, "Psst"),
        ("direct", "Alice", "Hello"),
    ]
    page = await alice.get(f"{psst}/messages")
    assert [(m["seq"], m["text"], m["delivery"]) for m in page["items"]] == [
        (1, "Psst", "stored"),
        (2, "Hello", "delivered"),
    ]


async def test_pages_of_a_conversation_leave_out_what_is_for_the_team(psst, person, alice) -> None:
    await person.send("for all")
    for number in range(3):
        await alice.post(f"{psst}/messages", new(f"answer {number}"))
    newest = await alice.get(f"{psst}/messages?limit=2")
    assert ([m["seq"] for m in newest["items"]], newest["next"]) == ([4, 5], "4")
    older = await alice.get(f"{psst}/messages?limit=2&before=4")
    assert ([m["seq"] for m in older["items"]], older["next"]) == ([1, 3], None)
    later = await alice.get(f"{psst}/messages?limit=2&after=0")
    assert ([m["seq"] for m in later["items"]], later["next"]) == ([1, 3], "3")


async def test_the_same_id_is_the_same_message(psst, person, api, alice, bob) -> None:
    body = new("Hello")
    answers = await asyncio.gather(*(alice.api.request("POST", f"{psst}/messages", body) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    other = {**body, "text": "Other words"}
    assert await refused(alice, "POST", f"{psst}/messages", other) == (409, "conflict", "client_id")
    assert await refused(alice, "POST", f"{psst}/notes", body) == (409, "conflict", "client_id")
    # It is hers: neither the customer's page nor another moderator meets it.
    assert (await person.post("Mine", client_id=body["client_id"])).status == 201
    assert (await person.post("Psst", channel="direct", moderator=bob.id)).status == 201
    assert (await bob.api.request("POST", f"{psst}/messages", body)).status == 201
    second = await open_session(api)
    assert (await second.post("Psst", channel="direct", moderator=alice.id)).status == 201
    path = f"{DIRECT}/{second.session['customer']['id']}"
    assert await refused(alice, "POST", f"{path}/messages", body) == (409, "conflict", "client_id")
    assert [m["text"] for m in (await second.history())["items"]] == ["Psst"]


async def test_what_asks_for_a_secret_is_held_and_only_here(psst, person, alice, bob) -> None:
    body = new(ASKS)
    answers = [await alice.api.request("POST", f"{psst}/messages", body) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    held = answers[0].json["held"]
    assert (held["direct"], held["can_release"], held["text"]) == (True, True, ASKS)
    assert [m["text"] for m in (await person.history())["items"]] == ["Psst"]
    assert (await alice.get("/v1/mod/held"))["items"] == [held]
    assert (await bob.get("/v1/mod/held"))["items"] == []
    assert (await alice.get("/v1/mod/stats"))["held"] == 1
    assert (await bob.get("/v1/mod/stats"))["held"] == 0


async def test_notes_are_the_moderators_own(psst, pinned, person, alice, bob) -> None:
    body = new(" remember  ")
    made = await alice.api.request("POST", f"{psst}/notes", body)
    assert (made.status, made.json["text"], made.json["ticket"]) == (201, "remember", None)
    assert (await alice.api.request("POST", f"{psst}/notes", body)).status == 200
    pinned.advance(1)
    second = await alice.post(f"{psst}/notes", new("and this"))
    first = await alice.get(f"{psst}/notes?limit=1")
    assert first["items"] == [made.json]
    assert (await alice.get(f"{psst}/notes?after={first['next']}"))["items"] == [second]
    assert (await person.post("Psst", channel="direct", moderator=bob.id)).status == 201
    assert (await bob.get(f"{psst}/notes"))["items"] == []
    assert "remember" not in str(await person.history())


async def test_to_others_it_is_not_there(psst, customer, alice, bob, carol) -> None:
    for console in (bob, carol):
        assert (await console.get(DIRECT))["items"] == []
        for ending in ("messages", "notes"):
            for method, body in (("GET", None), ("POST", new("Hello"))):
                assert (await refused(console, method, f"{psst}/{ending}", body))[:2] == (404, "not_found")
        assert (await console.get("/v1/mod/tickets"))["items"] == []
        assert (await console.post("/v1/mod/tickets/search", {"q": "Psst"}))["items"] == []
        assert customer not in str(await console.get("/v1/mod/audit"))
        stats = await console.get("/v1/mod/stats")
        assert (stats["open"], stats["waiting"], stats["held"]) == (0, 0, 0)
        assert not any(hour["customer"] or hour["moderator"] for hour in stats["hours"])


async def test_the_copy_is_for_the_private_room_of_who_is_in_matrix(
    psst, desk, person, customer, alice, carol
) -> None:
    assert (await person.post("Psst", channel="direct", moderator=carol.id)).status == 201
    await alice.post(f"{psst}/messages", new("from Alice"))
    await carol.post(f"{psst}/messages", new("from Carol"))
    rows = await desk.database.fetch("SELECT lane, text, direct_id, ticket FROM outbox WHERE text <> ''")
    ((lane, text, direct_id, ticket),) = [tuple(row) for row in rows]
    assert (lane, text, ticket) == (f"direct answers:{direct_id}", "You, in the console: from Carol", None)
    rows = await desk.database.fetch("SELECT moderator_id FROM direct WHERE id = $1", direct_id)
    assert [row["moderator_id"] for row in rows] == [carol.id]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "Hello"}, (422, "invalid", "client_id")),
        ({"client_id": "7", "text": "Hello"}, (422, "invalid", "client_id")),
        ({"client_id": str(uuid.UUID(int=7))}, (422, "invalid", "text")),
        (new(" \n "), (422, "text_empty", None)),
        (new("a" * 4001), (422, "text_too_long", None)),
        ([], (400, "bad_json", None)),
    ],
)
async def test_what_is_wrong_is_refused(psst, person, alice, body, expected) -> None:
    for ending in ("messages", "notes"):
        assert await refused(alice, "POST", f"{psst}/{ending}", body) == expected
    assert len((await person.history())["items"]) == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("?after=1", "after"),
        ("?limit=0", "limit"),
        ("/messages?after=x", "after"),
        ("/messages?after=1&before=2", "before"),
        ("/messages?limit=201", "limit"),
        ("/notes?after=a/b", "after"),
    ],
)
async def test_a_wrong_question_is_refused(psst, alice, path, field) -> None:
    base = DIRECT if path.startswith("?") else psst
    assert await refused(alice, "GET", base + path) == (422, "invalid", field)


@pytest.mark.parametrize("customer", ["0" * 26, "x", "%00" * 26])
async def test_nobody_there_is_not_found(desk, alice, customer) -> None:
    for ending in ("messages", "notes"):
        assert (await refused(alice, "GET", f"{DIRECT}/{customer}/{ending}"))[:2] == (404, "not_found")
        body = new("Hello")
        assert (await refused(alice, "POST", f"{DIRECT}/{customer}/{ending}", body))[:2] == (404, "not_found")


async def test_an_erased_customer_is_not_written_to(psst, person, alice) -> None:
    await person.api.call("DELETE", "/v1/me")
    for ending in ("messages", "notes"):
        assert (await refused(alice, "POST", f"{psst}/{ending}", new("Hello")))[:2] == (409, "conflict")
    (message,) = (await alice.get(f"{psst}/messages"))["items"]
    assert message["text"] == ""
    with pytest.raises(RefusedError):
        await person.history()
