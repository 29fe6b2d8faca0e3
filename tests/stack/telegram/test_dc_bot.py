"""What the bot does reaches the chat, with Telegram's rules."""

from __future__ import annotations

import io
from typing import Any

import pytest
from telethon import TelegramClient, errors
from telethon.crypto import rsa as telethon_rsa
from telethon.sessions import MemorySession

from stack.telegram import team
from stack.telegram.datacentre import HOST


async def test_login_tells_the_bot_who_it_is(bot: TelegramClient) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.bot) == (team.BOT_ID, team.BOT_USERNAME, True)


async def test_a_wrong_token_is_refused(telegram: Any) -> None:
    session = MemorySession()
    session.set_dc(2, HOST, telegram.port)
    client = TelegramClient(session, 1, "0" * 32)
    await client.connect()
    with pytest.raises(errors.AccessTokenInvalidError):
        await client.sign_in(bot_token="1:wrong")
    await client.disconnect()


async def test_a_client_that_trusts_other_keys_does_not_connect(telegram: Any) -> None:
    telethon_rsa._server_keys.clear()
    session = MemorySession()
    session.set_dc(2, HOST, telegram.port)
    client = TelegramClient(session, 1, "0" * 32, connection_retries=0, retry_delay=0)
    with pytest.raises(ConnectionError):
        await client.connect()


async def test_sent_message_is_in_the_chat(bot: TelegramClient, group: Any, control: Any) -> None:
    sent = await bot.send_message(group, "Hello, team")
    [message] = await control.messages()
    assert message["id"] == sent.id == team.FIRST_MESSAGE_ID
    assert (message["from"], message["text"], message["out"]) == (team.BOT_ID, "Hello, team", True)
    [whole] = await control.get("/messages", chat=team.GROUP_ID)
    assert whole["_"] == "Message"
    assert whole["from_id"]["user_id"] == team.BOT_ID


async def test_reply_edit_and_delete_by_the_bot(bot: TelegramClient, group: Any, control: Any) -> None:
    asked = await control.post("/send", sender=team.ALICE.id, text="Who is on duty?")
    answer = await bot.send_message(group, "Bob", reply_to=asked["id"])
    assert (await control.messages())[-1]["reply_to"] == asked["id"]
    await bot.edit_message(group, answer.id, "Bob ✓")
    edited = (await control.messages())[-1]
    assert (edited["text"], edited["edited"]) == ("Bob ✓", True)
    await bot.delete_messages(group, [answer.id])
    assert [message["id"] for message in await control.messages()] == [asked["id"]]


async def test_reply_to_a_message_that_is_gone_is_sent_plain(
    bot: TelegramClient, group: Any, control: Any
) -> None:
    await bot.send_message(group, "late", reply_to=4000)
    assert (await control.messages())[-1]["reply_to"] is None


async def test_lengths_count_in_utf16_units(bot: TelegramClient, group: Any, control: Any) -> None:
    await bot.send_message(group, "🙂" * 2048)
    with pytest.raises(errors.MessageTooLongError):
        await bot.send_message(group, "🙂" * 2048 + "a")
    assert len(await control.messages()) == 1


async def test_an_edit_that_changes_nothing_is_refused(bot: TelegramClient, group: Any) -> None:
    sent = await bot.send_message(group, "same")
    with pytest.raises(errors.MessageNotModifiedError):
        await bot.edit_message(group, sent.id, "same")


async def test_others_messages_cannot_be_edited(bot: TelegramClient, group: Any, control: Any) -> None:
    theirs = await control.post("/send", sender=team.ALICE.id, text="mine")
    with pytest.raises(errors.MessageAuthorRequiredError):
        await bot.edit_message(group, theirs["id"], "yours")


async def test_a_bot_that_was_removed_cannot_write(bot: TelegramClient, group: Any, control: Any) -> None:
    await control.post("/service", sender=team.ALICE.id, action="remove", user=team.BOT_ID)
    with pytest.raises(errors.ChatWriteForbiddenError):
        await bot.send_message(group, "still here?")


async def test_server_finds_what_is_clickable(bot: TelegramClient, group: Any, control: Any) -> None:
    await bot.send_message(group, "🙂 see https://example.org/a, /block@x_bot or @alice_team; not a/b, x@y.z")
    found = (await control.messages())[-1]
    parts = {
        entity["type"]: found["text"]
        .encode("utf-16-le")[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2]
        .decode("utf-16-le")
        for entity in found["entities"]
    }
    assert parts == {"url": "https://example.org/a,", "bot_command": "/block@x_bot", "mention": "@alice_team"}


async def test_broken_up_names_and_commands_are_not_clickable(
    bot: TelegramClient, group: Any, control: Any
) -> None:
    await bot.send_message(group, "/\u2060block @\u2060alice_team")
    assert (await control.messages())[-1]["entities"] == []


async def test_given_entities_are_kept(bot: TelegramClient, group: Any, control: Any) -> None:
    await bot.send_message(group, "<b>#1042</b> <code>/block</code>", parse_mode="html")
    kinds = [entity["type"] for entity in (await control.messages())[-1]["entities"]]
    assert kinds == ["bold", "code"]


async def test_uploaded_file_comes_back_byte_for_byte(bot: TelegramClient, group: Any, control: Any) -> None:
    content = bytes(range(256)) * 300
    upload = io.BytesIO(content)
    upload.name = "log.bin"
    sent = await bot.send_file(group, upload, caption="the log")
    assert await bot.download_media(sent, file=bytes) == content
    message = (await control.messages())[-1]
    assert (message["kind"], message["text"]) == ("document", "the log")


async def test_a_long_caption_is_refused(bot: TelegramClient, group: Any) -> None:
    with pytest.raises(errors.MediaCaptionTooLongError):
        await bot.send_file(group, io.BytesIO(b"x"), caption="a" * 1025)


async def test_members_and_admins(bot: TelegramClient, group: Any) -> None:
    members = await bot.get_participants(group)
    assert {member.id for member in members} == {team.BOT_ID, *(person.id for person in team.PEOPLE)}
    rights = await bot.get_permissions(group, team.ALICE.id)
    assert rights.is_admin
    assert not (await bot.get_permissions(group, team.BOB.id)).is_admin


async def test_basic_group(bot: TelegramClient, control: Any, until: Any) -> None:
    await control.ask("/chat", {"id": -500100, "title": "Small", "members": [team.BOT_ID, team.ALICE.id]})
    asked = await control.post("/send", chat=-500100, sender=team.ALICE.id, text="hi")
    await until(lambda: bot.heard.texts == ["hi"])
    sent = await bot.send_message(-500100, "hello", reply_to=asked["id"])
    await bot.edit_message(-500100, sent.id, "hello!")
    assert [message["text"] for message in await control.messages(-500100)] == ["hi", "hello!"]
    await bot.delete_messages(-500100, [sent.id])
    assert [message["text"] for message in await control.messages(-500100)] == ["hi"]
