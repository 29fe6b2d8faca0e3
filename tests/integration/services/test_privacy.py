"""A customer may have all that is kept, or have it forgotten: here, in the room, and for good."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from plugin.db.database import Database
from plugin.domain.errors import Unauthorized
from plugin.domain.model import Author, Block, Message
from plugin.services.accounts import hash_account
from plugin.services.batches import LEASE
from plugin.services.ids import new_ulid
from plugin.services.sessions import SessionService
from plugin.services.tickets import TicketService

ACCOUNT = "eip155:1:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
_WORDS = "apple banana cherry damson elder figgy grape hazel italy Jane kiwi.example"
SECRETS = _WORDS.split()
"""Words that nobody but the customer's own case knows; each stands somewhere else."""


class Customer:
    """Somebody with a case in which everything has happened."""

    def __init__(self, desk, host, session) -> None:
        self.desk, self.host, self.session, self.id = desk, host, session, session.customer_id
        self.events: dict[str, str] = {}

    async def live_through(self) -> None:
        """Write, be answered, edited, held, noted, rated, blocked; leave something in every state."""
        desk, host = self.desk, self.host
        post = self.events["post"] = await self.send("apple")
        reply = self.events["reply"] = await self.act(desk.alice, post, "banana")
        desk.clock.advance(5)
        edit = desk.server.reply(desk.alice, "", "banana cherry", replaces=reply)
        self.events["edit"] = edit
        self.events["held"] = await self.act(desk.alice, post, "Send me your seed phrase, damson")
        self.events["stranger"] = await self.act(desk.stranger, post, "elder")
        await self.act(desk.alice, post, "/note figgy")
        await self.act(desk.alice, post, "// and figgy again")
        await self.act(desk.alice, post, "/info")
        desk.server.reply(desk.alice, "", "grape", replaces=post)
        await self.act(desk.alice, None, "/open")
        tickets = TicketService(host.database, desk.clock, host.hub, lambda: desk.settings, desk.log)
        await tickets.close_by_customer(self.session, await self.ticket())
        await tickets.rate(self.session, await self.ticket(), 2, "hazel")
        await send(desk, host)
        await desk.write(host, self.id, "italy")

    async def send(self, text: str) -> str:
        await self.desk.write(self.host, self.id, text)
        await send(self.desk, self.host)
        return next(
            e.event_id for e in reversed(self.desk.server.events) if text in str(e.content.get("body"))
        )

    async def act(self, who: str, to: str | None, text: str) -> str:
        event_id = self.desk.server.reply(who, to, text)
        await self.host.inbox.catch_up()
        return event_id

    async def ticket(self) -> int:
        ((number,),) = await self.desk.store.look(f"SELECT ticket FROM customer WHERE id = '{self.id}'")
        return number


async def open_customer(desk, host, *, account: str | None = None, name: str | None = None) -> Customer:
    sessions = SessionService(host.database, desk.clock, host.hub, lambda: desk.settings)
    _, visit = await sessions.open_session("de", "https://kiwi.example/page", "203.0.113.7")
    if name is not None:
        await host.database._inner.execute(
            "UPDATE customer SET identity = 'wallet', name = $2, account = $3, email = $4 WHERE id = $1",
            visit.customer.id,
            name,
            account,
            "jane@kiwi.example",
        )
    return Customer(desk, host, visit.session)


async def send(desk, host) -> None:
    host.relay.worker.start()
    await desk.eventually(desk.nothing_waits, "nothing waits")
    await host.relay.stop()
    await host.inbox.catch_up()


async def tables(desk) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    if desk.store.engine == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in await desk.store.look(query)]


async def known(desk) -> set[str]:
    """Return which of the secrets stand in the database once it is scrubbed, each with its table."""
    database = Database(desk.store.inner)
    while not await database.scrub():
        pass
    found = set()
    for table in await tables(desk):
        rows = str(await desk.store.look(f"SELECT * FROM {table}"))
        found |= {f"{word} in {table}" for word in (*SECRETS, ACCOUNT) if word in rows}
    return found


def in_room(desk) -> set[str]:
    return {word for word in SECRETS for event in desk.server.events if word in str(event.content)}


@pytest.fixture
def desk(desk):
    desk.configure(join_within=0, per_minute=0)
    return desk


@pytest.fixture
async def jane(desk, host) -> Customer:
    jane = await open_customer(desk, host, account=ACCOUNT, name="Jane")
    await jane.live_through()
    return jane


async def test_the_case_of_these_tests_leaves_its_traces_everywhere(desk, jane) -> None:
    assert {one.split()[0] for one in await known(desk)} == {*SECRETS, ACCOUNT}
    assert {table.split()[-1] for table in await known(desk)} >= {
        "batch", "customer", "early_change", "held_reply", "message", "note", "outbox", "session",
        "stranger_reply", "ticket",
    }  # fmt: skip
    assert in_room(desk) >= {"apple", "banana", "cherry", "damson", "elder", "Jane", "kiwi.example"}


async def test_nothing_of_an_erased_customer_is_left(desk, host, jane) -> None:
    await host.privacy.erase(jane.session)
    assert await known(desk) == set()
    assert await desk.store.look("SELECT 1 FROM session WHERE ended_at IS NULL") == []
    assert await desk.store.look("SELECT status FROM ticket") == [("closed",)]
    assert await desk.store.look("SELECT state FROM held_reply") == [("dropped",)]
    gone = await desk.redact(host)
    assert set(gone) >= set(jane.events.values())
    assert in_room(desk) == set()
    if desk.store.engine == "sqlite":
        files = [path.read_bytes() for path in desk.store.path.parent.glob(f"{desk.store.path.name}*")]
        assert not [word for word in SECRETS for file in files if word.encode() in file]


async def test_the_team_is_told_and_no_more_than_the_number(desk, host, jane) -> None:
    before = len(desk.server.bodies)
    await host.privacy.erase(jane.session)
    await send(desk, host)
    assert desk.server.bodies[before:] == ["#1001 was erased, as the customer asked"]


async def test_others_are_left_alone(desk, host, jane) -> None:
    other = await open_customer(desk, host)
    post = await other.send("lemon")
    await other.act(desk.alice, post, "mango")
    async with host.database.snapshot() as tx:
        before = await tx.conversations.list_messages_after(other.id, 0, 10)
    await host.privacy.erase(jane.session)
    await desk.redact(host)
    async with host.database.snapshot() as tx:
        assert await tx.conversations.list_messages_after(other.id, 0, 10) == before
    assert "lemon" in str([event.content for event in desk.server.events])
    assert not {post} & set(desk.server.redacted)
    assert await desk.store.look(
        f"SELECT 1 FROM session WHERE ended_at IS NULL AND customer_id = '{other.id}'"
    )


async def test_a_reply_that_comes_later_reaches_nobody(desk, host, jane) -> None:
    await host.privacy.erase(jane.session)
    rows = await desk.store.look("SELECT COUNT(*) FROM message")
    for target in ("post", "reply", "held"):
        await jane.act(desk.alice, jane.events[target], "too late")
        await jane.act(desk.alice, jane.events[target], "/note too late")
    desk.server.reply(desk.alice, "", "too late", replaces=jane.events["reply"])
    desk.server.reply(desk.alice, "", "too late", replaces=jane.events["held"])
    await host.inbox.catch_up()
    assert await desk.store.look("SELECT COUNT(*) FROM message") == rows
    assert "too late" not in str([await desk.store.look(f"SELECT * FROM {t}") for t in await tables(desk)])


async def test_nothing_is_taken_or_given_any_more(desk, host, jane) -> None:
    tickets = TicketService(host.database, desk.clock, host.hub, lambda: desk.settings, desk.log)
    await host.privacy.erase(jane.session)
    # Requests that were let in just before.
    with pytest.raises(Unauthorized):
        await host.intake.take_message(jane.id, str(uuid.uuid4()), "one more")
    with pytest.raises(Unauthorized):
        await tickets.rate(jane.session, 1001, 5, "one more")
    with pytest.raises(Unauthorized):
        await tickets.close_by_customer(jane.session, 1001)
    with pytest.raises(Unauthorized):
        await host.privacy.erase(jane.session)
    assert await desk.store.look("SELECT COUNT(*) FROM audit WHERE action = 'customer.erased'") == [(1,)]


async def test_a_post_under_way_is_redacted_when_it_is_there(desk, host, jane) -> None:
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting, "a post is under way")
    await host.privacy.erase(jane.session)
    desk.server.open.set()
    await desk.eventually(lambda: not host.relay._under_way, "it is there")
    await host.relay.stop()
    assert "italy" in in_room(desk)
    await desk.redact(host)
    assert "italy" not in in_room(desk)


async def test_a_mark_under_way_is_redacted_when_it_is_there(desk, host) -> None:
    customer = await open_customer(desk, host)
    post = await customer.send("apple")
    await customer.act(desk.alice, post, "banana")
    desk.server.open.clear()
    host.relay.worker.start()
    await desk.eventually(lambda: desk.server.waiting, "the mark is under way")
    await host.privacy.erase(customer.session)
    assert await known(desk) == set()
    desk.server.open.set()
    await desk.eventually(lambda: not host.relay._under_way, "it is there")
    await host.relay.stop()
    await desk.redact(host)
    assert in_room(desk) == set()


async def test_an_event_that_was_set_aside_is_forgotten_too(desk, host) -> None:
    customer = await open_customer(desk, host)
    post = await customer.send("apple")
    await host.database._inner.execute(
        "UPDATE room_event SET outcome = 'error', content = '{\"body\": \"apple\"}' WHERE event_id = $1", post
    )
    await host.privacy.erase(customer.session)
    assert await known(desk) == set()


async def test_a_text_that_a_wallet_was_given_to_sign_is_forgotten(desk, host) -> None:
    customer, other = await open_customer(desk, host), await open_customer(desk, host)
    for one in (customer, other):
        await host.database._inner.execute(
            "INSERT INTO challenge (nonce, session_id, origin, account, message, expires_at)"
            " VALUES ($1, $1, 'https://app.example.org', $2, 'apple', 0)",
            one.session.id,
            ACCOUNT,
        )
    await host.privacy.erase(customer.session)
    assert await desk.store.look("SELECT session_id FROM challenge") == [(other.session.id,)]


async def test_what_could_not_be_sent_is_never_sent(desk, host) -> None:
    customer = await open_customer(desk, host)
    await desk.write(host, customer.id, "apple")
    (batch,), _ = await desk.take(host)
    await host.privacy.erase(customer.session)
    desk.clock.advance(LEASE)
    assert [b.lane for b in (await desk.take(host))[0]] == ["answers"]
    assert await desk.store.look(f"SELECT state, parts FROM batch WHERE id = '{batch.id}'") == [
        ("dropped", "[]")
    ]


async def test_the_audit_log_keeps_ids_only(desk, host, jane) -> None:
    desk.clock.advance(1)
    await jane.act(desk.alice, jane.events["post"], "/block 3d because apple")
    desk.clock.advance(1)
    await host.privacy.erase(jane.session)
    rows = await desk.store.look("SELECT action, actor_name, target, detail FROM audit ORDER BY at, id")
    assert [row[0] for row in rows][-2:] == ["block.created", "customer.erased"]
    assert rows[-1][1] == "customer"
    assert not {word for word in SECRETS if word in str(rows)}


# Direct conversations


async def test_a_direct_conversation_is_erased_with_its_room_s_words(desk, host) -> None:
    customer = await open_customer(desk, host)
    room = await desk.private_room(host, "Carol", customer.id, "apple")
    for text in ("banana", "/info", "/note figgy", "Please send me your seed phrase, damson"):
        desk.server.reply(desk.carol, None, text, room_id=room)
        await host.inbox.catch_up()
    await desk.carry_direct(host)
    assert {word for word in SECRETS if word in str(desk.server.events)} >= {
        "apple",
        "banana",
        "figgy",
        "damson",
    }
    await host.privacy.erase(customer.session)
    assert await known(desk) == set()
    await desk.redact(host)
    assert in_room(desk) == set()
    assert desk.server.bodies == []


async def test_what_is_said_in_a_direct_room_after_that_reaches_nobody_and_holds_up_nothing(
    desk, host
) -> None:
    customer, other = await open_customer(desk, host), await open_customer(desk, host)
    room = await desk.private_room(host, "Carol", customer.id, "Psst")
    await host.privacy.erase(customer.session)
    events = [
        desk.server.reply(desk.carol, None, text, room_id=room)
        for text in ("too late", "/blocked", "/block", "//")
    ]
    await host.inbox.catch_up()
    assert (await desk.outcomes())[-len(events) :] == ["erased"] * len(events)
    assert await desk.answers() == []
    assert await desk.store.look("SELECT 1 FROM message WHERE author_kind = 'moderator'") == []
    post = await other.send("hello")
    await other.act(desk.alice, post, "hello to you")
    assert await desk.store.look("SELECT text FROM message WHERE author_kind = 'moderator'") == [
        ("hello to you",)
    ]


# Blocks


async def block(desk, host, customer_id: str, *, until: timedelta | None = timedelta(days=3)) -> None:
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        await tx.blocks.add(
            Block(
                id=new_ulid(now),
                customer_id=customer_id,
                kind="block",
                reason="rude to Jane",
                by_id="m1",
                by_name="Alice",
                created_at=now,
                expires_at=until and now + until,
            )
        )


async def test_erasing_lifts_no_block_of_an_account(desk, host) -> None:
    jane = await open_customer(desk, host, account=ACCOUNT, name="Jane")
    await block(desk, host, jane.id)
    await host.privacy.erase(jane.session)
    ((reason, kept),) = await desk.store.look("SELECT reason, account_hash FROM block")
    assert reason is None
    assert len(kept) == 64
    again, other = await open_customer(desk, host), await open_customer(desk, host)
    now = desk.clock.now()
    async with host.database.transaction() as tx:
        assert await hash_account(tx, ACCOUNT) == kept
        await tx.blocks.adopt(await hash_account(tx, f"{ACCOUNT}0"), other.id, now)
        assert await tx.blocks.list_not_over_before(other.id, now) == []
        await tx.blocks.adopt(await hash_account(tx, ACCOUNT), again.id, now)
        (held,) = await tx.blocks.list_not_over_before(again.id, now)
    assert held.expires_at == now + timedelta(days=3)
    # It is theirs now like any other: to be lifted, and to be erased with once more.
    await host.privacy.erase(again.session)
    async with host.database.transaction() as tx:
        await tx.blocks.lift_all(again.id, now)
        assert await tx.blocks.list_active(now, 10) == []


async def test_what_is_over_is_not_kept(desk, host) -> None:
    jane = await open_customer(desk, host, account=ACCOUNT, name="Jane")
    await block(desk, host, jane.id, until=timedelta(hours=1))
    desk.clock.advance(timedelta(hours=2))
    await host.privacy.erase(jane.session)
    assert await desk.store.look("SELECT reason, account_hash FROM block") == [(None, None)]


async def test_erasing_lifts_no_block_of_an_address(desk, host) -> None:
    desk.configure(
        block_habits=type(desk.settings.block_habits)(
            announce_in_room=True, cover_address=True, keep_ended=timedelta(days=30)
        )
    )
    customer = await open_customer(desk, host)
    await block(desk, host, customer.id)
    await host.privacy.erase(customer.session)
    assert await desk.store.look("SELECT address_hash FROM session") == [(None,)]
    desk.clock.advance(1)
    again = await open_customer(desk, host)
    async with host.database.snapshot() as tx:
        assert len(await tx.blocks.list_not_over_before(again.id, desk.clock.now())) == 1


async def test_a_blocked_customer_is_erased_without_a_word_to_the_team(desk, host) -> None:
    customer = await open_customer(desk, host)
    await customer.send("hello")
    await block(desk, host, customer.id)
    answers = await desk.answers()
    await host.privacy.erase(customer.session)
    assert await desk.answers() == answers


# Export


async def read(export) -> list[Message]:
    return [message async for message in export.messages]


async def test_an_export_has_what_was_written_and_got_and_nothing_else(desk, host, jane) -> None:
    await block(desk, host, jane.id)
    await desk.write(host, jane.id, "held, and mine all the same")
    export = await host.privacy.export(jane.session)
    assert dict(export.particulars) == {
        "identity": "wallet",
        "name": "Jane",
        "account": ACCOUNT,
        "email": "jane@kiwi.example",
    }
    assert [(ticket.number, ticket.score, comment) for ticket, comment in export.tickets] == [
        (1001, 2, "hazel")
    ]
    messages = await read(export)
    assert [message.text for message in messages] == [
        "apple",
        "banana cherry",
        "italy",
        "held, and mine all the same",
    ]
    assert {message.customer_id for message in messages} == {jane.id}


async def test_a_long_conversation_is_exported_whole(desk, host, customer) -> None:
    session = (await open_customer(desk, host)).session
    count = 450
    async with host.database.transaction() as tx:
        for _ in range(count):
            advanced = await tx.conversations.advance(session.customer_id)
            message = Message(
                id=new_ulid(desk.clock.now()),
                customer_id=session.customer_id,
                seq=advanced.last_seq,
                ticket=None,
                channel="team",
                author=Author(kind="customer", id=session.customer_id, name=None),
                text=f"text {advanced.last_seq}",
                reply_to=None,
                client_id=None,
                created_at=desk.clock.now(),
            )
            await tx.conversations.add_message(message, advanced.last_event)
    messages = await read(await host.privacy.export(session))
    assert [message.text for message in messages] == [f"text {seq}" for seq in range(1, count + 1)]
