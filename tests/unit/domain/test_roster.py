"""Who speaks for the team."""

from __future__ import annotations

import pytest

from plugin.domain.model import Moderator
from plugin.domain.roster import Ghosts, Roster

BOT = "@telegrambot:hs.test"
OWN = "@supportbot:hs.test"


def roster_of(*moderators: Moderator, template: str = "telegram_{userid}", bot: str = BOT) -> Roster:
    return Roster(moderators, bridge_bot=bot, ghost_template=template, own_mxid=OWN)


def test_a_moderator_writes_as_ghost_and_as_full_matrix_id(alice: Moderator, bob: Moderator) -> None:
    roster = roster_of(alice, bob)
    assert roster.find("@telegram_5550001:hs.test") == alice
    assert roster.find("@alice:hs.test") == alice
    assert roster.find("@telegram_5550002:hs.test") == bob


@pytest.mark.parametrize(
    "mxid",
    [
        "@telegram_5550001:evil.test",
        "@telegram_5550001:hs.test.evil.test",
        "@telegram_5550001:hs.test:8448",
        "@telegram_5550001:HS.test",
        "@telegram_5550001",
        "telegram_5550001:hs.test",
        "@telegram_55500011:hs.test",
        "@telegram_05550001:hs.test",
        "@telegram_-5550001:hs.test",
        "@telegram_channel-5550001:hs.test",
        "@xtelegram_5550001:hs.test",
        "@telegram_5550003:hs.test",
        "@alice:evil.test",
        "@Alice:hs.test",
        "@alice2:hs.test",
        "Alice",
        "5550001",
        "",
        BOT,
        OWN,
    ],
)
def test_anyone_else_is_a_stranger(alice: Moderator, bob: Moderator, mxid: str) -> None:
    assert roster_of(alice, bob).find(mxid) is None


def test_the_ghosts_server_is_the_bridge_bots_with_its_port(alice: Moderator) -> None:
    roster = roster_of(alice, bot="@telegrambot:localhost:8448")
    assert roster.find("@telegram_5550001:localhost:8448") == alice
    assert roster.find("@telegram_5550001:localhost") is None


def test_a_full_matrix_id_counts_on_its_own_server(alice: Moderator) -> None:
    elsewhere = Moderator(
        id="MOD-C", name="Carol", role="moderator", telegram_id=None, mxid="@carol:other.test"
    )
    roster = roster_of(alice, elsewhere)
    assert roster.find("@carol:other.test") == elsewhere
    assert roster.find("@carol:hs.test") is None


def test_the_ghost_template_is_the_operators(alice: Moderator) -> None:
    roster = roster_of(alice, template="tg-{userid}-x")
    assert roster.find("@tg-5550001-x:hs.test") == alice
    assert roster.find("@telegram_5550001:hs.test") is None


@pytest.mark.parametrize("mxid", [BOT, OWN])
def test_the_two_bots_are_never_moderators_even_if_listed(mxid: str) -> None:
    listed = Moderator(id="MOD-X", name="Bot", role="admin", telegram_id=None, mxid=mxid)
    assert roster_of(listed).find(mxid) is None


def test_in_a_direct_room_one_matrix_id_is_heard(alice: Moderator, bob: Moderator) -> None:
    roster = roster_of(alice, bob)
    assert roster.is_heard_in_direct("@alice:hs.test", alice.id)
    assert not roster.is_heard_in_direct("@alice:hs.test", bob.id)
    for mxid in ("@telegram_5550001:hs.test", "@telegram_5550002:hs.test", "@alice:evil.test", BOT, OWN):
        assert not roster.is_heard_in_direct(mxid, alice.id)


def test_nobody_is_a_moderator_where_none_is_listed() -> None:
    assert roster_of().find("@telegram_5550001:hs.test") is None


def test_a_moderator_without_a_telegram_id_has_no_ghost() -> None:
    carol = Moderator(id="MOD-C", name="Carol", role="moderator", telegram_id=None, mxid="@carol:hs.test")
    assert roster_of(carol).find("@telegram_None:hs.test") is None


# Anonymous admins

GROUP = 1900000001


@pytest.mark.parametrize(
    ("mxid", "chat_id"),
    [
        pytest.param(BOT, GROUP, id="Python line, as the bridge's bot"),
        pytest.param(BOT, None, id="Python line, as the bridge's bot, group unknown"),
        pytest.param("@telegram_1900000001:hs.test", GROUP, id="Python line, as the group's ghost"),
        pytest.param("@telegram_channel-1900000001:hs.test", GROUP, id="Go line, as the group's ghost"),
    ],
)
def test_who_writes_as_the_group_is_an_anonymous_admin(
    alice: Moderator, mxid: str, chat_id: int | None
) -> None:
    roster = roster_of(alice)
    assert roster.is_anonymous_admin(mxid, chat_id)
    assert roster.find(mxid) is None


@pytest.mark.parametrize(
    ("mxid", "chat_id"),
    [
        ("@telegram_1900000001:hs.test", None),
        ("@telegram_channel-1900000001:hs.test", None),
        ("@telegram_1900000001:hs.test", 1900000009),
        ("@telegram_channel-1900000009:hs.test", GROUP),
        ("@telegram_1900000001:evil.test", GROUP),
        ("@telegram_channel-1900000001:evil.test", GROUP),
        ("@telegram_channel-1900000001:hs.test.evil.test", GROUP),
        ("@telegram_-1900000001:hs.test", GROUP),
        ("@telegram_channel1900000001:hs.test", GROUP),
        ("@telegram_19000000011:hs.test", GROUP),
        ("@telegram_5550003:hs.test", GROUP),
        ("@telegram_None:hs.test", None),
        ("@telegram_channel-None:hs.test", None),
        ("@telegrambot:evil.test", GROUP),
        (OWN, GROUP),
        ("1900000001", GROUP),
        ("", GROUP),
    ],
)
def test_nobody_else_is_an_anonymous_admin(alice: Moderator, mxid: str, chat_id: int | None) -> None:
    assert not roster_of(alice).is_anonymous_admin(mxid, chat_id)


def test_an_anonymous_admin_is_known_by_the_operators_ghost_template() -> None:
    roster = roster_of(template="tg-{userid}-x")
    assert roster.is_anonymous_admin("@tg-1900000001-x:hs.test", GROUP)
    assert roster.is_anonymous_admin("@tg-channel-1900000001-x:hs.test", GROUP)
    assert not roster.is_anonymous_admin("@telegram_1900000001:hs.test", GROUP)


@pytest.mark.parametrize("template", ["telegram_{userid}", "{userid}", "tg_{userid}_x", "1{userid}1"])
@pytest.mark.parametrize("telegram_id", [5550001, 1, 10**15 - 1])
def test_a_ghost_is_its_persons_number(template: str, telegram_id: int) -> None:
    ghosts = Ghosts(bridge_bot=BOT, template=template)
    assert ghosts.get_telegram_id(ghosts.get_mxid(str(telegram_id))) == telegram_id


@pytest.mark.parametrize(
    "mxid",
    [
        "@telegram_5550001:evil.test",
        "@telegram_5550001:hs.test:8448",
        "@telegram_05550001:hs.test",
        "@telegram_-5550001:hs.test",
        "@telegram_channel-5550001:hs.test",
        "@telegram_:hs.test",
        "@telegram_٣:hs.test",
        "@5550001:hs.test",
        f"@telegram_{'9' * 5000}:hs.test",
        "telegram_5550001:hs.test",
        "",
        BOT,
        OWN,
    ],
)
def test_anybody_else_has_no_number(mxid: str) -> None:
    assert Ghosts(bridge_bot=BOT, template="telegram_{userid}").get_telegram_id(mxid) is None
