"""Edits and deletions of one answer, in every order in which the rooms may bring them."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

_SCRIPTS: dict[str, tuple[list[str], str]] = {
    "edited": (["one", "two"], "two"),
    "edited back": (["one", "said"], "said"),
    "edited back and again": (["one", "said", "two"], "two"),
    "edited to what it was before": (["one", "two", "one"], "one"),
}


@pytest.mark.parametrize("script", _SCRIPTS)
async def test_the_newest_edit_holds_whatever_comes_first(desk, host, customer, script) -> None:
    texts, last = _SCRIPTS[script]
    post = await desk.post(host, customer, "Help!")
    orders = list(itertools.permutations(range(-1, len(texts))))
    for order in orders:
        began, server = desk.clock.now(), desk.server
        # -1 is the answer itself: its edits may name it before it is there.
        answer = f"$event{len(server.events) + order.index(-1)}"
        for number in order:
            at = began + timedelta(seconds=2 * (number + 1))
            if number < 0:
                assert server.reply(desk.alice, post, "said", at) == answer
            else:
                server.reply(desk.alice, None, texts[number], at, replaces=answer)
            await host.inbox.catch_up()
    async with host.database.snapshot() as tx:
        messages = await tx.conversations.list_messages_after(customer, 1, 100)
    said = [message.text for message in messages]
    assert dict(zip(orders, said, strict=True)) == dict.fromkeys(orders, last)
