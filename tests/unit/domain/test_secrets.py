"""Seed phrases and keys in messages: the table that the browser shares, and what must hold for any words."""

from __future__ import annotations

import json
import time
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mnemonic import Mnemonic
from nacl.signing import SigningKey

from plugin.domain.ed25519 import public_half
from plugin.domain.secrets import Finding, judge
from plugin.domain.wordlists import LANGUAGES, read
from tests.unit.domain import secrets_corpus as corpus

TABLE = json.loads((Path(__file__).parents[2] / "vectors" / "secrets.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["cases"]

SEPARATORS = [
    " ",
    "\n",
    "\r\n",
    ", ",
    ",",
    " | ",
    "; ",
    " - ",
    "/",
    "\t",
    ". ",
    "\n• ",
    '" "',
    "', '",
    " · ",
    "、",
]
NUMBERINGS = ["{word}", "{n}. {word}", "{n}) {word}", "({n}) {word}", "{n}{word}", "#{n}: {word}", '"{word}"']
LOOKS = [str, str.upper, str.title, lambda word: unicodedata.normalize("NFD", word)]


def found(finding: Finding | None) -> dict[str, Any] | None:
    return finding and {
        "kind": finding.kind,
        "certainty": finding.certainty,
        "earlier": finding.earlier,
    }


# The table


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_table(case: dict[str, Any]) -> None:
    own = case.get("own")
    derives = None if own is None else lambda secret: secret.hex() == own
    finding = judge(case["text"], earlier=case.get("earlier", ()), derives=derives)
    assert found(finding) == case.get("server", case["expect"])


def test_the_table_is_whole() -> None:
    assert len(CASES) > 250
    assert len({case["name"] for case in CASES}) == len(CASES)
    expected = Counter(
        (case["expect"]["kind"], case["expect"]["certainty"]) if case["expect"] else None for case in CASES
    )
    assert min(expected.values()) >= 10, expected
    assert all("why" in case for case in CASES if "server" in case or "browser" in case)


def test_the_lists_are_those_of_the_standard() -> None:
    assert sorted(LANGUAGES) == sorted(Mnemonic.list_languages())
    for language in LANGUAGES:
        assert read(language) == list(Mnemonic(language).wordlist)
        assert len(set(read(language))) == 2048


# Phrases of any words


@st.composite
def phrases(draw: st.DrawFn, *, least: int, most: int) -> tuple[str, list[str]]:
    """Give a language and words of its list, at least eight of them different."""
    language = draw(st.sampled_from(LANGUAGES))
    listed = read(language)
    different = draw(st.lists(st.sampled_from(listed), min_size=8, max_size=min(most, 12), unique=True))
    size = draw(st.integers(max(least, len(different)), most))
    more = draw(
        st.lists(st.sampled_from(different), min_size=size - len(different), max_size=size - len(different))
    )
    return language, draw(st.permutations([*different, *more]))


@st.composite
def written(draw: st.DrawFn, words: Sequence[str], *, start: int = 1) -> str:
    """Give a way to write words down."""
    numbering, look = draw(st.sampled_from(NUMBERINGS)), draw(st.sampled_from(LOOKS))
    separator = draw(st.sampled_from(SEPARATORS))
    return separator.join(numbering.format(n=n, word=look(word)) for n, word in enumerate(words, start))


@settings(max_examples=600)
@given(st.data())
def test_any_twelve_words_of_a_list_are_refused(data: st.DataObject) -> None:
    _, words = data.draw(phrases(least=12, most=24))
    text = data.draw(written(words))
    assert found(judge(text)) == {"kind": "phrase", "certainty": "refused", "earlier": 0}
    around = f"Здравствуйте! Hello, xx: {text} :xx, thanks."
    assert judge(around) == judge(text)


@settings(max_examples=300)
@given(st.data())
def test_nine_to_eleven_words_are_asked_about(data: st.DataObject) -> None:
    _, words = data.draw(phrases(least=9, most=11))
    text = data.draw(written(words))
    assert found(judge(text)) == {"kind": "phrase", "certainty": "suspected", "earlier": 0}


@settings(max_examples=300)
@given(st.data())
def test_a_phrase_over_three_messages_is_refused(data: st.DataObject) -> None:
    _, words = data.draw(phrases(least=12, most=24))
    first = data.draw(st.integers(1, len(words) - 2))
    second = data.draw(st.integers(first + 1, len(words) - 1))
    cuts = [words[:first], words[first:second], words[second:]]
    *earlier, text = [data.draw(written(part)) for part in cuts]
    finding = judge(text, earlier=["xx", *earlier])
    assert finding is not None
    assert (finding.kind, finding.certainty) == ("phrase", "refused")
    # No earlier message is left alone that the phrase can't do without.
    taken = [word for part in cuts[2 - finding.earlier :] for word in part]
    assert len(taken) >= 12


@given(st.data())
def test_one_unknown_word_in_twenty_four_hides_nothing(data: st.DataObject) -> None:
    listed = read(data.draw(st.sampled_from(LANGUAGES)))
    words = data.draw(st.lists(st.sampled_from(listed), min_size=24, max_size=24, unique=True))
    words[data.draw(st.integers(0, 23))] = "xqzzy"
    finding = judge(" ".join(words))
    assert finding is not None
    assert finding.certainty == "refused"


@given(st.text(max_size=400), st.lists(st.text(max_size=100), max_size=3))
def test_no_text_is_too_odd(text: str, earlier: list[str]) -> None:
    judge(text, earlier=earlier, derives=lambda _: False)


# Keys


@given(st.binary(min_size=32, max_size=32))
def test_the_public_half(seed: bytes) -> None:
    assert public_half(seed) == bytes(SigningKey(seed).verify_key)


def test_the_public_halves_of_the_standard() -> None:
    """RFC 8032, 7.1, tests 1 and 2."""
    for seed, public in (
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
    ):
        assert public_half(bytes.fromhex(seed)).hex() == public


@given(
    st.binary(min_size=32, max_size=32),
    st.sampled_from(["{}", "0x{}", "my hash is {}", "https://a.example/tx/0x{}"]),
)
def test_the_customers_own_key_is_refused_however_it_is_called(secret: bytes, around: str) -> None:
    asked: list[bytes] = []

    def derives(candidate: bytes) -> bool:
        asked.append(candidate)
        return candidate == secret

    assert found(judge(around.format(secret.hex()), derives=derives)) == {
        "kind": "key",
        "certainty": "refused",
        "earlier": 0,
    }
    assert asked == [secret]


# What must pass


def test_200_000_words_of_prose_code_addresses_and_hashes_give_no_refusal() -> None:
    certainties: Counter[str] = Counter()
    words = 0
    for source in (corpus.english, corpus.code, corpus.numbers):
        messages = corpus.messages(source())
        words += sum(len(message.split()) for message in messages)
        for at, message in enumerate(messages):
            finding = judge(message, earlier=messages[max(0, at - 2) : at])
            assert finding is None or finding.certainty == "suspected", message
            certainties[f"{source.__name__}: {finding and finding.kind}"] += 1
    assert words >= 200_000
    print(words, dict(certainties))
    # Prose and code are hardly ever asked about.
    assert certainties["english: phrase"] + certainties["code: phrase"] <= 3, certainties


HOSTILE = {
    "one letter": "a" * 4000,
    "one word": "abandon " * 500,
    "single letters": "a " * 2000,
    "digits": "1" * 4000,
    "numbers": "12," * 1333,
    "numbers with blanks": "12 , " * 800,
    "hex": "f" * 4000,
    "base58": "K" * 4000,
    "blanks": " " * 4000,
    "lines": "\n" * 4000,
    "quotes": "\"'" * 2000,
    "quotes after a name": ("ciphertext" + '"' * 300) * 12,
    "names of a keystore": '"kdf":"' * 570,
    "names of a vault": "salt:data:iv:" * 300,
    "first lines of PEM": "-----BEGIN PRIVATE KEY-----" * 148,
    "dashes": "-" * 4000,
    "underscores": "a_" * 2000,
    "links": ("https://a.bc/" + "x" * 30 + " ") * 90,
    "dots": "https://" + "a.b/" * 998,
    "hashes": " hash ".join(f"{n:064x}" for n in range(57)),
    "64 bytes in base58": " ".join(["5" * 88] * 45),
    "list markers": "n# " * 1300,
    "zero width": "\u200b" * 4000,
    "accents": "\u0301" * 4000,
    "Korean": "가격 가끔 " * 660,
    "Chinese": "的 一 " * 1000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_takes_long(text: str) -> None:
    """A quarter of a second is far above what any takes, and far below what backtracking would."""
    text = text[:4000]
    began = time.process_time()
    judge(text, earlier=[text, text], derives=lambda _: False)
    assert time.process_time() - began < 0.25
