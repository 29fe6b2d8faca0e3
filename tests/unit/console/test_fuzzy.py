"""Choosing by a few letters."""

from __future__ import annotations

import time

from console.state.fuzzy import match, pick

NAMES = ["greeting", "refund-policy", "on-chain fees", "wrong network", "thanks"]


def _picked(query: str) -> list[str]:
    return [name for name, _places in pick(query, NAMES, str)]


def test_nothing_typed_leaves_the_list_as_it_is() -> None:
    assert _picked("") == NAMES
    assert _picked("  ") == NAMES


def test_a_piece_of_a_word_comes_before_scattered_letters() -> None:
    assert _picked("ne") == ["wrong network", "on-chain fees"]
    assert _picked("FEES") == ["on-chain fees"]
    assert _picked("rp") == ["refund-policy"]
    assert _picked("xyz") == []


def test_the_places_are_those_of_the_letters() -> None:
    assert (match("net", "wrong network") or (0, ()))[1] == (6, 7, 8)
    assert (match("rfp", "refund-policy") or (0, ()))[1] == (0, 2, 7)


def test_a_letter_that_folds_to_two_shifts_nothing() -> None:
    assert match("z", "Straße z") is not None
    found = match("z", "ßz")
    assert found is not None
    assert found[1] == (1,)


def test_no_text_makes_it_slow() -> None:
    began = time.perf_counter()
    match("a" * 30 + "b", "a" * 4000)
    match("ab" * 30 + "c", "ab" * 2000)
    assert time.perf_counter() - began < 1
