"""A stranger's reply is noted at once, and named when the homeserver has told the name."""

from __future__ import annotations

import pytest

from plugin.services.ports import MatrixFailed

TRENT = "@telegram_777:example.org"


@pytest.fixture
async def host(desk):
    """Give a host with a ticket whose post is in the room."""
    host = await desk.start_host()
    await desk.write(host, await desk.customer(host), "hello")
    desk.clock.advance(1)
    (batch,), _ = await desk.take(host)
    desk.post = desk.server.add_post(batch, 0)
    await host.inbox.catch_up()
    return host


async def reply(desk, host, sender: str) -> None:
    desk.server.reply(sender, desk.post, "let me help")
    await host.inbox.catch_up()


async def names(desk) -> list[str | None]:
    return [name for (name,) in await desk.store.look("SELECT name FROM stranger_reply ORDER BY id")]


async def look_up(desk, host, *expected: str | None) -> None:
    """Let names be looked for until these are known."""
    host.names.worker.start()

    async def known() -> bool:
        return await names(desk) == list(expected)

    await desk.eventually(known, f"{expected} are known")
    await host.names.worker.stop()


async def test_a_stranger_is_named_as_in_the_room_and_asked_for_once(desk, host) -> None:
    desk.server.names = {TRENT: "  Trent\n\u202e Smith  "}
    await reply(desk, host, TRENT)
    desk.clock.advance(1)
    await reply(desk, host, TRENT)
    async with host.database.snapshot() as tx:
        assert [s.name for s in await tx.records.list_strangers(None, 9)] == [None, None]
    await look_up(desk, host, "Trent Smith", "Trent Smith")
    assert desk.server.asked_names == [TRENT]
    events = await desk.store.look("SELECT object_id FROM team_event WHERE type = 'stranger.created'")
    assert len(events) == 4
    assert len(set(events)) == 2


async def test_one_without_a_name_is_not_asked_for_again(desk, host) -> None:
    await reply(desk, host, TRENT)
    await look_up(desk, host, "")
    desk.server.names = {desk.stranger: "Mallory"}
    desk.clock.advance(1)
    await reply(desk, host, desk.stranger)
    await look_up(desk, host, "", "Mallory")
    assert desk.server.asked_names == [TRENT, desk.stranger]
    async with host.database.snapshot() as tx:
        assert [s.name for s in await tx.records.list_strangers(None, 9)] == ["Mallory", None]


async def test_a_homeserver_that_does_not_answer_is_asked_again(desk, host) -> None:
    desk.server.names = {TRENT: "Trent"}
    await reply(desk, host, TRENT)
    desk.server.room_failures.append(MatrixFailed("502"))
    await look_up(desk, host, "Trent")
