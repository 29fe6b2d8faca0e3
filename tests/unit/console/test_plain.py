"""Foreign text on its way to a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.state.plain import plain

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
ZERO_WIDTH = "\u00ad\u180e\u200b\u2060\u2061\u2064\ufeff\ufff9\U000e0001\U000e0041"
FAMILY = "👩🏽\u200d👩🏻\u200d👧🏿"

TEXTS = st.lists(
    st.one_of(
        st.characters(),
        st.sampled_from(
            ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r\n", "\r", "\t", "\n", "\x85", "\ud800"]
        ),
        st.sampled_from([*BIDI, *ZERO_WIDTH, FAMILY, "[@click=app.quit]", "[/]"]),
    )
).map("".join)


@given(TEXTS, st.booleans())
@example("\x1b", False)
@example("\t\x1b", True)
def test_nothing_that_a_terminal_obeys_survives(text: str, lines: bool) -> None:
    shown = plain(text, lines=lines)

    allowed = "\n" if lines else ""
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in allowed]
    assert not set(shown) & set(BIDI + ZERO_WIDTH)
    shown.encode()  # a lone surrogate could not be written


@given(TEXTS, st.booleans())
def test_twice_is_the_same_as_once(text: str, lines: bool) -> None:
    once = plain(text, lines=lines)
    assert plain(once, lines=lines) == once


@given(TEXTS)
def test_what_can_be_seen_stays(text: str) -> None:
    seen = [c for c in text if unicodedata.category(c)[0] in "LMNPS"]
    assert [c for c in plain(text, lines=True) if unicodedata.category(c)[0] in "LMNPS"] == seen


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo", "one two"),
        ("one \r\n\r\n  two\tthree\n", "one two three"),
        (f"{FAMILY} می\u200cخواهم", f"{FAMILY} می\u200cخواهم"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("abc\u202edcba", "abcdcba"),
    ],
)
def test_on_one_line(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\r\nb\rc\u2028d", "a\nb\nc\nd"), ("a\tb", "a   b"), ("one\n\n\ntwo", "one\n\n\ntwo")],
)
def test_on_several_lines(text: str, shown: str) -> None:
    assert plain(text, lines=True) == shown
