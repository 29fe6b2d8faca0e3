"""Blocks over HTTP, at the pinned time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stack.customer import open_session

BLOCKS = "/v1/mod/blocks"
NOBODY = "0" * 26


@pytest.fixture
async def customer(pinned, desk, api) -> str:
    """Give the id of a customer who has written."""
    return await write(api)


async def write(api) -> str:
    """Let a new customer write and return the id."""
    customer = await open_session(api)
    message = await customer.send("Hello")
    return str(message["author"]["id"])


async def refused(console, method: str, path: str, body=None) -> tuple[int, str, str | None]:
    answer = await console.api.request(method, path, body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status, answer.json["code"], answer.json.get("field")


async def test_a_block_is_made_changed_and_lifted(pinned, customer, alice, bob) -> None:
    answer = await alice.api.request(
        "POST", BLOCKS, {"customer": customer, "duration": "1h30m", "reason": " rude ", "kind": "timeout"}
    )
    made = answer.json
    assert answer.status == 201
    block_id = made.pop("id")
    assert made == {
        "customer": {"id": customer, "name": None, "identity": "anonymous", "account": None, "blocked": True},
        "kind": "timeout",
        "reason": "rude",
        "by": {"id": alice.id, "name": "Alice"},
        "created_at": "2026-03-01T12:00:00.000Z",
        "expires_at": "2026-03-01T13:30:00.000Z",
        "lifted_at": None,
        "held": 0,
        "ticket": 1001,
        "private": False,
    }
    path = f"{BLOCKS}/{block_id}"
    change = {"expires_at": "2026-03-02T02:00:00+02:00", "reason": None}
    changed = await bob.api.call("PATCH", path, change)
    assert changed == {**made, "id": block_id, "expires_at": "2026-03-02T00:00:00.000Z", "reason": None}
    pinned.advance(timedelta(minutes=1))
    lifted = await bob.api.call("DELETE", path)
    assert lifted["lifted_at"] == "2026-03-01T12:01:00.000Z"
    assert not lifted["customer"]["blocked"]
    assert await refused(bob, "DELETE", path) == (409, "conflict", None)
    assert await refused(bob, "PATCH", path, {"reason": "late"}) == (409, "conflict", None)


async def test_without_more_it_is_a_block_of_the_usual_length(pinned, customer, alice) -> None:
    made = await alice.post(BLOCKS, {"customer": customer})
    assert (made["kind"], made["reason"], made["expires_at"]) == ("block", None, "2026-03-04T12:00:00.000Z")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "customer"),
        ({"customer": 7}, "customer"),
        ({"customer": "anybody"}, "customer"),
        ({"customer": "\u0000" * 26}, "customer"),
        ({"duration": "soon"}, "duration"),
        ({"duration": "0m"}, "duration"),
        ({"duration": 3}, "duration"),
        ({"duration": "31d"}, "duration"),
        ({"duration": None}, "duration"),
        ({"duration": "9" * 999}, "duration"),
        ({"reason": 5}, "reason"),
        ({"reason": "a" * 501}, "reason"),
        ({"kind": "ban"}, "kind"),
        ({"kind": ["block"]}, "kind"),
        ({"private": 1}, "private"),
    ],
)
async def test_what_is_wrong_is_named(customer, alice, body, field) -> None:
    if field != "customer":
        body = {"customer": customer, **body}
    assert await refused(alice, "POST", BLOCKS, body) == (422, "invalid", field)
    assert (await alice.get(BLOCKS))["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "expires_at"),
        ({"expires_at": 5}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2026-03-02T12:00:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"expires_at": "2026-03-01T12:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-04-01T12:00:00Z"}, "expires_at"),
        ({"expires_at": None}, "expires_at"),
        ({"reason": {}}, "reason"),
        ({"reason": "a" * 501}, "reason"),
    ],
)
async def test_a_wrong_change_is_named(customer, alice, body, field) -> None:
    made = await alice.post(BLOCKS, {"customer": customer, "reason": "rude"})
    assert await refused(alice, "PATCH", f"{BLOCKS}/{made['id']}", body) == (422, "invalid", field)
    assert (await alice.get(BLOCKS))["items"] == [made]


async def test_for_ever_where_the_operator_allows_it(config, pinned, desk, customer, alice) -> None:
    desk.config["blocks"] = {"longest": "never"}
    await desk.reload()
    made = await alice.post(BLOCKS, {"customer": customer, "duration": None})
    assert made["expires_at"] is None
    path = f"{BLOCKS}/{made['id']}"
    ending = await alice.api.call("PATCH", path, {"expires_at": "2099-01-01T00:00:00Z"})
    assert ending["expires_at"] == "2099-01-01T00:00:00.000Z"
    assert (await alice.api.call("PATCH", path, {"expires_at": None}))["expires_at"] is None


@pytest.mark.parametrize("block_id", [NOBODY, "x", "%00" * 26])
async def test_what_there_is_not_is_not_found(desk, alice, block_id) -> None:
    for method, body in (("PATCH", {"reason": "why"}), ("DELETE", None)):
        assert (await refused(alice, method, f"{BLOCKS}/{block_id}", body))[:2] == (404, "not_found")


async def test_nobody_is_blocked_who_is_not_there(desk, alice, customer) -> None:
    assert await refused(alice, "POST", BLOCKS, {"customer": NOBODY}) == (404, "not_found", "customer")
    private = {"customer": customer, "private": True}
    assert await refused(alice, "POST", BLOCKS, private) == (404, "not_found", "private")


async def test_lists_of_all_of_running_and_of_past_ones(pinned, api, customer, alice) -> None:
    made = [await alice.post(BLOCKS, {"customer": customer, "duration": "1h"})]
    for _ in range(2):
        pinned.advance(timedelta(seconds=1))
        made.append(await alice.post(BLOCKS, {"customer": await write(api), "duration": "3h"}))
    pinned.advance(timedelta(hours=2))

    async def listed(query: str) -> list[str]:
        items, after = [], ""
        while True:
            page = await alice.get(f"{BLOCKS}?limit=1{query}{after}")
            items += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return items
            after = f"&after={page['next']}"

    first, second, third = (block["id"] for block in made)
    assert await listed("") == [third, second, first]
    assert await listed("&active=true") == [third, second]
    assert await listed("&active=false") == [first]


@pytest.mark.parametrize(
    ("query", "field"), [("active=yes", "active"), ("limit=0", "limit"), ("after=a/b", "after")]
)
async def test_a_wrong_question_is_refused(desk, alice, query, field) -> None:
    assert await refused(alice, "GET", f"{BLOCKS}?{query}") == (422, "invalid", field)


async def test_the_reason_of_a_private_block_is_its_moderators(pinned, desk, api, alice, carol) -> None:
    person = await open_session(api)
    assert (await person.post("Psst", channel="direct", moderator=carol.id)).status == 201
    customer = person.session["customer"]["id"]
    made = await carol.post(BLOCKS, {"customer": customer, "reason": "rude to me", "private": True})
    assert (made["reason"], made["private"], made["ticket"]) == ("rude to me", True, None)
    (seen,) = (await alice.get(BLOCKS))["items"]
    assert seen == {**made, "reason": None}
    path = f"{BLOCKS}/{made['id']}"
    assert await refused(alice, "PATCH", path, {"reason": "mine"}) == (403, "forbidden", None)
    longer = await alice.api.call("PATCH", path, {"expires_at": "2026-03-09T12:00:00Z"})
    assert longer["reason"] is None
    assert (await carol.get(BLOCKS))["items"][0]["reason"] == "rude to me"
    assert (await alice.api.call("DELETE", path))["reason"] is None


async def test_the_customer_is_answered_the_same(pinned, desk, api, alice) -> None:
    """Session, messages and history, before, while and after; nothing but ids and times is different."""
    people = [await open_session(api) for _ in range(2)]

    async def seen(person) -> list:
        for _ in range(2):
            await person.send("Hello")
        page = await person.api.call("GET", "/v1/messages")
        return [
            (sorted(page), page["last_event_id"]),
            [
                {k: v for k, v in m.items() if k not in ("id", "client_id", "author", "ticket")}
                for m in page["items"]
            ],
            sorted(await person.api.call("GET", "/v1/session")),
        ]

    assert await seen(people[0]) == await seen(people[1])
    blocked = people[0].session["customer"]["id"]
    made = await alice.post(BLOCKS, {"customer": blocked})
    assert await seen(people[0]) == await seen(people[1])
    await alice.api.call("PATCH", f"{BLOCKS}/{made['id']}", {"reason": "why"})
    assert await seen(people[0]) == await seen(people[1])
    await alice.api.call("DELETE", f"{BLOCKS}/{made['id']}")
    assert await seen(people[0]) == await seen(people[1])
