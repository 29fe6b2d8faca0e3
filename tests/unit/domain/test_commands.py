"""The commands of moderators."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.commands import (
    HELP,
    VOCABULARY,
    Command,
    Misuse,
    is_note,
    looks_like_command,
    parse_command,
)

DAYS = timedelta(days=1)

ALIASES = [
    ("block", "block"),
    ("ban", "block"),
    ("shadowban", "block"),
    ("timeout", "timeout"),
    ("mute", "timeout"),
    ("tban", "timeout"),
    ("tmute", "timeout"),
    ("unblock", "unblock"),
    ("unban", "unblock"),
]
FORMS = ["/{}", "!{}", "/{}@support_relay_bot", "!{}@support_relay_bot"]


def read(text: str) -> Command | Misuse:
    assert looks_like_command(text)
    return parse_command(text)


def hint(text: str) -> str:
    command = read(text)
    assert isinstance(command, Misuse)
    return command.hint


def test_these_are_all_the_words() -> None:
    assert dict(ALIASES) == VOCABULARY


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("word", "verb"), ALIASES)
def test_each_word_in_each_form_is_its_command(word: str, verb: str, form: str) -> None:
    assert read(form.format(word)) == Command(verb=verb)  # type: ignore[arg-type]


@pytest.mark.parametrize(("word", "verb"), ALIASES)
@pytest.mark.parametrize("case", [str.upper, str.title])
def test_upper_and_lower_case_are_the_same(word: str, verb: str, case: object) -> None:
    assert read("/" + case(word)).verb == verb  # type: ignore[operator, union-attr]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", ["block", "timeout"])
def test_a_length_and_a_reason_are_read(word: str, form: str) -> None:
    command = read(f"{form.format(word)} 1d12h spams the  same link")
    assert command == Command(verb=word, length=1.5 * DAYS, reason="spams the  same link")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "length", "reason"),
    [
        ("/block", None, None),
        ("/block ", None, None),
        ("/block 3d", 3 * DAYS, None),
        ("/block 3d ", 3 * DAYS, None),
        ("/block   3D   x ", 3 * DAYS, "x"),
        ("/block\n3d\nreason\nmore", 3 * DAYS, "reason\nmore"),
        ("/block spam", None, "spam"),
        ("/block spam \n", None, "spam"),
        ("/block spam 3d", None, "spam 3d"),
        ("/block - 3d", None, "- 3d"),
        ("/block\tspam", None, "spam"),
    ],
)
def test_length_and_reason_may_each_be_left_out(
    text: str, length: timedelta | None, reason: str | None
) -> None:
    assert read(text) == Command(verb="block", length=length, reason=reason)


@pytest.mark.parametrize(
    ("text", "length", "reason"),
    [
        ("BLOCK_USER", None, None),
        ("BLOCK_USER 7d", 7 * DAYS, None),
        ("BLOCK_USER 7d spam", 7 * DAYS, "spam"),
        ("BLOCK_USER\nspam", None, "spam"),
    ],
)
def test_the_bare_word_of_other_support_bots_blocks(
    text: str, length: timedelta | None, reason: str | None
) -> None:
    assert read(text) == Command(verb="block", length=length, reason=reason)


@pytest.mark.parametrize("text", ["BLOCK_USER: spam", "BLOCK_USER, please", "BLOCK_USER!"])
def test_the_bare_word_with_something_on_it_is_kept_back_and_named_whole(text: str) -> None:
    command = read(text)
    assert isinstance(command, Command) or "BLOCK_USER" in command.hint


@pytest.mark.parametrize("text", ["/unblock", "/unblock now", "/unban 3d", "!unblock@bot thanks"])
def test_unblock_takes_no_length(text: str) -> None:
    assert read(text) == Command(verb="unblock")


@pytest.mark.parametrize("wish", ["3", "3x", "3days", "1.5d", "2nd", "12345678d", "3d,2h"])
def test_what_begins_with_a_digit_and_is_no_length_is_misuse(wish: str) -> None:
    text = hint(f"/block {wish} spam")
    assert text.startswith(f"{wish} is not a length of time.")
    assert "1d12h" in text


@pytest.mark.parametrize("wish", ["0s", "0d", "0d0h"])
def test_a_length_of_nothing_is_misuse(wish: str) -> None:
    text = hint(f"/block {wish}")
    assert wish in text
    assert "/unblock" in text


@pytest.mark.parametrize(
    "text", ["/blok 3d", "!help", "/start@support_relay_bot", "/1", "/блок", "/block_user"]
)
def test_an_unknown_word_is_misuse_and_the_hint_names_it_and_what_there_is(text: str) -> None:
    word = text[1:].split("@")[0].split()[0]
    assert hint(text) == f"/{word} is not a command, and was not sent. {HELP}"


@pytest.mark.parametrize("text", ["/block, please", "/block@my-bot 3d", "!block!", "/block-user"])
def test_a_word_with_something_on_it_is_misuse(text: str) -> None:
    assert "is not a command" in hint(text)


@pytest.mark.parametrize(
    "text", ["/" + "x" * 4000, "/block 9" + "x" * 4000, "/block " + "0s" * 2000, "/block@x-" + "y" * 4000]
)
def test_a_hint_is_short_whatever_was_written(text: str) -> None:
    assert len(hint(text)) < 300


def test_a_length_beyond_all_bounds_is_no_error() -> None:
    assert isinstance(read("/block " + "999999w" * 200), (Command, Misuse))


def test_the_help_names_only_what_there_is() -> None:
    words = [line.split()[0] for line in HELP.split(" · ")]
    assert words == ["/block", "/timeout", "/unblock"]
    assert {word[1:] for word in words} == set(VOCABULARY.values())


# What is kept back, and what is not


@pytest.mark.parametrize(
    "text",
    [
        "Hello", "", " ", "/", "!", "!!", "/ block", "! important", "//", "// a note", "//block", "(/block)",
        "no /block", "http://example.com", "-/block", "BLOCK_USERS", "a BLOCK_USER", "BLOCK USER", "?!", "/?",
    ],
)  # fmt: skip
def test_plain_words_are_no_command(text: str) -> None:
    assert not looks_like_command(text)


@given(st.sampled_from("/!"), st.text(st.characters(categories=["L", "N"]), min_size=1), st.text())
def test_whatever_starts_with_a_word_after_the_sign_is_kept_back_and_read(
    sign: str, word: str, rest: str
) -> None:
    assert looks_like_command(sign + word + rest)
    assert isinstance(parse_command(sign + word + rest), (Command, Misuse))


@given(
    st.sampled_from([f"/{word}" for word, _ in ALIASES] + ["BLOCK_USER"]),
    st.text(st.sampled_from(" \n\t0123dhx@.-é")),
)
def test_no_text_behind_a_command_is_too_much(word: str, rest: str) -> None:
    text = word + rest
    if looks_like_command(text):
        command = parse_command(text)
        assert isinstance(command, Misuse) or command.length is None or command.length > timedelta()


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    kept_back = looks_like_command(text)
    assert not (kept_back and is_note(text))
    if kept_back:
        assert text[0] in "/!" or text.startswith("BLOCK_USER")


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("//", True),
        ("// look at this", True),
        ("//x", True),
        ("/ /x", False),
        ("/block", False),
        ("x //", False),
    ],
)
def test_a_note_starts_with_two_slashes(text: str, note: bool) -> None:
    assert is_note(text) is note
