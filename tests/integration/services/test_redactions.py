"""Redactions: each is done, tried again where it fails, and tried once more after the bridge's late word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.services.health import HealthService
from plugin.services.ports import MatrixFailed
from tests.integration.services.recalling import FIRST, complete, report

pytestmark = pytest.mark.usefixtures("at_once")


async def test_a_redaction_is_tried_until_the_homeserver_is_back(desk, host, customer) -> None:
    post = await desk.post(host, customer, FIRST)
    desk.server.no_redaction = MatrixFailed("down")
    await complete(host, customer)
    assert await host.redactions._turn() == 0.5
    assert await host.redactions._turn() == 0.5  # for nothing: it was only woken
    desk.clock.advance(0.5)
    assert await host.redactions._turn() == 1.0
    desk.server.no_redaction = None
    desk.clock.advance(1)
    assert await desk.redact(host) == [post]
    assert await desk.store.look("SELECT tries FROM redaction") == [(0,)]


async def test_a_refused_redaction_is_tried_for_a_day_and_then_recorded(desk, host, customer) -> None:
    await desk.post(host, customer, FIRST)
    desk.server.no_redaction = MatrixFailed("M_FORBIDDEN (403)", permanent=True)
    await complete(host, customer)
    begin, tries = desk.clock.now(), 0
    while not await desk.all_redacted():
        await host.redactions._turn()
        async with host.database.snapshot() as tx:
            next_due = await tx.redactions.get_next_due()
        desk.clock.set(next_due or desk.clock.now())
        tries += 1
    assert tries == 6
    assert timedelta(days=1) < desk.clock.now() - begin < timedelta(days=2)
    assert await desk.store.look("SELECT error FROM redaction") == [("M_FORBIDDEN (403)",)]
    health = await HealthService(host.database, desk.clock, host.room).get_health()
    assert (health.numbers.redactions_waiting, health.numbers.redactions_refused) == (0, 1)
    desk.server.no_redaction = None
    assert await desk.redact(host) == []


@pytest.mark.parametrize("permanent", [True, False])
async def test_one_that_fails_does_not_keep_the_others_from_it(desk, host, customer, permanent) -> None:
    async with host.database.transaction() as tx:
        for event_id in ("$theirs", "$ours"):
            await tx.redactions.add(event_id, desk.room, desk.clock.now())
    redact_event = desk.server.redact

    def refuse(room_id: str, event_id: str, txn_id: str) -> None:
        if event_id == "$theirs":
            raise MatrixFailed("no", permanent=permanent)
        redact_event(room_id, event_id, txn_id)

    desk.server.redact = refuse
    await host.redactions._turn()
    await host.redactions._turn()
    assert desk.server.redacted == ["$ours"]


async def test_one_that_becomes_due_again_while_it_is_done_is_done_again(desk, host, customer) -> None:
    async with host.database.transaction() as tx:
        await tx.redactions.add("$1", desk.room, desk.clock.now())
        (redaction,) = await tx.redactions.list_due(desk.clock.now(), 10)
    async with host.database.transaction() as tx:
        assert await tx.redactions.repeat("$1", desk.clock.now())
        await tx.redactions.finish(redaction, desk.clock.now())
        assert [due.round for due in await tx.redactions.list_due(desk.clock.now(), 10)] == [2]
        assert not await tx.redactions.repeat("$2", desk.clock.now())


async def test_the_bridges_late_word_on_a_post_lets_it_be_redacted_once_more(desk, host, customer) -> None:
    """The bridge passes over the redaction of what Telegram lets it send only later."""
    post = await desk.post(host, customer, FIRST)
    await complete(host, customer)
    assert await desk.redact(host) == [post]
    report(desk, post)
    await host.inbox.catch_up()
    assert await desk.redact(host) == [post, post]
    report(desk, post)
    await host.inbox.catch_up()
    assert await desk.redact(host) == [post, post]


async def test_its_own_redactions_are_no_news(desk, host, customer) -> None:
    await desk.post(host, customer, FIRST)
    await complete(host, customer)
    await desk.redact(host)
    await host.inbox.catch_up()
    assert (await desk.outcomes())[-1] == "own"
    assert await desk.store.look("SELECT 1 FROM early_change") == []
