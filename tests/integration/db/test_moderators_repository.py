"""The allow-list and what is kept for the team, on both engines."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from plugin.domain.model import Moderator

ALICE = Moderator(
    id="m1", name="Alice 🦊", role="admin", telegram_id=7_000_000_001, mxid="@alice:example.org"
)
BOB = Moderator(id="m2", name="Bob", role="moderator", telegram_id=None, mxid="@bob:example.org")
CAROL = Moderator(id="m3", name="Carol", role="moderator", telegram_id=3, mxid=None)


async def test_moderators_come_back_with_every_field_in_the_order_of_their_ids(database) -> None:
    async with database.transaction() as tx:
        for one in (CAROL, ALICE, BOB):
            await tx.moderators.add(one)
    async with database.snapshot() as tx:
        assert await tx.moderators.list_active() == [ALICE, BOB, CAROL]
        assert await tx.moderators.list_all() == [ALICE, BOB, CAROL]


async def test_the_retired_are_known_and_count_no_more(database) -> None:
    renamed = replace(ALICE, name="Alicia", role="moderator", telegram_id=None, mxid="@a:example.org")
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        await tx.moderators.add(BOB)
        await tx.moderators.retire_configured()
        assert await tx.moderators.list_active() == []
        assert await tx.moderators.list_all() == [ALICE, BOB]
        await tx.moderators.update(renamed)
    async with database.snapshot() as tx:
        assert await tx.moderators.list_active() == [renamed]
        assert await tx.moderators.list_all() == [renamed, BOB]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(replace(BOB, telegram_id=ALICE.telegram_id), id="telegram id"),
        pytest.param(replace(BOB, mxid=ALICE.mxid), id="Matrix id"),
        pytest.param(replace(BOB, id=ALICE.id), id="id"),
    ],
)
async def test_nobody_on_the_list_shares_an_id(database, make, second) -> None:
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.moderators.add(second)


async def test_an_id_may_pass_from_a_retired_one_to_another(database) -> None:
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        await tx.moderators.retire_configured()
        await tx.moderators.add(replace(BOB, telegram_id=ALICE.telegram_id))
        assert [one.id for one in await tx.moderators.list_active()] == ["m2"]


async def test_who_was_allowed_at_run_time_stays_when_the_configuration_changes(database) -> None:
    bob = replace(BOB, source="runtime")
    async with database.transaction() as tx:
        await tx.moderators.add(ALICE)
        await tx.moderators.add(bob)
        await tx.moderators.add(replace(CAROL, source="admins"))
        await tx.moderators.retire_configured()
        assert await tx.moderators.list_active() == [bob]
        assert not await tx.moderators.retire(ALICE.id)
        assert await tx.moderators.retire(BOB.id)
        assert not await tx.moderators.retire(BOB.id)
        assert await tx.moderators.list_active() == []
        assert await tx.moderators.list_all() == [ALICE, bob, replace(CAROL, source="admins")]


async def test_public_handles_are_kept_in_order(database) -> None:
    alice = replace(ALICE, handles=("alice_help", "alice.example"))
    async with database.transaction() as tx:
        await tx.moderators.add(alice)
        assert await tx.moderators.list_active() == [alice]
        await tx.moderators.update(replace(alice, handles=()))
        assert await tx.moderators.list_active() == [ALICE]


async def test_the_audit_log_has_every_field(database, make, store) -> None:
    async with database.transaction() as tx:
        await tx.records.add_audit(
            "r1",
            at=make.at(5),
            actor_id="m1",
            actor_name="Alice 🦊",
            action="block.created",
            target={"customer": "c1", "ticket": 1001},
            detail={"reason": 'a "quote"'},
        )
    ((name, at, actor, actor_name, action, target, detail),) = await store.look(
        "SELECT id, at, actor_id, actor_name, action, target, detail FROM audit"
    )
    assert (name, at) == ("r1", round(make.at(5).timestamp() * 1000))
    assert (actor, actor_name, action) == ("m1", "Alice 🦊", "block.created")
    assert json.loads(target) == {"customer": "c1", "ticket": 1001}
    assert json.loads(detail) == {"reason": 'a "quote"'}


async def test_a_strangers_reply_is_kept_once(database, make, store) -> None:
    async with database.transaction() as tx:
        for name, text in (("r1", "first"), ("r2", "again")):
            await tx.records.add_stranger_reply(
                name, event_id="$x", sender="@mallory:evil", ticket=1001, text=text, sent_at=make.at(5)
            )
    assert await store.look("SELECT id, event_id, sender, ticket, text, sent_at FROM stranger_reply") == [
        ("r1", "$x", "@mallory:evil", 1001, "first", round(make.at(5).timestamp() * 1000))
    ]
