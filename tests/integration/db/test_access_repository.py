"""Codes, tokens, canned replies and what the team reads, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from plugin.db.canned import CannedReply
from plugin.db.database import Database
from plugin.db.records import AuditEntry, StrangerReply
from plugin.domain.model import Moderator, ModeratorCode, ModeratorToken
from stack.conditions import until

ALICE = Moderator(id="m1", name="Alice", role="moderator", telegram_id=1, mxid=None, source="runtime")
BOB = Moderator(id="m2", name="Bob", role="admin", telegram_id=None, mxid="@bob:example.org")


@pytest.fixture
async def team(database) -> None:
    """Put two on the allow-list."""
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        await tx.moderators.add(BOB)


@pytest.fixture
def code(make):
    """Give a code that is good for one second."""
    return ModeratorCode(
        code_hash="h1", moderator_id="m1", created_by="@root", expires_at=make.at(1000), room_id="!r"
    )


def token(make, name: str, moderator: Moderator, at: int = 0) -> ModeratorToken:
    """Return a token that was not used yet."""
    return ModeratorToken(id=name, moderator=moderator, created_by="@root", created_at=make.at(at))


async def test_a_code_is_used_once_in_its_time(database, team, make, code) -> None:
    async with database.transaction() as tx:
        await tx.access.add_code(code, make.t0)
        await tx.access.add_code(replace(code, code_hash="h2"), make.t0)
    async with database.transaction() as tx:
        assert await tx.access.use_code("nothing", make.at(1)) is None
        assert await tx.access.use_code("h2", make.at(1000)) is None
        used = await tx.access.use_code("h1", make.at(999))
        assert used is not None
        assert (used.moderator_id, used.room_id, used.event_id) == ("m1", "!r", None)
    async with database.transaction() as tx:
        # Nor by a clock that was set back.
        for at in (0, 500, 999, -(10**9)):
            assert await tx.access.use_code("h1", make.at(at)) is None


async def test_of_two_who_use_a_code_at_once_one_does(database, team, make, code) -> None:
    async with database.transaction() as tx:
        await tx.access.add_code(code, make.t0)

    async def use(at: int) -> bool:
        async with database.transaction() as tx:
            return await tx.access.use_code("h1", make.at(at)) is not None

    assert sorted(await asyncio.gather(use(2), use(1))) == [False, True]


async def test_the_post_of_a_code_is_looked_for_until_it_is_known(database, team, make, code) -> None:
    async with database.transaction() as tx:
        await tx.access.add_code(code, make.at(10))
        await tx.access.add_code(replace(code, code_hash="h2", room_id=None), make.at(10))
        assert await tx.access.list_codes_without_post(make.at(9)) == []
        assert await tx.access.list_codes_without_post(make.at(10)) == [code]
        assert await tx.access.note_code_post("h1", "$e") == code.expires_at
        assert await tx.access.list_codes_without_post(make.at(10)) == []
        used = await tx.access.use_code("h1", make.at(10))
        assert used is not None
        assert used.event_id == "$e"
        void = await tx.access.note_code_post("h1", "$e")
        assert void is not None
        assert void < make.t0
        await tx.access.prune_codes(make.at(10))
        assert await tx.access.note_code_post("h1", "$e") is not None
        await tx.access.prune_codes(make.at(11))
        assert await tx.access.note_code_post("h1", "$e") is None


async def test_a_token_stands_for_its_moderator_as_listed_now(database, team, make) -> None:
    made = token(make, "t1", ALICE)
    async with database.transaction() as tx:
        await tx.access.add_token(made, "hash")
        await tx.moderators.update(replace(ALICE, name="Alicia", role="admin"))
    async with database.transaction() as tx:
        found = await tx.access.get_by_hash("hash")
        now = replace(ALICE, name="Alicia", role="admin", tokens=1)
        assert found == replace(made, moderator=now) == await tx.access.get("t1")
        assert await tx.access.get_by_hash("HASH") is None
        await tx.access.touch("t1", make.at(5))
        found = await tx.access.get("t1")
        assert found is not None
        assert found.used_at == make.at(5)


async def test_tokens_are_listed_newest_first_and_counted(database, team, make) -> None:
    async with database.transaction() as tx:
        for number, moderator in enumerate((ALICE, BOB, ALICE)):
            await tx.access.add_token(token(make, f"t{number}", moderator, number), f"hash{number}")
        assert [one.id for one in await tx.access.list_tokens()] == ["t2", "t1", "t0"]
        assert [one.id for one in await tx.access.list_tokens("m1")] == ["t2", "t0"]
        assert [one.tokens for one in await tx.moderators.list_active()] == [2, 1]
        assert await tx.access.revoke("t2", make.t0)
        assert not await tx.access.revoke("t2", make.t0)
        assert [one.id for one in await tx.access.list_tokens()] == ["t1", "t0"]
        assert [one.has_console for one in await tx.moderators.list_active()] == [True, True]
        assert await tx.access.get("t2") is None
        assert await tx.access.get_by_hash("hash2") is None


async def test_whoever_left_holds_nothing_even_when_they_come_back(database, team, make, code) -> None:
    async with database.transaction() as tx:
        await tx.access.add_token(token(make, "t1", ALICE), "hash1")
        await tx.access.add_token(token(make, "t2", BOB), "hash2")
        await tx.access.add_code(code, make.t0)
        await tx.access.add_code(replace(code, code_hash="h2", moderator_id="m2"), make.t0)
        assert await tx.moderators.retire("m1")
        assert await tx.access.get_by_hash("hash1") is None
        await tx.access.revoke_retired(make.t0)
        await tx.moderators.update(ALICE)
        assert await tx.access.get_by_hash("hash1") is None
        assert await tx.access.use_code("h1", make.at(1)) is None
        assert await tx.access.get_by_hash("hash2") is not None
        assert await tx.access.use_code("h2", make.at(1)) is not None


async def test_a_redaction_may_be_brought_forward_and_not_put_off(database, make) -> None:
    async with database.transaction() as tx:
        await tx.redactions.advance("$e", "!r", make.at(100))
        assert await tx.redactions.get_next_due() == make.at(100)
        await tx.redactions.advance("$e", "!r", make.at(50))
        assert await tx.redactions.get_next_due() == make.at(50)
        await tx.redactions.advance("$e", "!r", make.at(70))
        assert await tx.redactions.get_next_due() == make.at(50)


async def test_a_canned_reply_stands_under_its_name_once(database, make) -> None:
    first = CannedReply(name="bye", text="Bye 🦊", by_id="m1", by_name="Alice", updated_at=make.t0)
    second = replace(first, text="Farewell", by_id="m2", by_name="Bob", updated_at=make.at(1))
    async with database.transaction() as tx:
        await tx.canned.put(first)
        assert await tx.canned.list_all() == [first]
        await tx.canned.put(second)
        assert await tx.canned.list_all() == [second]
        assert not await tx.canned.delete("hello")
        assert await tx.canned.delete("bye")
        assert await tx.canned.list_all() == []


async def test_records_are_read_newest_first_from_the_one_before_another(database, make) -> None:
    entries = [
        AuditEntry(
            id=f"a{n}",
            at=make.at(n),
            actor_id="m1",
            actor_name="Alice 🦊",
            action="x",
            target={"n": n},
            detail={},
        )
        for n in range(4)
    ]
    replies = [
        StrangerReply(
            id=f"s{n}", event_id=f"$e{n}", sender="@m:x", ticket=1, text="hi", sent_at=make.at(n), name=None
        )
        for n in range(4)
    ]
    async with database.transaction() as tx:
        for entry in entries:
            fields = dict(vars(entry))
            await tx.records.add_audit(fields.pop("id"), **fields)
        for reply in replies:
            fields = {key: value for key, value in vars(reply).items() if key not in ("id", "name")}
            await tx.records.add_stranger_reply(reply.id, **fields)
    async with database.snapshot() as tx:
        assert [e.at for e in await tx.records.list_audit("m2", None, 2)] == [make.at(3), make.at(2)]
        assert [e.at for e in await tx.records.list_audit("m2", "a2", 9)] == [make.at(1), make.at(0)]
        assert await tx.records.list_strangers(None, 2) == replies[:1:-1]
        assert await tx.records.list_strangers("s2", 9) == replies[1::-1]


async def test_a_code_exchanged_while_its_moderator_leaves_gives_nothing(postgres_store, make) -> None:
    """On SQLite one is wholly before the other."""
    database = Database(postgres_store.inner)
    code = ModeratorCode(
        code_hash="h1", moderator_id="m1", created_by="@root", expires_at=make.at(9), room_id=None
    )
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        await tx.access.add_code(code, make.t0)

    async def leave() -> None:
        async with database.transaction() as tx:
            await tx.moderators.retire("m1")
            await tx.access.revoke_retired(make.t0)

    async def waits() -> bool:
        return bool(await postgres_store.look("SELECT 1 FROM pg_locks WHERE NOT granted"))

    async with database.transaction() as tx:
        assert await tx.access.use_code("h1", make.t0)
        leaving = asyncio.create_task(leave())
        await until(waits, "the other one waits")
        await tx.access.add_token(token(make, "t1", ALICE), "hash")
    await leaving
    async with database.transaction() as tx:
        await tx.moderators.update(ALICE)
        assert await tx.access.get("t1") is None
