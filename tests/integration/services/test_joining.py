"""An anonymous conversation becomes a part of the one that its customer has proven theirs."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from plugin.domain.errors import Unauthorized, Unavailable
from plugin.domain.model import Target, role_of
from plugin.services.identity import Proof
from plugin.services.joining import join
from stack.conditions import PATIENCE
from tests.integration.services.desk import Desk
from tests.integration.services.doors import WALLET, Doors

TABLES = {
    "batch", "block", "conversation_event", "direct", "held_reply", "message", "note", "outbox",
    "search_entry", "session", "ticket", "ticket_event",
}  # fmt: skip
"""Those that say whose a row is."""


async def test_the_first_time_the_anonymous_customer_becomes_the_proven_one(doors) -> None:
    anonymous = await doors.come()
    await doors.write(anonymous, "before")
    former, events = await doors.who(anonymous), await doors.events(anonymous)
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    customer = await doors.who(wallet)
    assert (customer.id, customer.identity, customer.ticket) == (former.id, "wallet", former.ticket)
    assert await doors.events(wallet) == events
    assert await doors.read(wallet) == ["before"]


async def test_what_was_said_follows_in_its_order_and_the_other_browsers_are_told(doors, desk) -> None:
    device = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(device, "old 1", "old 2")
    anonymous = await doors.come()
    await doors.write(anonymous, "new 1", "new 2", "new 3")
    number = (await doors.who(anonymous)).ticket
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    assert await doors.read(wallet) == ["old 1", "old 2", "new 1", "new 2", "new 3"]
    assert await doors.events(device, after=2) == [
        (3, "message.created", "new 1"),
        (4, "message.created", "new 2"),
        (5, "message.created", "new 3"),
        (6, "ticket.updated", number),
    ]
    await doors.write(device, "old 3")
    assert (await doors.read(wallet))[-1] == "old 3"
    authors = await desk.store.look("SELECT DISTINCT author_id FROM message WHERE author_kind = 'customer'")
    assert authors == [((await doors.who(wallet)).id,)]


async def test_the_accounts_own_ticket_stays_the_current_one(doors, desk, host) -> None:
    device = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(device, "old")
    anonymous = await doors.come()
    event = await doors.post(anonymous, "new")
    joined_ticket = (await doors.who(anonymous)).ticket
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    customer = await doors.who(wallet)
    assert customer.ticket == (await doors.who(device)).ticket != joined_ticket
    # A Reply to what the anonymous customer had said reaches the wallet.
    desk.server.reply(desk.alice, event, "An answer")
    await host.inbox.catch_up()
    assert (await doors.read(device))[-1] == "An answer"
    async with host.database.snapshot() as tx:
        messages = await tx.conversations.list_messages_after(customer.id, 2, 10)
    assert [message.ticket for message in messages] == [joined_ticket]


async def test_an_account_without_a_ticket_goes_on_with_the_joined_one(doors) -> None:
    await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    await doors.write(anonymous, "new")
    number = (await doors.who(anonymous)).ticket
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    assert (await doors.who(wallet)).ticket == number
    await doors.write(wallet, "more")
    assert (await doors.who(wallet)).ticket == number


async def test_the_page_may_send_again_what_it_had_sent_before(doors, host) -> None:
    await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    former = (await doors.who(anonymous)).id
    await host.intake.take_message(former, "id-1", "once")
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    _, is_new = await host.intake.take_message((await doors.who(wallet)).id, "id-1", "once")
    assert not is_new
    assert await doors.read(wallet) == ["once"]


async def test_a_client_id_that_both_gave_is_no_hindrance(doors, host) -> None:
    device = await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    for token in (device, anonymous):
        await host.intake.take_message((await doors.who(token)).id, "same", "text")
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    assert await doors.read(wallet) == ["text", "text"]


async def test_what_waits_is_sent_after_what_waited_already_and_in_order(doors, desk, host) -> None:
    device = await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    # Each has one batch under way and more that waits behind it.
    for token, name in ((device, "old"), (anonymous, "new")):
        await doors.write(token, f"{name} 1")
    under_way, _ = await desk.take(host)
    for token, name in ((device, "old"), (anonymous, "new")):
        await doors.write(token, f"{name} 2")
    await doors.write(anonymous, "new 3")
    joined_ticket = (await doors.who(anonymous)).ticket
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    await doors.write(wallet, "newest")
    assert (await desk.take(host))[0] == []
    for batch in under_way:
        await desk.end(host, batch)
    (old,) = (await desk.take(host))[0]
    await desk.end(host, old)
    (new,) = (await desk.take(host))[0]
    await desk.end(host, new)
    (newest,) = (await desk.take(host))[0]
    customer = await doors.who(wallet)
    assert [batch.lane for batch in (old, new, newest)] == [customer.id] * 3
    tickets = (old.ticket, new.ticket, newest.ticket)
    assert tickets == (customer.ticket, joined_ticket, customer.ticket)
    assert [batch.parts[0].split("\n")[1:] for batch in (old, new, newest)] == [
        ["old 2"],
        ["new 2", "", "new 3"],
        ["newest"],
    ]
    assert {batch.parts[0].split("\n")[0].partition(" · ")[2] for batch in (old, new)} == {"0x5aAe…eAed"}


async def test_a_post_that_was_under_way_is_the_wallets(doors, desk, host) -> None:
    await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    await doors.write(anonymous, "new")
    (batch,) = (await desk.take(host))[0]
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    event = desk.server.add_post(batch, 0)
    async with host.database.transaction() as tx:
        # The relay knows the batch as it was when it was taken.
        await tx.inbox.add_post(event, desk.bot, batch, 0, 1)
        await tx.batches.set_sent(batch.id, desk.clock.now())
    desk.server.reply(desk.alice, event, "An answer")
    await host.inbox.catch_up()
    assert await doors.read(wallet) == ["new", "An answer"]


async def test_the_delivered_mark_repeats_the_post_under_the_heading_it_has(doors, desk, host) -> None:
    anonymous = await doors.come()
    event = await doors.post(anonymous, "new")
    await doors.sign_in(anonymous, WALLET, joins=True)
    desk.server.reply(desk.alice, event, "An answer")
    await host.inbox.catch_up()
    (mark,) = (await desk.take(host))[0]
    assert mark.parts == ("#1001 · anonymous\nnew\n✓ Alice",)


async def test_everything_that_belongs_to_it_comes_along(doors, desk, host, store) -> None:
    await doors.identities.open_session(WALLET, None, None, "")
    anonymous = await doors.come()
    event = await doors.post(anonymous)
    await desk.order(host, event, "/note be kind")
    former = (await doors.who(anonymous)).id
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        moderator = (await tx.moderators.list_active())[0].id
        execute = tx._conn.execute
        await execute(
            "INSERT INTO direct (id, customer_id, moderator_id, room_id, created_at, active_at)"
            " VALUES ('d', $1, $2, NULL, 0, 0)",
            former,
            moderator,
        )
        await execute(
            "INSERT INTO held_reply (id, event_id, sender, moderator_id, customer_id, text, state,"
            " created_at) VALUES ('h', '$h', 'x', $2, $1, 'x', 'held', 0)",
            former,
            moderator,
        )
        await execute(
            "INSERT INTO outbox (id, lane, place, priority, customer_id, created_at)"
            " VALUES ('o', 'direct:d', 7, 2, $1, 0)",
            former,
        )
    wallet = await doors.sign_in(anonymous, WALLET, joins=True)
    customer = (await doors.who(wallet)).id
    for table in sorted(TABLES - {"block"}):
        rows = await store.look(f"SELECT DISTINCT customer_id FROM {table} WHERE customer_id IS NOT NULL")
        assert rows == [(customer,)], table
    assert await store.look("SELECT lane, place FROM outbox WHERE id = 'o'") == [("direct:d", 7)]
    assert await store.look(
        "SELECT COUNT(*) FROM batch WHERE lane NOT IN ('answers') AND lane <> customer_id"
    ) == [(0,)]
    (left,) = await store.look(
        f"SELECT joined_to, ticket, last_seq, last_event FROM customer WHERE id = '{former}'"
    )
    assert left == (customer, None, 0, 0)
    ((action, target, detail, at),) = await store.look(
        "SELECT action, target, detail, at FROM audit WHERE actor_id NOT IN (SELECT id FROM moderator)"
    )
    assert (action, json.loads(target)) == ("conversation.joined", {"customer": customer})
    assert json.loads(detail) == {"from": former, "tickets": [1001]}
    assert at == round(now.timestamp() * 1000)


async def test_every_table_that_names_a_customer_is_known_here(store, database) -> None:
    """A new one must be moved, too, when conversations are joined."""
    if store.engine == "postgresql":
        query = (
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'customer_id' AND table_schema = current_schema()"
        )
    else:
        query = (
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
            " WHERE m.type = 'table' AND c.name = 'customer_id'"
        )
    assert {name for (name,) in await store.look(query)} == TABLES


async def test_a_conversation_that_has_joined_takes_nothing_any_more(doors, desk, host) -> None:
    await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    await doors.write(anonymous, "new")
    former = (await doors.who(anonymous)).id
    await doors.sign_in(anonymous, WALLET, joins=True)
    with pytest.raises(Unauthorized):
        await desk.write(host, former, "late")
    with pytest.raises(Unavailable):
        async with host.database.transaction() as tx:
            await tx.conversations.add_event(former, "ticket.updated", ticket=1001)


async def test_only_the_session_that_proved_goes_on(doors, desk, host) -> None:
    """Another token of the same anonymous customer would else be let into the wallet's conversation."""
    for number, is_known in ((1, False), (2, True)):
        anonymous = await doors.come()
        customer = await doors.who(anonymous)
        async with host.database.transaction() as tx:
            other, _ = await doors.sessions.add(tx, customer.id, None, None, "")
        proof = Proof(identity="user", account=f"user:{number}")
        if is_known:
            await doors.sign_in(await doors.come(), proof)
        await doors.sign_in(anonymous, proof, joins=True)
        with pytest.raises(Unauthorized):
            await doors.who(other)


async def wait_for_lock(desk: Desk, task: asyncio.Task[Any]) -> None:
    """Return once a task waits for somebody else's lock, or has come to its end without."""
    query = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def waits() -> bool:
        return task.done() or bool(await desk.store.look(query))

    await desk.eventually(waits, "it waits for a lock")


async def test_an_empty_conversation_is_left_behind_without_a_line_in_the_log(doors, desk, host) -> None:
    """Anybody can open sessions and join them with a wallet of theirs, without end."""
    device = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(device, "old")
    before = await desk.store.look("SELECT COUNT(*) FROM audit")
    anonymous = await doors.come()
    former = (await doors.who(anonymous)).id
    again = await doors.sign_in(anonymous, WALLET, joins=True)
    assert (await doors.who(again)).id == (await doors.who(device)).id
    assert await doors.read(again) == ["old"]
    assert await desk.store.look("SELECT COUNT(*) FROM audit") == before
    # As any other who never wrote, this one is forgotten in time.
    assert await desk.store.look(f"SELECT joined_to FROM customer WHERE id = '{former}'") == [(None,)]


async def two(doors: Doors) -> tuple[str, str]:
    """Give a browser of the wallet's, and one that is about to join it."""
    device, anonymous = await doors.sign_in(await doors.come(), WALLET), await doors.come()
    await doors.write(device, "old")
    return device, anonymous


# On SQLite one transaction waits for the other anyway.
@pytest.mark.parametrize("engine", ["postgresql"])
class TestTwoAtOnce:
    """What is done in one transaction while a conversation joins in another."""

    async def test_an_order_waits_for_the_joining(self, doors, desk, host) -> None:
        device, anonymous = await two(doors)
        event = await doors.post(anonymous)
        former, proven = (await doors.who(anonymous)).id, (await doors.who(device)).id
        desk.server.reply(desk.alice, event, "/block")
        async with host.database.transaction() as tx:
            locked = await tx.joining.lock(former, proven)
            await join(tx, locked[former], locked[proven], desk.clock.now())
            reading = asyncio.create_task(host.inbox.catch_up())
            await wait_for_lock(desk, reading)
        with pytest.raises(Unavailable):
            await reading
        await host.inbox.catch_up()
        assert await doors.is_held(device)

    async def test_the_joining_waits_for_a_batch_that_is_being_made(self, doors, desk, host) -> None:
        _, anonymous = await two(doors)
        await doors.write(anonymous, "new")
        session = await doors.sessions.find_session(anonymous)
        async with host.database.transaction() as tx:
            assert await tx.batches.lock_making()
            joining = asyncio.create_task(doors.identities.sign_in(session, WALLET, join_conversation=True))
            await wait_for_lock(desk, joining)
            assert not joining.done()
        await joining

    @pytest.mark.parametrize("is_answer", [False, True])
    async def test_a_post_that_is_noted_meanwhile_goes_with_it(self, doors, desk, host, is_answer) -> None:
        """A Reply to it would else be to a conversation that is none any more."""
        device, anonymous = await two(doors)
        former, proven = (await doors.who(anonymous)).id, (await doors.who(device)).id
        await doors.write(anonymous, "new")
        session = await doors.sessions.find_session(anonymous)
        if is_answer:
            await doors.post(anonymous)
            async with host.database.transaction() as tx:
                (alice, *_) = await tx.moderators.list_active()
                target = Target(customer_id=former, ticket=1002, message_id=None)
                await host.held._answers.deliver(tx, alice, target, "An answer", from_console=True)
        desk.clock.advance(1)
        batches = (await desk.take(host))[0]
        batch = next(one for one in batches if one.customer_id == former and role_of(one) != "mark")
        async with host.database.transaction() as tx:
            await tx.batches.lock(batch.id)
            joining = asyncio.create_task(doors.identities.sign_in(session, WALLET, join_conversation=True))
            await wait_for_lock(desk, joining)
            await tx.inbox.add_post("$post", desk.bot, batch, 0, 1)
            await tx.batches.set_sent(batch.id, desk.clock.now())
        await joining
        query = "SELECT customer_id FROM ticket_event WHERE event_id = '$post'"
        assert await desk.store.look(query) == [(proven,)]

    async def test_to_take_words_back_and_to_sign_in_do_not_wait_for_each_other(
        self, doors, desk, host
    ) -> None:
        device, anonymous = await two(doors)
        session, proven = await doors.sessions.find_session(anonymous), (await doors.who(device)).id
        async with host.database.transaction() as tx:
            await tx.conversations.advance(proven)
            joining = asyncio.create_task(doors.identities.sign_in(session, WALLET, join_conversation=True))
            await wait_for_lock(desk, joining)
            await tx.batches.wait_for_making()
        await joining

    async def test_to_erase_and_to_sign_in_do_not_wait_for_each_other(self, doors, desk, host) -> None:
        _, anonymous = await two(doors)
        session = await doors.sessions.find_session(anonymous)
        async with host.database.transaction() as tx:
            assert await tx.erasure.erase_customer(session.customer_id, desk.clock.now())
            joining = asyncio.create_task(doors.identities.sign_in(session, WALLET, join_conversation=True))
            await wait_for_lock(desk, joining)
            await tx.erasure.blank_all(session.customer_id, desk.clock.now())
        with pytest.raises(Unauthorized):
            await joining

    async def test_nobody_becomes_who_is_erased_meanwhile(self, doors, desk, host) -> None:
        device, anonymous = await two(doors)
        session, proven = await doors.sessions.find_session(anonymous), (await doors.who(device)).id
        async with host.database.transaction() as tx:
            assert await tx.erasure.erase_customer(proven, desk.clock.now())
            joining = asyncio.create_task(doors.identities.sign_in(session, WALLET, join_conversation=False))
            await wait_for_lock(desk, joining)
        token, visit = await joining
        assert visit.customer.id != proven
        await doors.write(token, "Hello")


class Rush:
    """Customers, moderators and the relay, all at once, while conversations join."""

    def __init__(self, doors: Doors) -> None:
        self.doors, self.desk, self.host = doors, doors.desk, doors.host
        self.acknowledged: list[str] = []

    async def write(self, customer_id: str, number: int) -> None:
        for text in (f"{number}.{place}" for place in range(8)):
            try:
                await self.host.intake.take_message(customer_id, text, text)
            except Unauthorized:
                return
            self.acknowledged.append(text)
            await asyncio.sleep(0)

    async def answer(self, events: list[str]) -> None:
        for place in range(4):
            for number, event in enumerate(events):
                self.desk.server.reply(self.desk.alice, event, f"answer {number}.{place}")
            await self.read_room()

    async def read_room(self) -> None:
        await self.desk.eventually(self._catch_up, "the room is read")

    async def _catch_up(self) -> bool:
        try:
            await self.host.inbox.catch_up()
        except Unavailable:
            return False
        return True

    async def relay(self) -> None:
        for _ in range(10):
            for batch in (await self.desk.take(self.host))[0]:
                await self.desk.end(self.host, batch)

    async def join(self, token: str) -> None:
        session = await self.doors.sessions.find_session(token)
        await self.doors.identities.sign_in(session, WALLET, join_conversation=True)


async def test_while_everybody_writes_and_answers_conversations_join_whole(doors) -> None:
    """Nothing waits for ever, and nothing is lost, whatever happens at the same time."""
    device = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(device, "old")
    anonymous = [await doors.come() for _ in range(4)]
    events = [await doors.post(token, f"first {number}") for number, token in enumerate(anonymous)]
    ids = [(await doors.who(token)).id for token in anonymous]
    rush = Rush(doors)
    writers = [rush.write(customer_id, number) for number, customer_id in enumerate(ids)]
    joins = [rush.join(token) for token in anonymous]
    await asyncio.wait_for(asyncio.gather(rush.answer(events), rush.relay(), *writers, *joins), PATIENCE)
    await rush.read_room()
    texts = await doors.read(device)
    first = [f"first {number}" for number in range(4)]
    answers = [f"answer {number}.{place}" for number in range(4) for place in range(4)]
    assert sorted(texts) == sorted(["old", *first, *rush.acknowledged, *answers])
    for start in (*"0123", *(f"answer {number}" for number in range(4))):
        of_one = [text for text in texts if text.startswith(f"{start}.")]
        assert of_one == sorted(of_one)
    told = [what for _, kind, what in await doors.events(device) if kind == "message.created"]
    assert sorted(told) == sorted(texts)
