"""The commands of moderators."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.commands import (
    DIRECT_HELP,
    HELP,
    IN_DIRECT,
    NEED_NO_TICKET,
    VOCABULARY,
    Command,
    Misuse,
    Verb,
    looks_like_command,
    parse_command,
    read_note,
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
    ("blocked", "blocked"),
    ("close", "close"),
    ("reopen", "reopen"),
    ("note", "note"),
    ("assign", "assign"),
    ("info", "info"),
    ("resend", "resend"),
    ("release", "release"),
    ("open", "open"),
    ("whoami", "whoami"),
    ("help", "help"),
]
"""Each word there is, aliases too."""

BLOCKING = [word for word, verb in ALIASES if verb in ("block", "timeout")]
WITH_TEXT = ["close", "note", "assign"]
"""These take what follows as it stands."""
NEED_TEXT = ["note", "assign"]
WITHOUT_TEXT = [word for word, _ in ALIASES if word not in (*BLOCKING, *WITH_TEXT)]
FORMS = ["/{}", "!{}", "/{}@support_relay_bot", "!{}@support_relay_bot"]


def verb_of(word: str) -> Verb:
    return dict(ALIASES)[word]  # type: ignore[return-value]


def read(text: str) -> Command | Misuse:
    assert looks_like_command(text)
    return parse_command(text)


def misuse(text: str) -> Misuse:
    command = read(text)
    assert isinstance(command, Misuse)
    return command


def hint(text: str) -> str:
    return misuse(text).hint


def test_these_are_all_the_words() -> None:
    assert dict(ALIASES) == VOCABULARY
    assert set(VOCABULARY.values()) == set(get_args(Verb))


def test_these_need_no_reply_and_all_others_do() -> None:
    assert {"blocked", "open", "whoami", "help"} == NEED_NO_TICKET


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("word", "verb"), [pair for pair in ALIASES if pair[0] not in NEED_TEXT])
def test_each_word_in_each_form_is_its_command(word: str, verb: Verb, form: str) -> None:
    assert read(form.format(word)) == Command(verb=verb)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", WITH_TEXT)
def test_each_word_that_takes_a_text_has_it_in_each_form(word: str, form: str) -> None:
    command = read(f"{form.format(word)} all  the\nwords 3d ")
    assert command == Command(verb=verb_of(word), text="all  the\nwords 3d")


@pytest.mark.parametrize("rest", ["", " all the words"])
@pytest.mark.parametrize(("word", "verb"), ALIASES)
@pytest.mark.parametrize("case", [str.upper, str.title, str.swapcase])
def test_upper_and_lower_case_are_the_same(
    word: str, verb: Verb, case: Callable[[str], str], rest: str
) -> None:
    assert read(f"/{case(word)}{rest}") == read(f"/{word}{rest}")
    assert read(f"!{case(word)}@BOT{rest}") == read(f"!{word}@bot{rest}")


@pytest.mark.parametrize("rest", ["now", "3d", "forever", "x\ny"])
@pytest.mark.parametrize("word", WITHOUT_TEXT)
def test_the_other_words_take_no_text(word: str, rest: str) -> None:
    assert read(f"/{word} {rest}") == Command(verb=verb_of(word))


# Blocks and timeouts


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", BLOCKING)
def test_a_length_and_a_reason_are_read(word: str, form: str) -> None:
    command = read(f"{form.format(word)} 1d12h spams the  same link")
    assert command == Command(verb=verb_of(word), length=1.5 * DAYS, text="spams the  same link")


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
        ("/block -spam", None, "-spam"),
        ("/block\tspam", None, "spam"),
        ("/block spam forever", None, "spam forever"),
        ("/block 3d forever", 3 * DAYS, "forever"),
        ("/block foreverness", None, "foreverness"),
    ],
)
def test_length_and_reason_may_each_be_left_out(
    text: str, length: timedelta | None, reason: str | None
) -> None:
    assert read(text) == Command(verb="block", length=length, text=reason)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", BLOCKING)
@pytest.mark.parametrize("wish", ["forever", "Forever", "FOREVER"])
def test_for_ever_is_a_wish_of_its_own_and_no_length(word: str, form: str, wish: str) -> None:
    assert read(f"{form.format(word)} {wish}") == Command(verb=verb_of(word), forever=True)
    with_reason = read(f"{form.format(word)} {wish} spams a lot ")
    assert with_reason == Command(verb=verb_of(word), forever=True, text="spams a lot")


@pytest.mark.parametrize("word", ["BLOCK_USER", "block_user", "Block_User", "bLOCK_uSER"])
@pytest.mark.parametrize(
    ("rest", "length", "reason"),
    [
        ("", None, None),
        (" ", None, None),
        (" 7d", 7 * DAYS, None),
        (" 7d spam", 7 * DAYS, "spam"),
        ("\nspam", None, "spam"),
    ],
)
def test_the_bare_word_of_other_support_bots_blocks(
    word: str, rest: str, length: timedelta | None, reason: str | None
) -> None:
    assert read(word + rest) == Command(verb="block", length=length, text=reason)


@pytest.mark.parametrize("word", ["BLOCK_USER", "block_user"])
def test_the_bare_word_blocks_for_ever_and_refuses_a_wrong_length_too(word: str) -> None:
    assert read(f"{word} forever") == Command(verb="block", forever=True)
    assert hint(f"{word} 3x").startswith("3x is not a length of time.")


@pytest.mark.parametrize("text", ["BLOCK_USER: spam", "block_user, please", "BLOCK_USER!"])
def test_the_bare_word_with_something_on_it_is_kept_back_and_named_whole(text: str) -> None:
    assert hint(text).startswith(f"{text.split()[0]} is not a command")


@pytest.mark.parametrize("text", ["/unblock", "/unblock now", "/unban 3d", "!unblock@bot thanks"])
def test_unblock_takes_no_length(text: str) -> None:
    assert read(text) == Command(verb="unblock")


@pytest.mark.parametrize("word", BLOCKING)
@pytest.mark.parametrize(
    "wish", ["3", "3x", "3days", "1.5d", "2nd", "12345678d", "3d,2h", "-3d", "+3d", "--3d", "-1", "٣d", "²d"]
)
def test_what_begins_as_a_number_and_is_no_length_is_misuse(word: str, wish: str) -> None:
    answer = misuse(f"/{word} {wish} spam")
    assert answer.hint.startswith(f"{wish} is not a length of time.")
    assert "1d12h" in answer.hint
    assert answer.is_known


@pytest.mark.parametrize("word", BLOCKING)
@pytest.mark.parametrize("wish", ["0s", "0d", "0d0h"])
def test_a_length_of_nothing_is_misuse(word: str, wish: str) -> None:
    answer = misuse(f"/{word} {wish}")
    assert wish in answer.hint
    assert "/unblock" in answer.hint
    assert answer.is_known


# The others


@pytest.mark.parametrize("rest", ["", " ", "\n \t"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("word", "what"), [("note", "text"), ("assign", "me, none or a name")])
def test_a_note_and_an_assignment_need_words(word: str, what: str, form: str, rest: str) -> None:
    answer = misuse(form.format(word) + rest)
    assert answer == Misuse(hint=f"Write /{word} {what}")
    assert answer.is_known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/note  look at #17 ", "look at #17"),
        ("/note // x", "// x"),
        ("/note /block", "/block"),
        ("/note a\n\nb", "a\n\nb"),
        ("/assign me", "me"),
        ("/assign None", "None"),
        ("/assign Bob Smith", "Bob Smith"),
        ("/close Thanks, and\ngoodbye!", "Thanks, and\ngoodbye!"),
        ("/close", None),
        ("/close \n", None),
    ],
)
def test_what_follows_is_taken_whole(text: str, words: str | None) -> None:
    command = read(text)
    assert isinstance(command, Command)
    assert (command.text, command.length, command.forever) == (words, None, False)


# What there is not


@pytest.mark.parametrize(
    "text", ["/blok 3d", "!halp", "/start@support_relay_bot", "/1", "/блок", "/block_user", "/forever", "!tg"]
)
def test_an_unknown_word_is_misuse_and_the_hint_names_it_and_where_help_is(text: str) -> None:
    word = text[1:].split("@")[0].split()[0]
    assert misuse(text) == Misuse(
        hint=f"/{word} is not a command, and was not sent. See /help", is_known=False
    )


@pytest.mark.parametrize("text", ["/block, please", "/block@my-bot 3d", "!block!", "/block-user", "/help?"])
def test_a_word_with_something_on_it_is_misuse(text: str) -> None:
    answer = misuse(text)
    assert answer.hint.startswith(f"{text.split()[0]} is not a command, and was not sent.")
    assert not answer.is_known


@pytest.mark.parametrize(
    "text",
    [
        "/" + "x" * 4000,
        "/block 9" + "x" * 4000,
        "/block -9" + "x" * 4000,
        "/block " + "0s" * 2000,
        "/block@x-" + "y" * 4000,
        "BLOCK_USER" + "!" * 4000,
    ],
)
def test_a_hint_is_short_whatever_was_written(text: str) -> None:
    assert len(hint(text)) < 100


def test_a_length_beyond_all_bounds_is_misuse() -> None:
    assert "is not a length of time" in hint("/block " + "999999w" * 200)


def test_the_help_names_all_there_is_and_nothing_else() -> None:
    named = re.findall(r"(?<![/\w])/(\w+)", HELP)
    assert sorted(named) == sorted(get_args(Verb))
    assert "//" in HELP


def test_the_help_of_a_direct_room_names_what_applies_there_and_nothing_else() -> None:
    assert set(re.findall(r"/([a-z]+)", DIRECT_HELP)) == IN_DIRECT


def test_the_help_says_what_needs_no_reply() -> None:
    anywhere = HELP.partition("Anywhere:")[2]
    assert set(re.findall(r"/(\w+)", anywhere)) == NEED_NO_TICKET


# What is kept back, and what is not


@pytest.mark.parametrize(
    "text",
    [
        "Hello", "", " ", "/", "!", "!!", "/ block", "! important", "//", "// a note", "//block", "(/block)",
        "no /block", "http://example.com", "-/block", "BLOCK_USERS", "a BLOCK_USER", "BLOCK USER", "?!", "/?",
        "block_users", "a block_user", "block", "close", "help me",
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
    st.sampled_from([f"/{word}" for word, _ in ALIASES] + ["BLOCK_USER", "block_user"]),
    st.text(st.sampled_from(" \n\t0123dhx@.-éforever")),
)
def test_no_text_behind_a_command_is_too_much(word: str, rest: str) -> None:
    text = word + rest
    if looks_like_command(text):
        command = parse_command(text)
        if isinstance(command, Command):
            assert command.length is None or command.length > timedelta()
            assert command.length is None or not command.forever
            assert command.text is None or command.text.strip() == command.text != ""


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    kept_back = looks_like_command(text)
    assert not (kept_back and read_note(text) is not None)
    if kept_back:
        assert text[0] in "/!" or text.upper().startswith("BLOCK_USER")


# Notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("//", ""),
        ("// ", ""),
        ("// look at this", "look at this"),
        ("//x", "x"),
        ("//block 3d", "block 3d"),
        ("///", "/"),
        ("// a\n\n b \n", "a\n\n b"),
        ("// // x", "// x"),
        ("/ /x", None),
        ("/block", None),
        ("/note x", None),
        ("x //", None),
        (" // x", None),
        ("", None),
        ("https://example.com", None),
    ],
)
def test_a_note_starts_with_two_slashes(text: str, note: str | None) -> None:
    assert read_note(text) == note
