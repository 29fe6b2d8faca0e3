"""Faults made on purpose, cut connections and restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from telethon import TelegramClient, errors
from telethon.sessions import SQLiteSession
from telethon.tl import functions, types

from stack.telegram import team
from stack.telegram.delivery import OUTBOX_LIMIT
from stack.telegram.rpc import Fault


async def test_flood_wait(bot: TelegramClient, group: Any, control: Any) -> None:
    fault = {"method": "messages.SendMessage", "code": 420, "error": "FLOOD_WAIT_30", "count": 1}
    await control.ask("/fault", fault)
    with pytest.raises(errors.FloodWaitError) as refused:
        await bot.send_message(group, "one")
    assert refused.value.seconds == 30
    calls = [call for call in await control.get("/rpc") if call["method"] == "messages.SendMessage"]
    assert [(call["args"]["message"], call["fault"]) for call in calls] == [("one", "FLOOD_WAIT_30")]
    assert await control.messages() == []


async def test_messages_beyond_so_many_in_a_minute_are_refused(
    bot: TelegramClient, group: Any, control: Any
) -> None:
    fault = {"method": "messages.SendMessage", "code": 420, "error": "FLOOD_WAIT_30", "count": 99}
    await control.ask("/fault", {**fault, "per_minute": 2})
    for text in ("one", "two"):
        await bot.send_message(group, text)
    with pytest.raises(errors.FloodWaitError):
        await bot.send_message(group, "three")
    assert [message["text"] for message in await control.messages()] == ["one", "two"]


def test_what_was_sent_a_minute_ago_no_longer_counts() -> None:
    fault = Fault(method="messages.SendMessage", error="FLOOD_WAIT_30", per_minute=2)
    request = functions.messages.SendMessageRequest(peer=types.InputPeerEmpty(), message="text")
    struck = [fault.applies_to(fault.method, request, now) for now in (0.0, 30.0, 59.9, 60.0, 60.1, 90.0)]
    assert struck == [False, False, True, False, True, False]


async def test_fault_for_messages_that_contain_a_text(bot: TelegramClient, group: Any, control: Any) -> None:
    fault = {"method": "messages.SendMessage", "code": 400, "error": "MESSAGE_EMPTY", "contains": "#7"}
    await control.ask("/fault", fault)
    await bot.send_message(group, "#6")
    with pytest.raises(errors.MessageEmptyError):
        await bot.send_message(group, "about #7")
    await bot.send_message(group, "about #7")
    assert [message["text"] for message in await control.messages()] == ["#6", "about #7"]


async def test_faults_can_be_taken_back(bot: TelegramClient, group: Any, control: Any) -> None:
    fault = {"method": "messages.SendMessage", "error": "CHAT_WRITE_FORBIDDEN", "count": 99}
    await control.ask("/fault", fault)
    await control.ask("/reset_faults", {})
    await bot.send_message(group, "through")
    assert len(await control.messages()) == 1


async def test_delayed_call_does_not_hold_up_others(
    bot: TelegramClient, group: Any, control: Any, until: Any
) -> None:
    await control.ask("/fault", {"method": "messages.SendMessage", "delay": 0.3, "contains": "slow"})
    slow = asyncio.create_task(bot.send_message(group, "slow"))

    async def has_arrived() -> bool:
        return any(call.get("fault") == "" for call in await control.get("/rpc"))

    await until(has_arrived)
    await bot.send_message(group, "quick")
    await slow
    assert [message["text"] for message in await control.messages()] == ["quick", "slow"]


async def test_after_a_cut_connection_nothing_is_missed(
    bot: TelegramClient, group: Any, control: Any, until: Any
) -> None:
    await control.post("/send", sender=team.ALICE.id, text="before")
    await until(lambda: bot.heard.texts == ["before"])
    assert await control.ask("/drop", {}) == (200, {"dropped": 1})
    for text in ("a", "b", "c"):
        await control.post("/send", sender=team.ALICE.id, text=text)
    await until(lambda: len(bot.heard.new) >= 4)
    await bot.send_message(group, "back")
    assert bot.heard.texts == ["before", "a", "b", "c"]


async def test_repeated_cuts_in_a_burst(bot: TelegramClient, control: Any, until: Any) -> None:
    texts = [f"message {number}" for number in range(60)]
    for number, text in enumerate(texts):
        await control.post("/send", sender=team.BOB.id, text=text)
        if number % 20 == 10:
            await control.ask("/drop", {})
    await until(lambda: len(bot.heard.new) >= len(texts))
    assert bot.heard.texts == texts


async def test_more_missed_than_is_kept_makes_the_client_ask(
    bot: TelegramClient, control: Any, until: Any
) -> None:
    await control.post("/send", sender=team.BOB.id, text="before")
    await until(lambda: bot.heard.texts == ["before"])
    await control.ask("/drop", {})
    texts = [f"message {number}" for number in range(OUTBOX_LIMIT + 5)]
    for text in texts:
        await control.post("/send", sender=team.BOB.id, text=text)
    await until(lambda: len(bot.heard.new) > len(texts))
    assert bot.heard.texts == ["before", *texts]


async def test_restart_keeps_all_and_the_client_goes_on(
    telegram: Any, bot: TelegramClient, group: Any, until: Any
) -> None:
    relayed = await bot.send_message(group, "#1042: help /x")
    asked = await telegram.control.post("/send", sender=team.ALICE.id, text="first", media="photo")
    await telegram.control.post("/edit", id=asked["id"], text="first, edited")
    await until(lambda: bot.heard.edited)
    before = await telegram.control.get("/chat")
    await telegram.restart()
    assert await telegram.control.get("/chat") == before
    # Said before the client is back: it must hear of it nevertheless.
    await telegram.control.post("/send", sender=team.ALICE.id, text="second", reply_to=relayed.id)
    await until(lambda: bot.heard.texts == ["first", "second"])
    sent = await bot.send_message(group, "third")
    assert sent.id == relayed.id + 3
    assert await bot.download_media(bot.heard.new[0], file=bytes)


async def test_a_new_process_of_the_client_catches_up(
    telegram: Any, connect: Any, control: Any, until: Any, tmp_path: Path
) -> None:
    def session() -> SQLiteSession:
        return SQLiteSession(str(tmp_path / "bot"))

    first = await connect(telegram, session(), catch_up=True)
    await control.post("/send", sender=team.ALICE.id, text="to the first")
    await until(lambda: first.heard.texts == ["to the first"])
    await first.disconnect()
    sent = await control.post("/send", sender=team.ALICE.id, text="while away")
    gone = await control.post("/send", sender=team.ALICE.id, text="deleted while away")
    await control.post("/edit", id=sent["id"], text="while away, edited")
    await control.post("/delete", ids=[gone["id"]])
    second = await connect(telegram, session(), catch_up=True)
    # A difference shows a message as it is by now, and none that is gone.
    await until(lambda: second.heard.new)
    await control.post("/send", sender=team.ALICE.id, text="now")
    await until(lambda: second.heard.texts[-1] == "now")
    assert second.heard.texts == ["while away, edited", "now"]
