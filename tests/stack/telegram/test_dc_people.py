"""What people do reaches the bot."""

from __future__ import annotations

from typing import Any

import pytest
from telethon import TelegramClient, types

from stack.telegram import team
from stack.telegram.media import SAMPLE_KINDS


async def test_message_and_reply_reach_the_bot(
    bot: TelegramClient, group: Any, control: Any, until: Any
) -> None:
    relayed = await bot.send_message(group, "#1042 · Marisol: help")
    sent = await control.post("/send", sender=team.ALICE.id, text="On it", reply_to=relayed.id)
    assert sent["bot_sees"] is True
    await until(lambda: bot.heard.new)
    [heard] = bot.heard.new
    assert (heard.id, heard.sender_id, heard.message) == (sent["id"], team.ALICE.id, "On it")
    assert heard.reply_to.reply_to_msg_id == relayed.id


async def test_partial_quote(bot: TelegramClient, control: Any, until: Any) -> None:
    first = await control.post("/send", sender=team.BOB.id, text="one two three")
    await control.post("/send", sender=team.ALICE.id, text="this", reply_to=first["id"], quote="two")
    await until(lambda: len(bot.heard.new) == 2)
    header = bot.heard.new[1].reply_to
    assert (header.quote, header.quote_text) == (True, "two")
    assert (await control.messages())[-1]["quote"] == "two"


async def test_edit_delete_and_reaction_reach_the_bot(bot: TelegramClient, control: Any, until: Any) -> None:
    reactions: list[Any] = []

    async def take(update: Any) -> None:
        if isinstance(update, types.UpdateBotMessageReaction):
            reactions.append(update)

    bot.add_event_handler(take)
    sent = await control.post("/send", sender=team.ALICE.id, text="befor")
    await control.post("/edit", id=sent["id"], text="before /x")
    await control.post("/react", id=sent["id"], sender=team.BOB.id, new=["👍"])
    await control.post("/delete", ids=[sent["id"]])
    await until(lambda: bot.heard.deleted == [sent["id"]])
    assert [message.message for message in bot.heard.edited] == ["before /x"]
    await until(lambda: [reaction.actor.user_id for reaction in reactions] == [team.BOB.id])
    assert await control.messages() == []


async def test_anonymous_admin_and_channel_posts(bot: TelegramClient, control: Any, until: Any) -> None:
    for sender in ("anonymous", "anonymous-channel", {"channel": team.NEWS_CHANNEL_ID}):
        await control.post("/send", sender=sender, text="x")
    await until(lambda: len(bot.heard.new) == 3)
    without, as_group, as_channel = bot.heard.new
    assert without.from_id is None
    assert as_group.from_id == as_group.peer_id
    assert as_channel.from_id == types.PeerChannel(1900000009)
    senders = [message["from"] for message in await control.messages()]
    assert senders == ["anonymous", "anonymous-channel", {"channel": 1900000009}]


@pytest.mark.parametrize("kind", SAMPLE_KINDS)
async def test_media(bot: TelegramClient, control: Any, until: Any, kind: str) -> None:
    await control.post("/send", sender=team.ALICE.id, text="look", media=kind)
    await until(lambda: bot.heard.new)
    assert (await control.messages())[-1]["kind"] == kind
    if kind in ("photo", "sticker", "voice", "document"):
        assert await bot.download_media(bot.heard.new[0], file=bytes)


async def test_forward_and_topic_headers(bot: TelegramClient, control: Any, until: Any) -> None:
    await control.post("/send", sender=team.BOB.id, text="seen", forward_from=team.ALICE.id)
    await control.post("/send", sender=team.BOB.id, text="in a topic", topic=7)
    await until(lambda: len(bot.heard.new) == 2)
    forwarded, in_topic = bot.heard.new
    assert forwarded.fwd_from.from_id == types.PeerUser(team.ALICE.id)
    assert (in_topic.reply_to.forum_topic, in_topic.reply_to.reply_to_msg_id) == (True, 7)


async def test_service_messages_change_the_group(bot: TelegramClient, group: Any, control: Any) -> None:
    await control.post("/service", sender=team.ALICE.id, action="remove", user=team.MALLORY.id)
    await control.post("/service", sender=team.ALICE.id, action="title", title="Help desk")
    assert (await bot.get_entity(group)).title == "Help desk"
    members = await bot.get_participants(group)
    assert team.MALLORY.id not in {member.id for member in members}
    texts = [(message["kind"], message["text"]) for message in await control.messages()]
    assert texts == [
        ("service", "removed Mallory Example"),
        ("service", "changed the group's name to “Help desk”"),
    ]


async def make_open_group(control: Any) -> int:
    """Make a group in which the bot is a plain member: an admin sees everything."""
    members = [team.BOT_ID, team.ALICE.id]
    await control.ask("/chat", {"id": -1001900000077, "title": "Open", "members": members})
    return -1001900000077


async def test_privacy_mode_hides_what_is_not_for_the_bot(
    start_data_centre: Any, connect: Any, until: Any
) -> None:
    telegram = await start_data_centre(privacy=True)
    control = telegram.control
    chat = await make_open_group(control)
    bot = await connect(telegram)
    relayed = await bot.send_message(await bot.get_input_entity(chat), "#1042: help")

    async def say(text: str, **more: Any) -> dict[str, Any]:
        return await control.post("/send", chat=chat, sender=team.ALICE.id, text=text, **more)

    answer = await say("to the bot", reply_to=relayed.id)
    hidden = await say("a reply to the reply", reply_to=answer["id"])
    assert hidden["bot_sees"] is False
    assert (await say("just talk"))["bot_sees"] is False
    await say("/open")
    await say(f"@{team.BOT_USERNAME} hello")
    await until(lambda: bot.heard.texts == ["to the bot", "/open", f"@{team.BOT_USERNAME} hello"])
    await control.post("/edit", chat=chat, id=hidden["id"], text="still not for the bot")
    await control.post("/edit", chat=chat, id=answer["id"], text="for the bot")
    await until(lambda: [message.message for message in bot.heard.edited] == ["for the bot"])


async def test_without_privacy_mode_or_as_an_admin_the_bot_sees_all(
    start_data_centre: Any, connect: Any
) -> None:
    telegram = await start_data_centre(privacy=True)
    assert (await telegram.control.post("/send", sender=team.ALICE.id, text="talk"))["bot_sees"]
    await telegram.stop()
    telegram = await start_data_centre(privacy=False)
    chat = await make_open_group(telegram.control)
    assert (await telegram.control.post("/send", chat=chat, sender=team.ALICE.id, text="talk"))["bot_sees"]
