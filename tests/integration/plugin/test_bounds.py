"""What strangers do leaves nothing in the memory once they have gone."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from plugin.web import streams
from stack.conditions import until
from stack.customer import open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import Desk


async def test_streams_that_have_gone_leave_nothing(
    desk: Desk, api: JsonApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A client that went away without a word is noticed by the next ping.
    monkeypatch.setattr(streams, "PING_SECONDS", 0.05)
    kept = desk.plugin._streams._topics
    async with AsyncExitStack() as stack:
        for _ in range(20):
            customer = await open_session(api)
            for _ in range(streams.MOST_STREAMS + 1):
                await stack.enter_async_context(customer.stream())

        async def oldest_have_ended() -> bool:
            return desk.plugin._streams.count == 20 * streams.MOST_STREAMS

        await until(oldest_have_ended, "each session has three streams")
        assert len(kept) == 20

    async def nothing_is_left() -> bool:
        return not kept

    await until(nothing_is_left, "nothing is left of the streams")
