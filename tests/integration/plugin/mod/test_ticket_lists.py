"""Tickets over HTTP: lists by filter and sort, in pages that hold while others change; one; changes."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.db.database import Database
from plugin.domain.model import Block
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import Console
from tests.integration.plugin.wallet import from_page

pytestmark = pytest.mark.usefixtures("pinned")


class Cases:
    """Customers with a ticket each."""

    def __init__(self, desk: Desk, api: JsonApi, clock: Any) -> None:
        self.desk, self._api, self._clock = desk, api, clock

    async def open(self, *texts: str) -> tuple[Customer, int]:
        """Let somebody new write; a second passes before each message."""
        customer, number = await open_session(from_page(self._api)), 0
        for text in texts or ("hello",):
            self._clock.advance(1)
            number = (await customer.send(text))["ticket"]
        return customer, number

    async def open_blocked(self) -> int:
        """Let somebody new write, and be blocked."""
        customer, number = await self.open()
        await self.block(customer.session["customer"]["id"])
        return number

    async def block(self, customer_id: str, reason: str | None = None) -> None:
        """Block a customer for an hour."""
        now = self._clock.now()
        block = Block(
            id=f"block-{customer_id}",
            customer_id=customer_id,
            kind="block",
            reason=reason,
            by_id="m",
            by_name="Alice",
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
        async with Database(self.desk.database).transaction() as tx:
            await tx.blocks.add(block)


@pytest.fixture
def cases(desk: Desk, api: JsonApi, clock: Any) -> Cases:
    return Cases(desk, api, clock)


async def _numbers(console: Console, query: str = "") -> list[int]:
    """Return the numbers of all pages of a list, each of two tickets."""
    found: list[int] = []
    after = ""
    while True:
        page = await console.get(f"/v1/mod/tickets?limit=2{query}{after}")
        found += [item["number"] for item in page["items"]]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def _answer(console: Console, number: int, text: str = "an answer") -> dict[str, Any]:
    body = {"client_id": str(uuid.uuid4()), "text": text}
    answer: dict[str, Any] = await console.post(f"/v1/mod/tickets/{number}/messages", body)
    return answer


async def _change(console: Console, number: int, **wish: Any) -> dict[str, Any]:
    ticket: dict[str, Any] = await console.api.call("PATCH", f"/v1/mod/tickets/{number}", wish)
    return ticket


async def test_each_filter_and_each_sort(cases: Cases, alice: Console, bob: Console, clock: Any) -> None:
    (_, one), (_, two), (_, three), (_, four) = [await cases.open() for _ in range(4)]
    five = await cases.open_blocked()
    clock.advance(1)
    await _answer(alice, one)
    await _change(bob, two, assignee="me")
    await _change(alice, three, assignee=bob.id)
    await _change(alice, four, status="closed")
    assert await _numbers(alice) == [one, five, four, three, two]
    assert await _numbers(alice, "&sort=number") == [five, four, three, two, one]
    assert await _numbers(alice, "&sort=waiting") == [two, three, five, one, four]
    assert await _numbers(alice, "&status=open") == [one, five, three, two]
    assert await _numbers(alice, "&status=closed") == [four]
    # Nobody is to hurry for who is blocked.
    assert await _numbers(alice, "&waiting=team&sort=waiting") == [two, three]
    assert await _numbers(alice, "&waiting=customer") == [one]
    assert await _numbers(alice, "&blocked=true") == [five]
    assert await _numbers(alice, "&blocked=true&waiting=team") == [five]
    assert await _numbers(bob, "&assignee=me") == [three, two]
    assert await _numbers(alice, f"&assignee={bob.id}&sort=number") == [three, two]
    assert await _numbers(alice, "&assignee=none") == [one, five, four]
    assert await _numbers(alice, "&assignee=none&status=open&waiting=team&sort=waiting") == []
    items = (await alice.get("/v1/mod/tickets"))["items"]
    assert {item["number"]: item["customer"]["blocked"] for item in items}[five] is True
    assert [item["number"] for item in items if item["customer"]["blocked"]] == [five]


async def test_an_item_says_how_the_ticket_stands(cases: Cases, alice: Console, clock: Any) -> None:
    customer, number = await cases.open("first line\nsecond line", "again")
    (item,) = (await alice.get("/v1/mod/tickets"))["items"]
    assert item["last"]["text"] == "again"
    assert (item["waiting"], item["waiting_since"], item["last_seq"]) == (
        "team",
        "2026-03-01T12:00:01.000Z",
        2,
    )
    assert (item["assignee"], item["tags"], item["undelivered"]) == (None, [], 0)
    await _answer(alice, number, "x" * 500)
    (item,) = (await alice.get("/v1/mod/tickets"))["items"]
    assert (item["waiting"], item["waiting_since"], item["last_seq"]) == ("customer", None, 3)
    assert item["last"]["author"] == {"kind": "moderator", "name": "Alice"}
    assert len(item["last"]["text"]) == 140
    clock.advance(60)
    await customer.send("thanks")
    (item,) = (await alice.get("/v1/mod/tickets"))["items"]
    assert (item["waiting"], item["waiting_since"]) == ("team", "2026-03-01T12:01:02.000Z")


async def test_whose_turn_it_is_outlives_closing_but_not_a_new_case(
    cases: Cases, alice: Console, clock: Any
) -> None:
    customer, number = await cases.open()
    closed = await _change(alice, number, status="closed")
    assert (closed["status"], closed["waiting"], closed["waiting_since"]) == ("closed", None, None)
    opened = await _change(alice, number, status="open")
    assert (opened["waiting"], opened["waiting_since"]) == ("team", "2026-03-01T12:00:01.000Z")
    await _change(alice, number, status="closed")
    clock.advance(3600)
    await customer.send("another thing")
    (item,) = (await alice.get("/v1/mod/tickets"))["items"]
    assert (item["status"], item["waiting_since"]) == ("open", "2026-03-01T13:00:01.000Z")


async def test_pages_give_each_ticket_once_although_others_change_meanwhile(
    cases: Cases, alice: Console, clock: Any
) -> None:
    customers = 1000
    first, one = await cases.open()
    database = Database(cases.desk.database)
    async with database.transaction() as tx:
        customer = await tx.sessions.get_customer(first.session["customer"]["id"])
        ticket = await tx.tickets.get_by_number(one)
        assert customer
        assert ticket
        for n in range(1, customers):
            # Many of the same moment: the number decides between them.
            made = replace(customer, id=f"c{n}", ticket=None)
            await tx.sessions.add_customer(made)
            at = clock.now() if n % 7 else ticket.opened_at
            number = await tx.tickets.take_number()
            await tx.tickets.add(
                replace(ticket, number=number, customer_id=made.id, opened_at=at, active_at=at)
            )
    for sort in ("activity", "number", "waiting"):
        seen: list[int] = []
        after = ""
        while True:
            page = await alice.get(f"/v1/mod/tickets?limit=97&sort={sort}{after}")
            seen += [item["number"] for item in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
            # What was seen already moves, and new ones come.
            clock.advance(1)
            await _change(alice, seen[0], tags=[f"page {len(seen)}"])
            await cases.open()
        old = [number for number in seen if number < one + customers]
        assert sorted(old) == list(range(one, one + customers)), sort
        assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=ajar", "status"),
        ("waiting=me", "waiting"),
        ("sort=score", "sort"),
        ("blocked=yes", "blocked"),
        ("after=1", "after"),
        ("after=1.x", "after"),
        ("after=9999999999999999.1", "after"),
        ("after=a%20b", "after"),
        ("assignee=Bob", "assignee"),
        ("assignee=%00", "assignee"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
    ],
)
async def test_a_bad_query_is_refused_by_name(alice: Console, query: str, field: str) -> None:
    answer = await alice.api.request("GET", f"/v1/mod/tickets?{query}")
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "invalid", field)


async def test_one_ticket_comes_with_its_customer(cases: Cases, api: JsonApi, alice: Console) -> None:
    page = "https://app.example.org/checkout?step=2"
    body = {"locale": "de", "page_url": page}
    made = await from_page(api).call("POST", "/v1/sessions", body)
    customer = Customer(from_page(api), made)
    number = (await customer.send("hello"))["ticket"]
    await cases.block(made["session"]["customer"]["id"], "spam")
    card = (await alice.get(f"/v1/mod/tickets/{number}"))["customer"]
    assert (card["page_url"], card["origin"], card["locale"]) == (page, "https://app.example.org", "de")
    assert (card["blocked"], card["email"], card["name"]) == (True, None, None)
    assert [one["number"] for one in card["tickets"]] == [number]
    assert [block["reason"] for block in card["blocks"]] == ["spam"]
    assert (await alice.api.request("GET", "/v1/mod/tickets/999999")).status == 404


async def test_what_is_changed_is_so_and_is_in_the_audit_log(
    cases: Cases, alice: Console, bob: Console
) -> None:
    customer, number = await cases.open()
    ticket = await _change(
        alice, number, assignee=bob.id, tags=[" Refund ", "VIP", "refund"], status="closed"
    )
    assert ticket["assignee"] == {"id": bob.id, "name": "Bob"}
    assert (ticket["tags"], ticket["status"]) == (["refund", "vip"], "closed")
    assert (await customer.api.call("GET", "/v1/session"))["ticket"]["status"] == "closed"
    # Nothing changes, so nothing is told.
    await _change(alice, number, assignee=bob.id, tags=["refund", "vip"], status="closed")
    await _change(bob, number, assignee=None, status="open")
    assert (await customer.api.call("GET", "/v1/session"))["ticket"]["status"] == "open"
    entries = (await alice.get("/v1/mod/audit"))["items"]
    acts = sorted((e["actor"]["name"], e["action"]) for e in entries if e["action"].startswith("ticket."))
    assert acts == [
        ("Alice", "ticket.assigned"),
        ("Alice", "ticket.closed"),
        ("Alice", "ticket.tagged"),
        ("Bob", "ticket.assigned"),
        ("Bob", "ticket.reopened"),
    ]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"status": "ajar"}, "status"),
        ({"status": 1}, "status"),
        ({"assignee": 5}, "assignee"),
        ({"assignee": "none"}, "assignee"),
        ({"assignee": "\ud800"}, "assignee"),
        ({"assignee": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "assignee"),
        ({"tags": "refund"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"tags": [" "]}, "tags"),
        ({"tags": ["x" * 33]}, "tags"),
        ({"tags": [str(n) for n in range(11)]}, "tags"),
        ({"tags": None}, "tags"),
    ],
)
async def test_a_bad_change_is_refused_by_name_and_changes_nothing(
    cases: Cases, alice: Console, wish: dict[str, Any], field: str
) -> None:
    _, number = await cases.open()
    before = await alice.get(f"/v1/mod/tickets/{number}")
    answer = await alice.api.request("PATCH", f"/v1/mod/tickets/{number}", {"status": "closed", **wish})
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "invalid", field)
    assert await alice.get(f"/v1/mod/tickets/{number}") == before


async def test_searching(cases: Cases, alice: Console) -> None:
    (_, one), (_, two) = (
        await cases.open("my wallet is empty"),
        await cases.open("WALLET?", "a walled garden"),
    )
    await _answer(alice, one, "which wallet do you use?")

    async def search(q: str, **more: Any) -> list[tuple[int, str]]:
        page = await alice.post("/v1/mod/tickets/search", {"q": q, **more})
        return [(item["number"], item["match"]["text"]) for item in page["items"]]

    assert await search("wal") == [(one, "which wallet do you use?"), (two, "a walled garden")]
    assert await search("wallet empty") == [(one, "my wallet is empty")]
    assert await search(f"#{two}") == [(two, f"#{two}")]
    assert await search(str(two), waiting="customer") == []
    assert await search("wallet", waiting="team") == [(two, "WALLET?")]
    first = await alice.post("/v1/mod/tickets/search", {"q": "wal", "limit": 1})
    assert first["next"] is not None
    rest = await alice.post("/v1/mod/tickets/search", {"q": "wal", "limit": 5, "after": first["next"]})
    assert [item["number"] for item in first["items"] + rest["items"]][:2] == [one, two]
    assert rest["next"] is None
    assert await search("") == []
    assert await search('"') == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "q"),
        ({"q": "x" * 4001}, "q"),
        ({"q": "x", "after": "-1"}, "after"),
        ({"q": "x", "limit": "5"}, "limit"),
        ({"q": "x", "assignee": 5}, "assignee"),
        ({"q": "x", "blocked": "no"}, "blocked"),
    ],
)
async def test_a_bad_search_is_refused_by_name(alice: Console, body: dict[str, Any], field: str) -> None:
    answer = await alice.api.request("POST", "/v1/mod/tickets/search", body)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "invalid", field)


async def test_a_number_that_fills_a_page_has_a_next_one(cases: Cases, alice: Console) -> None:
    _, one = await cases.open("hello")
    _, two = await cases.open(f"as in {one}")
    first = await alice.post("/v1/mod/tickets/search", {"q": str(one), "limit": 1})
    after = {"q": str(one), "limit": 1, "after": first["next"]}
    rest = await alice.post("/v1/mod/tickets/search", after)
    assert [item["number"] for item in first["items"] + rest["items"]] == [one, two]
