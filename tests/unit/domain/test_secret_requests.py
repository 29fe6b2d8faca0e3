"""Team replies that ask for a secret, and those that only speak of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.secret_requests import asks_for_secret

TABLE = json.loads((Path(__file__).parents[2] / "vectors" / "secret_requests.json").read_text("utf-8"))
ASKS: list[str] = TABLE["asks"]
HARMLESS: list[str] = TABLE["harmless"]

HOSTILE = [
    pattern * (4000 // len(pattern))
    for pattern in (
        "a",
        " ",
        ". ",
        "never ",
        "never,",
        "send ",
        "not send ",
        "send seed phrase ",
        "never send it or ",
        "if anyone asks ",
        "s e e d ",
        "your 12 ",
        "a.com ",
        "no no clave privada ",
        "nunca frase semilla envia ",
        "不要助记词发给",
        "'\"",
    )
]


@pytest.mark.parametrize("text", ASKS)
def test_asks(text: str) -> None:
    assert asks_for_secret(text)
    assert asks_for_secret(f"Hello, thanks for your patience.\n{text}\nBest regards")


@pytest.mark.parametrize("text", HARMLESS)
def test_only_speaks_of_it(text: str) -> None:
    assert not asks_for_secret(text)


@pytest.mark.parametrize("warning", HARMLESS[:12])
def test_a_warning_before_it_excuses_no_request(warning: str) -> None:
    assert asks_for_secret(f"{warning}. Please send me your seed phrase.")
    assert asks_for_secret(f"{warning}, but please send me your seed phrase")


def test_many_are_looked_at() -> None:
    assert len(ASKS) >= 60
    assert len(HARMLESS) >= 60


@pytest.mark.parametrize(
    "write",
    [
        str.upper,
        lambda text: text.replace("o", "о"),
        lambda text: text.replace("e", "е").replace("s", "ѕ"),
        lambda text: text.replace("e", "3").replace("a", "4"),
        lambda text: text.replace("ee", "e\u200be"),
        lambda text: text.replace("phrase", "p-h-r-a-s-e"),
        lambda text: text.replace("seed", "s e e d"),
        lambda text: "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in text),
    ],
)
def test_a_disguise_hides_nothing(write: object) -> None:
    assert callable(write)
    assert asks_for_secret(write("please send me your seed phrase"))
    assert not asks_for_secret(write("never share your seed phrase"))


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text: str) -> None:
    asks_for_secret(text + " seed phrase " + text)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_long(text: str) -> None:
    """Half a second is far above what any takes, and far below what backtracking would."""
    began = time.process_time()
    asks_for_secret(f"send {text} seed phrase")
    assert time.process_time() - began < 0.5
