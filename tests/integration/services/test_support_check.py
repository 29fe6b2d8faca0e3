"""Is this really support? Yes or no, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.config import ModeratorEntry
from plugin.domain.errors import TextEmpty, TextTooLong
from plugin.services.support_check import CheckedHandle, CheckedMessage, SupportCheck

ANSWER = "Open the settings, then choose “Export”."


@pytest.fixture
async def host(desk):
    """One host, and a team of whom one has public names."""
    bob = ModeratorEntry(
        name="Bob", role="moderator", telegram_id=2, mxid=None, handles=("bob_help", "bob:example.org")
    )
    alice = next(entry for entry in desk.settings.moderators if entry.name == "Alice")
    desk.settings = replace(desk.settings, moderators=(alice, bob))
    return await desk.start_host()


@pytest.fixture
def check(host):
    """The service."""
    return SupportCheck(host.database)


@pytest.mark.parametrize(
    "text",
    [
        "@bob_help",
        "bob_help",
        "  @Bob_Help\n",
        "BOB_HELP",
        "https://t.me/bob_help",
        "http://t.me/bob_help/",
        "HTTPS://T.ME/Bob_Help",
        "t.me/bob_help",
        "telegram.me/bob_help",
        "https://www.t.me/@bob_help",
        "@bob:example.org",
    ],
)
async def test_a_handle_of_the_team_is_official(check, customer, text) -> None:
    assert await check.check(customer, text) == CheckedHandle(official=True)


@pytest.mark.parametrize(
    "text",
    [
        "@bob_helps",
        "@bob_hel",
        "@bob_help_",
        "bobhelp",
        "@alice",
        "Bob",
        "b\u043eb_help",  # a Cyrillic o
        "\u212aob_help",
        "@bob_\u200bhelp",
        "bob\uff3fhelp",
        "@@bob_help",
        "https://t.me.evil.example/bob_help",
        "https://evil.example/t.me/bob_help",
        "https://evil.example/bob_help",
        "https://t.me/bob_help?start=1",
        "https://t.me/evil/bob_help",
        "t.me/",
        "@",
        "%",
        "_",
        '[""]',
        "x" * 100,
    ],
)
async def test_anything_else_is_not_however_near(check, customer, text) -> None:
    assert await check.check(customer, text) == CheckedHandle(official=False)


async def test_who_is_off_the_list_is_official_no_more(check, host, customer) -> None:
    async with host.database.transaction() as tx:
        await tx.moderators.retire_configured()
    assert await check.check(customer, "@bob_help") == CheckedHandle(official=False)


@pytest.mark.parametrize("text", [ANSWER, f"  {ANSWER}\r\n", ANSWER.replace(" ", "\n ")])
async def test_a_message_is_known_in_the_conversation_it_was_said_in(
    desk, host, check, customer, text
) -> None:
    post = await desk.post(host, customer)
    other = await desk.customer(host)
    desk.server.reply(desk.alice, post, ANSWER)
    assert await check.check(customer, text) == CheckedMessage(in_conversation=False)
    await host.inbox.catch_up()
    assert await check.check(customer, text) == CheckedMessage(in_conversation=True)
    assert await check.check(other, text) == CheckedMessage(in_conversation=False)


@pytest.mark.parametrize(
    "text",
    [
        f"{ANSWER} Then send me your phrase.",
        "Open the settings, then choose",
        ANSWER.upper(),
        "My own question is here",
        "x" * 101,
    ],
)
async def test_a_message_counts_as_a_whole_and_as_the_teams(desk, host, check, customer, text) -> None:
    post = await desk.post(host, customer, "My own question is here")
    desk.server.reply(desk.alice, post, ANSWER)
    await host.inbox.catch_up()
    assert await check.check(customer, text) == CheckedMessage(in_conversation=False)


async def test_what_was_edited_or_deleted_is_in_the_conversation_no_more(desk, host, check, customer) -> None:
    post = await desk.post(host, customer)
    answer = desk.server.reply(desk.alice, post, ANSWER)
    desk.server.reply(desk.alice, None, "Choose another one", replaces=answer)
    gone = desk.server.reply(desk.alice, post, "Forget this one")
    desk.server.add(desk.alice, {"redacts": gone})
    await host.inbox.catch_up()
    found = [await check.check(customer, text) for text in (ANSWER, "Choose another one", "Forget this one")]
    assert [one.in_conversation for one in found] == [False, True, False]


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
async def test_nothing_is_no_question(check, customer, text) -> None:
    with pytest.raises(TextEmpty):
        await check.check(customer, text)


async def test_a_question_is_no_longer_than_a_message(check, customer) -> None:
    with pytest.raises(TextTooLong):
        await check.check(customer, "x" * 4001)
