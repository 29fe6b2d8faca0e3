"""What a customer's messages look like in the group."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugin.domain.model import Customer
from plugin.domain.posts import (
    MARK_UNITS,
    POST_UNITS,
    SENDER_UNITS,
    fits_one_post,
    heading,
    join_and_split,
    mark_line,
)
from plugin.domain.text import MAX_TEXT, TELEGRAM_UNITS, neutralise, normalise, utf16_units

HEAD = "#1042 · anonymous"
LONGEST = MAX_TEXT

TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n@/a!😀")), max_size=200
).flatmap(lambda text: st.integers(1, 60).map(lambda n: normalise((text + "x") * n)[:LONGEST]))


def test_a_post_leaves_room_for_the_mark_and_the_senders_name() -> None:
    assert (MARK_UNITS, SENDER_UNITS) == (64, 160)
    assert POST_UNITS + MARK_UNITS + SENDER_UNITS == 4096


# Heading


ACCOUNT = "eip155:8453:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_a_wallet_is_known_by_the_two_ends_of_its_address_unless_it_has_a_name(customer: Customer) -> None:
    wallet = replace(customer, identity="wallet", account=ACCOUNT)
    assert heading(1042, wallet) == "#1042 · 0x5aAe…eAed"
    assert heading(None, wallet) == "0x5aAe…eAed"
    assert heading(1042, replace(wallet, name="Ann")) == "#1042 · Ann"


def test_a_users_id_does_not_stand_in_the_group(customer: Customer) -> None:
    user = replace(customer, identity="user", account="user:ann@example.org", email="ann@example.org")
    assert heading(1042, user) == "#1042 · user"
    assert heading(1042, replace(user, name="Ann")) == "#1042 · Ann"


@pytest.mark.parametrize("identity", ["anonymous", "wallet", "user"])
def test_the_heading_is_the_ticket_and_who_it_is(customer: Customer, identity: str) -> None:
    nameless = replace(customer, identity=identity)
    assert heading(1042, nameless) == f"#1042 · {identity}"


def test_the_heading_shows_the_name_where_there_is_one(customer: Customer) -> None:
    assert heading(7, replace(customer, identity="user", name="Jane Doe")) == "#7 · Jane Doe"


@pytest.mark.parametrize("name", ["", " ", "\u200b\u202e"])
def test_a_name_without_anything_to_see_is_none(customer: Customer, name: str) -> None:
    assert heading(7, replace(customer, name=name)) == "#7 · anonymous"


def test_a_name_can_neither_mention_nor_order_nor_make_a_second_line(customer: Customer) -> None:
    named = replace(customer, name="@bob\n/ban \u202ex")
    assert heading(7, named) == "#7 · @\u2060bob /\u2060ban x"


def test_a_long_name_is_cut(customer: Customer) -> None:
    assert heading(7, replace(customer, name="J" * 500)) == f"#7 · {'J' * 63}…"


# Posts


def test_a_message_stands_below_the_heading() -> None:
    assert join_and_split(HEAD, ["Hello"]) == ("#1042 · anonymous\nHello",)


def test_messages_are_joined_with_an_empty_line_between() -> None:
    assert join_and_split(HEAD, ["one", "two\nlines", "three"]) == (f"{HEAD}\none\n\ntwo\nlines\n\nthree",)


def test_a_message_is_neutralised() -> None:
    assert join_and_split(HEAD, ["@bob", "/ban"]) == (f"{HEAD}\n@\u2060bob\n\n/\u2060ban",)


def test_several_posts_are_numbered_and_each_has_the_heading() -> None:
    posts = join_and_split(HEAD, ["word " * 1500])
    assert len(posts) == 2
    assert posts[0].startswith(f"{HEAD} (1/2)\nword")
    assert posts[1].startswith(f"{HEAD} (2/2)\nword")


@pytest.mark.parametrize("text", ["!tg help", "!tgif", "/start", "@bob", "#9 · Alice", "✓ done"])
def test_no_post_starts_with_what_the_customer_wrote(text: str) -> None:
    for post in join_and_split(HEAD, [f"{text} " * 700]):
        assert post.startswith(f"{HEAD} (")


def test_the_longest_message_of_the_widest_characters_fits_into_its_posts() -> None:
    posts = join_and_split(HEAD, ["😀" * LONGEST])
    assert max(map(utf16_units, posts)) <= POST_UNITS
    assert sum(post.count("😀") for post in posts) == LONGEST


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_no_post_is_too_long(texts: list[str]) -> None:
    assert max(map(utf16_units, join_and_split(HEAD, texts))) <= POST_UNITS


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_posts_hold_all_that_was_written_in_order(texts: list[str]) -> None:
    posts = join_and_split(HEAD, texts)
    bodies = [post.partition("\n")[2] for post in posts]
    written = "".join(neutralise(text) for text in texts)
    assert re.sub(r"\s", "", "".join(bodies)) == re.sub(r"\s", "", written)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_each_post_begins_with_the_heading_on_a_line_of_its_own(texts: list[str]) -> None:
    posts = join_and_split(HEAD, texts)
    heads = [post.partition("\n")[0] for post in posts]
    numbered = [f"{HEAD} ({i}/{len(posts)})" for i in range(1, len(posts) + 1)]
    assert heads == ([HEAD] if len(posts) == 1 else numbered)


def test_tabs_do_not_make_a_post_too_long_once_the_bridge_has_made_four_spaces_of_each() -> None:
    rows = "\n".join("1\t2\t3\t4" for _ in range(LONGEST // 8))
    posts = join_and_split(HEAD, [rows])
    assert max(utf16_units(post.replace("\t", "    ")) for post in posts) <= POST_UNITS


# Joining


def test_messages_fit_one_post_up_to_the_last_unit() -> None:
    exact = POST_UNITS - len(HEAD) - len(" (99/99)\n")
    assert fits_one_post(HEAD, ["x" * exact])
    assert not fits_one_post(HEAD, ["x" * (exact + 1)])
    assert fits_one_post(HEAD, ["x" * (exact - 3), "y"])
    assert not fits_one_post(HEAD, ["x" * (exact - 2), "y"])


# The delivered mark

NAMES = st.lists(
    st.text(
        st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\t\r \u2028@/a😀")), min_size=1
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["Alice"], "✓ Alice"),
        (["Alice", "Bob"], "✓ Alice, Bob"),
        (["Renée 😀"], "✓ Renée 😀"),
        (["x" * 61], f"✓ {'x' * 61}"),
        (["😀" * 30], f"✓ {'😀' * 30}"),
    ],
)
def test_the_mark_says_who_answered(names: list[str], line: str) -> None:
    assert mark_line(names) == line


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["x" * 62], id="one unit too many"),
        pytest.param(["😀" * 31], id="one unit too many, of two"),
        pytest.param(
            ["Alexandra", "Bartholomew", "Christopher", "Desdemona", "Ebenezer", "Fitzgerald"], id="many"
        ),
        pytest.param(["x" * 100], id="the longest name"),
    ],
)
def test_a_mark_with_too_much_in_it_is_cut_and_says_so(names: list[str]) -> None:
    line = mark_line(names)
    assert line.startswith(f"✓ {names[0][:9]}")
    assert line.endswith("…")


@given(NAMES)
@example(["a" + "\t" * 40])
@example(["@😀a " * 15])
def test_the_mark_fits_with_its_line_break_into_what_is_kept_free_for_it(names: list[str]) -> None:
    # Tabs become four spaces on the way through the bridge.
    assert utf16_units("\n" + mark_line(names).replace("\t", "    ")) <= MARK_UNITS


@given(NAMES)
def test_the_mark_is_one_line(names: list[str]) -> None:
    line = mark_line(names)
    assert line.startswith("✓")
    assert line.splitlines() == [line]


@given(st.lists(TEXTS, min_size=1, max_size=3), NAMES)
def test_a_post_with_its_mark_and_the_senders_name_is_not_too_long_for_telegram(
    texts: list[str], names: list[str]
) -> None:
    last = join_and_split(HEAD, texts)[-1]
    assert utf16_units(f"{last}\n{mark_line(names)}") + SENDER_UNITS <= TELEGRAM_UNITS


@pytest.mark.parametrize("name", ["@bob_team", "/ban", "https://matrix.to/#/@bob:hs.test"])
def test_a_name_in_the_mark_is_neutralised_as_in_the_heading(customer: Customer, name: str) -> None:
    shown = heading(7, replace(customer, name=name)).removeprefix("#7 · ")
    assert mark_line([name]) == f"✓ {shown}"
