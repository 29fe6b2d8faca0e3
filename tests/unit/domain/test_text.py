"""Text as it is stored and as it is posted."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.text import neutralise, normalise, one_line, split, utf16_units

JOINER = "\u2060"
FAMILY = "👩🏽\u200d👩🏻\u200d👧🏿\u200d👦🏼"

HIDDEN = (
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # bidi
    "\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff"  # zero width
    "\U000e0001\U000e0041\U000e007f"  # tags
    "\ufff9\ufffa\ufffb"
)
CONTROLS = "".join(map(chr, [*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)])).replace(
    "\x85", ""
)

TEXTS = st.lists(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(" \n\t@/.!#:abcé\u0301" + HIDDEN + "\u200c\u200d"),
        st.sampled_from(["matrix.to", "https://", "@bob", "/ban", "😀", FAMILY]),
    )
).map("".join)


# Normalise


def test_text_becomes_nfc() -> None:
    assert normalise("Cafe\u0301") == "Caf\u00e9"


def test_what_only_looks_alike_stays_different() -> None:
    assert normalise("ﬁ ① x² Ⅳ ａ") == "ﬁ ① x² Ⅳ ａ"


@pytest.mark.parametrize("char", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_characters_that_hide_or_reorder_text_are_dropped(char: str) -> None:
    assert normalise(f"a{char}b") == "ab"


@pytest.mark.parametrize("char", CONTROLS, ids=lambda c: f"U+{ord(c):04X}")
def test_control_characters_are_dropped(char: str) -> None:
    assert normalise(f"a{char}b") == "ab"


def test_an_escape_sequence_loses_what_makes_it_one() -> None:
    assert normalise("\x1b[31mred\x1b[0m") == "[31mred[0m"


def test_newline_and_tab_stay() -> None:
    assert normalise("a\n\n\tb") == "a\n\n\tb"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x85", "\u2028", "\u2029"])
def test_each_line_end_becomes_one_newline(end: str) -> None:
    assert normalise(f"a{end}b") == "a\nb"


def test_crlf_twice_is_two_newlines() -> None:
    assert normalise("a\r\n\r\nb") == "a\n\nb"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("می\u200cخواهم", id="Persian, ZWNJ"),
        pytest.param("क्\u200dष", id="Devanagari, ZWJ"),
        pytest.param(FAMILY, id="joined emoji"),
        pytest.param("❤️ 1️⃣ 🇩🇪", id="variation selector, keycap, flag"),
    ],
)
def test_what_scripts_and_emoji_need_stays(text: str) -> None:
    assert normalise(text) == text


def test_half_a_surrogate_pair_is_dropped_and_a_whole_one_is_a_character() -> None:
    assert normalise(json.loads('"a\\ud83db"')) == "ab"
    assert normalise(json.loads('"a\\ude00b"')) == "ab"
    assert normalise(json.loads('"a\\ud83d\\ude00b"')) == "a😀b"


def test_hidden_characters_do_not_keep_letters_apart_that_compose() -> None:
    assert normalise("e\u200b\u0301") == "é"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\u200b\u202e",
        "\u200b \x00\u2066\n",
        "\ud800",
        pytest.param("\u200d", id="joiner"),
        pytest.param("\u200c", id="non-joiner"),
        pytest.param("\u200c \u200d\n\u200d", id="joiners and space"),
        pytest.param("\u200d\u200b\u2060", id="joiner and what is dropped"),
        pytest.param("\u115f", id="Hangul choseong filler"),
        pytest.param("\u1160", id="Hangul jungseong filler"),
        pytest.param("\u3164", id="Hangul filler"),
        pytest.param("\uffa0", id="halfwidth Hangul filler"),
        pytest.param("\u3164 \uffa0\u115f\u1160\n\u3164", id="fillers and space"),
        pytest.param("\u2800\u2800", id="blank Braille"),
        pytest.param("\u00a0\u2003\u3000", id="wide spaces"),
        pytest.param("\ufe0f", id="variation selector"),
        pytest.param("\u034f", id="grapheme joiner"),
    ],
)
def test_text_without_anything_to_see_is_empty(text: str) -> None:
    assert normalise(text) == ""
    assert one_line(text, 20) == ""


@given(st.text(st.sampled_from(" \n\t\u200b\u200c\u200d\u2060\u115f\u1160\u2800\u3164\uffa0\ufeff")))
def test_no_mixture_of_what_shows_nothing_shows_something(text: str) -> None:
    assert normalise(text) == ""


@pytest.mark.parametrize("char", "\u200c\u200d\u115f\u1160\u2800\u3164\uffa0")
def test_what_shows_nothing_alone_stays_beside_what_does(char: str) -> None:
    assert normalise(f"a{char}b") == f"a{char}b"


def test_space_around_a_text_goes_also_where_it_stood_behind_hidden_characters() -> None:
    assert normalise("\u200b  a  \u200b") == "a"


@given(st.text())
def test_a_normalised_text_is_clean_and_stays_as_it_is(text: str) -> None:
    clean = normalise(text)
    assert normalise(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert not set(clean) & (set(HIDDEN) | set(CONTROLS) | {"\r", "\x85", "\u2028", "\u2029"})
    clean.encode()


# One line


def test_one_line_has_single_spaces_and_no_line_ends() -> None:
    assert one_line("  a\r\n b\t\u200bc  d ", 20) == "a b c d"


def test_a_line_that_fits_is_not_cut() -> None:
    assert one_line("abcde", 5) == "abcde"


def test_a_longer_line_is_cut_to_the_limit_with_an_ellipsis() -> None:
    assert one_line("abcdef", 5) == "abcd…"
    assert one_line("abc def", 5) == "abc…"


@given(st.text(), st.integers(2, 80))
def test_one_line_never_exceeds_its_limit(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert "\t" not in line


# Neutralise


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("@bob", f"@{JOINER}bob"),
        ("hi @bob_team!", f"hi @{JOINER}bob_team!"),
        ("(@bob)", f"(@{JOINER}bob)"),
        ("line\n@bob", f"line\n@{JOINER}bob"),
        ("@ivan@petr", f"@{JOINER}ivan@petr"),
        ("@alice:example.org", f"@{JOINER}alice:example.org"),
        ("@иван", f"@{JOINER}иван"),
        ("x/@bob", f"x/@{JOINER}bob"),
        ("https://@bob", f"https://@{JOINER}bob"),
    ],
)
def test_a_mention_is_broken_up(text: str, inert: str) -> None:
    assert neutralise(text) == inert


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("/ban", f"/{JOINER}ban"),
        ("try /ban now", f"try /{JOINER}ban now"),
        ("one\n/ban", f"one\n/{JOINER}ban"),
        ("/ban@support_bot", f"/{JOINER}ban@support_bot"),
        ("(/ban)", f"(/{JOINER}ban)"),
    ],
)
def test_a_bot_command_is_broken_up(text: str, inert: str) -> None:
    assert neutralise(text) == inert


MATRIX_LINKS = [
    ("https://matrix.to/#/@alice:hs.test", "matrix.to"),
    ("HTTPS://MATRIX.TO/#/@alice:hs.test", "matrix.to"),
    ("see matrix.to/#/!room:hs.test", "matrix.to"),
    ("matrix:u/alice:hs.test", "matrix:u"),
    ("MATRIX:roomid/abc:hs.test", "matrix:r"),
]


@pytest.mark.parametrize(("text", "link"), MATRIX_LINKS)
def test_a_matrix_link_is_broken_up(text: str, link: str) -> None:
    assert link in text.lower()
    assert link not in neutralise(text).lower()


@pytest.mark.parametrize("text", [text for text, _ in MATRIX_LINKS])
def test_a_matrix_link_keeps_its_letters(text: str) -> None:
    assert neutralise(text).replace(JOINER, "") == text


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org",
        "first.last+tag@mail.example.org",
        "write to <me@example.org>, please",
        "https://example.com",
        "https://example.com/a/b/c.html?x=1&y=2#top",
        "http://localhost:8080/x",
        "see example.com/help",
        "https://example.com/caf%C3%A9/x",
        "1/2 and/or 24/7 km/h",
        "//cdn.example.com/x.js",
        "a @ b / c",
        "matrix of totals; matrix: done",
        "🙂/🙁",
        "",
    ],
)
def test_mail_addresses_links_and_plain_talk_stay_as_they_are(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org/#/swap",
        "https://social.example/@jane",
        "https://example.org/?next=/home",
        "https://example.org/(old)/page",
    ],
)
def test_a_link_with_a_slash_or_an_at_sign_inside_still_leads_there(url: str) -> None:
    assert neutralise(f"see {url} please") == f"see {url} please"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://example.com,@bob_team", id="a comma behind the host"),
        pytest.param("https://example.com;/ban", id="a semicolon behind the host"),
        pytest.param("https://x,@bob_team", id="a host without a dot"),
        pytest.param("https://localhost/@bob_team", id="a host without a dot, and a path"),
        pytest.param("https://example.c/@bob_team", id="a top level domain of one letter"),
        pytest.param("https://my_site.org/@bob_team", id="an underscore in the domain"),
        pytest.param("https://[x]/@bob_team", id="no host at all"),
        pytest.param("https://example.com/x)@bob_team", id="a bracket that nothing opened"),
        pytest.param("https://example.com/(x))/ban", id="a second bracket that nothing opened"),
        pytest.param("https://example.com/»@bob_team", id="a quotation mark"),
        pytest.param("https://example.com/“@bob_team”", id="a pair of quotation marks"),
    ],
)
def test_what_follows_where_telegram_ends_a_link_is_broken_up(text: str) -> None:
    # In tdlib, MessageEntity.cpp: fix_url says where a link ends and what is none.
    inert = neutralise(text)
    assert "@bob_team" not in inert
    assert "/ban" not in inert
    assert inert.replace(JOINER, "") == text


@given(TEXTS)
def test_neutralising_only_adds_joiners_and_once_is_enough(text: str) -> None:
    clean = normalise(text)
    inert = neutralise(clean)
    assert inert.replace(JOINER, "") == clean
    assert neutralise(inert) == inert


# UTF-16


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("€", 1), ("\uffff", 1), ("\U00010000", 2), ("😀a", 3)]
)
def test_units_are_counted_as_telegram_counts(text: str, units: int) -> None:
    assert utf16_units(text) == units


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_units_are_those_of_the_encoding(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le")) // 2


# Split


def test_what_fits_is_one_piece() -> None:
    assert split("abcde", 5) == ["abcde"]
    assert split("", 5) == [""]


def test_one_unit_too_many_makes_two_pieces() -> None:
    assert split("abcdef", 5) == ["abcde", "f"]


def test_astral_characters_count_twice() -> None:
    assert split("😀😀😀", 5) == ["😀😀", "😀"]


def test_a_line_end_is_a_better_place_than_a_space() -> None:
    assert split("aa bbbbb\nc dd ee", 12) == ["aa bbbbb", "c dd ee"]


def test_a_space_is_a_better_place_than_the_middle_of_a_word() -> None:
    assert split("aaaa bbbb cccc", 12) == ["aaaa bbbb", "cccc"]


def test_a_space_far_from_the_limit_is_no_place_to_cut() -> None:
    assert split("a " + "b" * 20, 12) == ["a " + "b" * 10, "b" * 10]


def test_whitespace_at_a_cut_is_dropped() -> None:
    assert split("aaaaaaaa  \n\n  bbbb", 12) == ["aaaaaaaa", "bbbb"]


@given(TEXTS, st.integers(2, 60))
def test_no_piece_is_longer_than_the_limit(text: str, units: int) -> None:
    assert all(utf16_units(piece) <= units for piece in split(text, units))


@given(TEXTS, st.integers(2, 60))
def test_pieces_lose_nothing_but_the_whitespace_at_the_cuts(text: str, units: int) -> None:
    rest = text
    for piece in split(text, units):
        found = rest.find(piece)
        assert found >= 0
        assert not rest[:found].strip()
        rest = rest[found + len(piece) :]
    assert not rest.strip()


@given(TEXTS, st.integers(2, 60))
def test_no_piece_of_a_normalised_text_is_empty(text: str, units: int) -> None:
    clean = normalise(text)
    assert all(split(clean, units)) or not clean


CLUSTERS = ["a", "Ж", "😀", FAMILY, "👍🏽", "1️⃣", "❤️", "x\u0323\u0307", "👩\u200d💻", "n\u20d7"]


@given(st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=60), st.integers(32, 80))
def test_no_cut_goes_through_a_joined_emoji_or_an_accent(clusters: list[str], units: int) -> None:
    boundaries, at = set(), 0
    for cluster in clusters:
        at += len(cluster)
        boundaries.add(at)
    at = 0
    for piece in split("".join(clusters), units):
        at += len(piece)
        assert at in boundaries


@pytest.mark.parametrize(
    ("cluster", "units"),
    [
        pytest.param("🇩🇪", 22, id="flag"),
        pytest.param("कि", 11, id="Devanagari vowel sign"),
        pytest.param("நி", 11, id="Tamil vowel sign"),
    ],
)
def test_no_cut_goes_through_a_flag_or_a_letter_with_its_vowel(cluster: str, units: int) -> None:
    assert all(len(piece) % len(cluster) == 0 for piece in split(cluster * 30, units))


def test_a_cluster_longer_than_any_real_one_is_cut_all_the_same() -> None:
    pieces = split("a" + "\u0301" * 100, 30)
    assert "".join(pieces) == "a" + "\u0301" * 100
    assert len(pieces) == 4
    assert all(len(piece) <= 30 for piece in pieces)
