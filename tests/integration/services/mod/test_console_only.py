"""A moderator who is not in Matrix and reads private messages at a console."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.domain.model import ModeratorToken, Target
from plugin.services import block_acts
from plugin.services.allow_list import update_allow_list
from plugin.services.notices import say_to_team
from tests.integration.services.statements import statements


@pytest.fixture
async def console(desk, host, team) -> None:
    """Let Alice, who is in Telegram alone, be signed in at a console."""
    token = ModeratorToken(
        id="t1", moderator=await team("Alice"), created_by="@root:example.org", created_at=desk.clock.now()
    )
    async with host.database.transaction() as tx:
        await tx.access.add_token(token, "hash")


async def write_to_alice(desk, host, customer: str, text: str) -> None:
    desk.clock.advance(1)
    await desk.write_to(host, "Alice", customer, text)
    desk.clock.advance(1)
    await desk.carry_direct(host)


async def test_for_a_console_it_is_delivered_without_matrix(desk, host, customer, console) -> None:
    await write_to_alice(desk, host, customer, "Psst")
    assert await desk.store.look("SELECT state, parts FROM batch") == [("delivered", "[]")]
    assert desk.server.rooms == {}
    assert desk.server.events == []
    assert desk.server.requests == []


async def test_what_the_bot_says_about_it_is_for_nobody(desk, host, customer, console, team) -> None:
    await write_to_alice(desk, host, customer, "Psst")
    alice = await team("Alice")
    async with host.database.transaction() as tx:
        direct = await tx.directs.find(customer, alice.id)
        await say_to_team(tx, desk.clock.now(), "⚠", customer_id=customer, direct_id=direct.id)
    await desk.carry_direct(host)
    assert await desk.states() == ["delivered", "delivered"]
    assert desk.server.events == []


async def test_for_a_console_a_block_holds_it_in_the_same_steps(
    desk, host, customer, console, team, monkeypatch
) -> None:
    blocked, steps = await desk.customer(host), {}
    await desk.write(host, blocked, "Hello")
    alice = await team("Alice")
    async with host.database.transaction() as tx:
        target = Target(customer_id=blocked, ticket=1001, message_id=None)
        (alice,) = [m for m in await tx.moderators.list_active() if m.name == "Alice"]
        await block_acts.block(tx, alice, target, kind="block", length=None, reason=None, at=desk.clock.now())
    for one in (customer, blocked):
        await desk.write_to(host, "Alice", one, "Psst")
        desk.clock.advance(1)
        steps[one] = await _statements(desk, host, monkeypatch)
    rows = await desk.store.look("SELECT customer_id, state, stands_for IS NOT NULL FROM batch")
    assert set(rows) == {
        (customer, "delivered", False),
        (blocked, "held", False),
        (blocked, "delivered", True),
    }
    assert steps[customer] == steps[blocked]
    assert len(steps[customer]) > 3


async def _statements(desk, host, monkeypatch) -> list[str]:
    """Return the statements that carrying what is due takes."""
    (batch,), _ = await host.direct_maker.take_batches(8)
    with statements(monkeypatch) as seen:
        await host.direct_relay._carry(batch)
    return seen


async def test_the_room_begins_with_what_comes_after_the_matrix_id(desk, host, customer, console) -> None:
    await write_to_alice(desk, host, customer, "before")
    team = tuple(
        replace(m, mxid="@alice:example.org") if m.name == "Alice" else m for m in desk.settings.moderators
    )
    desk.configure(moderators=team)
    await update_allow_list(host.database, desk.clock, desk.settings)
    await write_to_alice(desk, host, customer, "after")
    (room,) = desk.server.rooms
    assert desk.server.said_in(room) == ["anonymous\nafter"]
    assert await desk.states() == ["delivered", "delivered"]


async def test_who_has_left_the_allow_list_got_nothing(desk, host, customer, console) -> None:
    await desk.write_to(host, "Alice", customer, "Psst")
    desk.configure(moderators=tuple(m for m in desk.settings.moderators if m.name != "Alice"))
    await update_allow_list(host.database, desk.clock, desk.settings)
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert (await desk.states())[0] == "failed"
