"""Lists of tickets as moderators see them: which, in which order, and what each one shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from plugin.domain.desk import CustomerLine, Delivery, Person, Sort, TicketFilter, TicketPlace
from plugin.domain.model import Author, Block, Moderator

ALICE = Moderator(id="m-alice", name="Alice", role="moderator", telegram_id=1, mxid=None)
MODERATOR = Author(kind="moderator", id="m-alice", name="Alice", verified=True)


@pytest.fixture
async def tickets(database, make, seed) -> None:
    """Store five tickets of five customers, each a second after the one before it.

    1 waits for the team and is Alice's, 2 is answered, 3 is closed, 4's customer is blocked, 5 comes from
    where 4 came from and is blocked with it.
    """
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
    for n in range(1, 6):
        at = make.at(n * 1000)
        await seed.customer(f"c{n}", name=f"Customer {n}")
        async with database.transaction() as tx:
            assignee = ALICE.id if n == 1 else None
            ticket = make.ticket(n, f"c{n}", opened_at=at, active_at=at, assignee=assignee)
            await tx.tickets.add(ticket)
        await seed.messages(1, f"c{n}", ticket=n, created_at=at)
    await seed.messages(1, "c2", ticket=2, author=MODERATOR, client_id=None, created_at=make.at(9000))
    async with database.transaction() as tx:
        three = await tx.tickets.get_by_number(3)
        await tx.tickets.update(make.ticket(3, "c3", status="closed", active_at=three.active_at))
        for n, at in ((4, 0), (5, 60_000)):
            await tx._conn.execute(
                "INSERT INTO session (id, token_hash, customer_id, address_hash, created_at)"
                " VALUES ($1, $1, $2, 'address', $3)",
                f"s{n}",
                f"c{n}",
                round(make.at(at).timestamp() * 1000),
            )
        await tx.blocks.add(_block(make, "b4", "c4", make.at(30_000)))


def _block(make, block_id: str, customer_id: str, at: Any) -> Block:
    return Block(
        id=block_id,
        customer_id=customer_id,
        kind="block",
        reason=None,
        by_id=ALICE.id,
        by_name="Alice",
        created_at=at,
        expires_at=at + timedelta(days=1),
    )


@pytest.fixture
def now(make):
    return make.at(120_000)


@pytest.mark.parametrize(
    ("wanted", "sort", "numbers"),
    [
        ({}, "activity", [5, 4, 3, 2, 1]),
        ({}, "number", [5, 4, 3, 2, 1]),
        ({}, "waiting", [1, 4, 5, 2, 3]),
        ({"status": "open"}, "activity", [5, 4, 2, 1]),
        ({"status": "closed"}, "activity", [3]),
        ({"waiting": "team"}, "waiting", [1]),
        ({"waiting": "team", "blocked": True}, "waiting", [4, 5]),
        ({"waiting": "customer"}, "activity", [2]),
        ({"blocked": True}, "activity", [5, 4]),
        ({"assignee": ALICE.id}, "activity", [1]),
        ({"unassigned": True, "status": "open"}, "number", [5, 4, 2]),
        ({"assignee": "nobody"}, "activity", []),
    ],
)
async def test_which_tickets_in_which_order(
    database, tickets, now, wanted: dict[str, Any], sort: Sort, numbers: list[int]
) -> None:
    found: list[int] = []
    after: TicketPlace | None = None
    async with database.snapshot() as tx:
        while True:
            places = await tx.listing.list_places(TicketFilter(**wanted), sort, after=after, limit=2, now=now)
            if not places:
                break
            found += [place.number for place in places]
            after = places[-1]
    assert found == numbers


async def test_a_block_counts_while_it_runs(database, tickets, now) -> None:
    async with database.snapshot() as tx:
        for at, is_blocked in ((now, True), (now + timedelta(days=2), False)):
            places = await tx.listing.list_places(
                TicketFilter(blocked=True), "activity", after=None, limit=9, now=at
            )
            assert bool(places) == is_blocked


async def test_an_item_shows_all_of_its_ticket(database, make, seed, tickets, now) -> None:
    async with database.transaction() as tx:
        await tx.tickets.set_tags(1, ["refund", "vip"])
    await seed.batch("b1", lane="c1", customer_id="c1", ticket=1)
    async with database.transaction() as tx:
        await tx.batches.set_failed("b1", "no rights")
        items = await tx.listing.list_items([2, 1, 4711], now)
    assert [item.number for item in items] == [2, 1]
    two, one = items
    assert one.assignee == Person(id=ALICE.id, name="Alice")
    assert (one.tags, one.undelivered) == (("refund", "vip"), 1)
    assert (one.waiting, one.waiting_since, one.last_seq) == ("team", make.at(1000), 1)
    assert (two.waiting, two.waiting_since, two.last_seq) == ("customer", None, 2)
    assert (two.last.author_name, two.last.text, two.undelivered) == ("Alice", "text 2", 0)
    assert two.customer == CustomerLine(
        id="c2", name="Customer 2", identity="anonymous", account=None, blocked=False
    )


async def test_an_empty_ticket_has_no_last_words(database, make, seed, now) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket())
        (item,) = await tx.listing.list_items([1001], now)
        assert (item.last, item.last_seq, item.waiting) == (None, 0, None)
        assert await tx.listing.list_items([], now) == []
        assert await tx.listing.list_customers([], now) == {}
        assert await tx.listing.get_delivery([]) == {}


@pytest.mark.parametrize(
    ("state", "held", "delivery"),
    [
        (None, 0, Delivery(state="stored")),
        ("open", 0, Delivery(state="stored", error="reason")),
        ("open", 1, Delivery(state="held")),
        ("sent", 0, Delivery(state="sent", error="reason")),
        ("unreported", 0, Delivery(state="sent", error="reason")),
        ("unconfirmed", 0, Delivery(state="sent", error="The bridge did not confirm it.")),
        ("delivered", 0, Delivery(state="delivered", error="reason")),
        ("failed", 0, Delivery(state="failed", error="reason")),
        ("held", 1, Delivery(state="held")),
    ],
)
async def test_how_far_a_message_has_got(
    database, seed, state: str | None, held: int, delivery: Delivery
) -> None:
    await seed.customer()
    (message,) = await seed.messages(1)
    if state is not None:
        await seed.batch()
    async with database.transaction() as tx:
        await tx._conn.execute("UPDATE batch SET state = $1, held = $2, error = 'reason'", state or "", held)
        found = await tx.listing.get_delivery([message.id, "said in Telegram"])
    error = delivery.error if state != "held" else None
    assert found[message.id] == Delivery(state=delivery.state, error=error)
    assert found["said in Telegram"] == Delivery(state="delivered")


async def test_a_customer_is_shown_with_the_newest_tickets_and_page(database, make, seed, now) -> None:
    await seed.customer(name="Zoe", email="zoe@example.org", account="user:7", identity="user")
    async with database.transaction() as tx:
        for n in range(1, 26):
            await tx.tickets.add(make.ticket(n, opened_at=make.at(n)))
        for n, url in enumerate((None, "https://a.example/1", "https://a.example/2", None)):
            await tx._conn.execute(
                "INSERT INTO session (id, token_hash, customer_id, page_url, locale, created_at)"
                " VALUES ($1, $1, 'c1', $2, 'de', $3)",
                f"s{n}",
                url,
                n,
            )
        known = await tx.listing.get_customer("c1", now)
        assert await tx.listing.get_customer("nobody", now) is None
    assert known is not None
    assert (known.line.name, known.email, known.page_url, known.locale) == (
        "Zoe",
        "zoe@example.org",
        "https://a.example/2",
        "de",
    )
    assert [one.number for one in known.tickets] == list(range(25, 5, -1))


async def test_whose_turn_it_is_follows_what_is_said(database, make, seed) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket())

    async def turn() -> tuple[Any, ...]:
        async with database.snapshot() as tx:
            row = await tx._conn.fetchrow("SELECT waiting, waiting_since - $1 AS since FROM ticket", base)
        return row["waiting"], row["since"]

    base = round(make.t0.timestamp() * 1000)
    say = {"customer": Author(kind="customer", id="c1", name=None), "moderator": MODERATOR}
    steps = [
        ("customer", 10, ("team", 10)),
        ("customer", 20, ("team", 10)),
        ("moderator", 30, ("customer", None)),
        ("moderator", 40, ("customer", None)),
        ("customer", 50, ("team", 50)),
    ]
    for who, at, expected in steps:
        await seed.messages(1, author=say[who], created_at=make.at(at), client_id=None)
        assert await turn() == expected
    await seed.messages(1, author=Author(kind="system", id="taken_back", name=None), client_id=None)
    await seed.messages(1, author=MODERATOR, channel="direct", ticket=None, client_id=None)
    assert await turn() == ("team", 50)


async def test_the_first_answer_counts(database, make, seed, store) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket())
    for at in (30, 40):
        await seed.messages(1, author=MODERATOR, created_at=make.at(at), client_id=None)
    first = round(make.at(30).timestamp() * 1000)
    assert await store.look("SELECT answered_at FROM ticket") == [(first,)]


async def test_an_act_is_noted_once(database, make) -> None:
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        assert await tx.console_acts.find(ALICE.id, "id") is None
        assert await tx.console_acts.add(ALICE.id, "id", "message", make.at(1000))
        assert not await tx.console_acts.add(ALICE.id, "id", "other", make.at(1000))
        assert await tx.console_acts.find(ALICE.id, "id") == "message"
        await tx.console_acts.prune(make.at(1000))
        assert await tx.console_acts.find(ALICE.id, "id") == "message"
        await tx.console_acts.prune(make.at(1001))
        assert await tx.console_acts.find(ALICE.id, "id") is None
