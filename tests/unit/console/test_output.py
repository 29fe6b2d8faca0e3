"""What commands print of texts that somebody else wrote, whatever a desk lets through."""

from __future__ import annotations

import json
import unicodedata

import pytest
from rich.cells import cell_len

from console.cli.output import indented, print_json, print_table, say
from console.cli.running import Refused

HOSTILE = "Hi\x1b[2J \x9b31m\u202eevil\r\n\x07second 👩🏽\u200d👩🏻 می\ud800"


def controls(text: str) -> set[str]:
    """Return what a terminal would obey."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n", "\u200d"}


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([["#1", HOSTILE, "x"], ["#1042", "漢字", "y"]])
    printed = capsys.readouterr().out
    assert controls(printed) == set()
    first, second, rest = printed.split("\n")
    assert (first[-1], second[-1], rest) == ("x", "y", "")
    assert cell_len(first) == cell_len(second)


def test_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    printed = capsys.readouterr().out
    assert controls(printed) == set()
    assert printed.count("\n") == 1


def test_words_of_several_lines() -> None:
    shown = indented(HOSTILE)
    assert controls(shown) == set()
    assert shown == "  Hi[2J 31mevil\n  second 👩🏽\u200d👩🏻 می"


def test_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    Refused(HOSTILE).show()
    printed = capsys.readouterr().err
    assert controls(printed) == set()
    assert printed.startswith("headset: Hi")
    assert printed.count("\n") == 1


def test_json_is_ascii_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": HOSTILE})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert controls(printed) == set()
    assert json.loads(printed) == {"text": HOSTILE}
