"""The stream's bytes, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.api import sse
from console.api.errors import NotUnderstood
from console.api.sse import RawEvent, SseParser

TOLD = (
    ": connected\n\n"
    'id: 1\nevent: message.created\ndata: {"text":"Grüße 👩🏽\u200d👩🏻 می"}\n\n'
    ": ping\n\n"
    "id: 2\r\nevent: note.created\r\ndata: first\r\ndata:second\r\n\r\n"
    "id: 3\revent: health.changed\rdata: {}\r\r"
    "event: session.ended\ndata: {}\n\n"
    "id: 4\nevent: message.created\ndata: never ended\n"
).encode()

HEARD = [
    RawEvent(id="1", type="message.created", data='{"text":"Grüße 👩🏽\u200d👩🏻 می"}'),
    RawEvent(id="2", type="note.created", data="first\nsecond"),
    RawEvent(id="3", type="health.changed", data="{}"),
    RawEvent(id=None, type="session.ended", data="{}"),
]


def feed(parser: SseParser, cuts: list[int]) -> list[RawEvent]:
    edges = [0, *sorted(cuts), len(TOLD)]
    return [event for start, end in pairwise(edges) for event in parser.feed(TOLD[start:end])]


@given(st.lists(st.integers(0, len(TOLD))))
def test_cuts_anywhere_change_nothing(cuts: list[int]) -> None:
    assert feed(SseParser(), cuts) == HEARD


def test_byte_by_byte() -> None:
    assert feed(SseParser(), list(range(len(TOLD)))) == HEARD


def test_an_event_without_data_is_none() -> None:
    assert SseParser().feed(b"id: 7\nevent: message.created\n\n") == []


@pytest.mark.parametrize("line", [b"data: " + b"x" * 500, b"data: x\n" * 100])
def test_an_event_without_end_is_refused(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LARGEST_EVENT", 400)
    with pytest.raises(NotUnderstood):
        SseParser().feed(line)
