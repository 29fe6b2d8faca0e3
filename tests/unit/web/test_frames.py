"""A stream's event is one frame, as the standard reads it, whatever is in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.model import Author, ConversationEvent
from plugin.web import schemas
from tests.unit.web.test_wire import MESSAGE

# All that the standard, or a careless reader, takes for the end of a line. No database holds half a pair.
ODD = st.text(st.sampled_from("a:\n\r\x00\x85\u2028\u2029\ufeff\x0b\x0c ")) | st.text()
FIELDS = re.compile(r"\r\n|\r|\n")


def read_frames(data: str) -> list[dict[str, list[str]]]:
    """Read frames as https://html.spec.whatwg.org/multipage/server-sent-events.html has it."""
    frames: list[dict[str, list[str]]] = [{}]
    for line in FIELDS.split(data):
        name, _, value = line.partition(":")
        if line:
            frames[-1].setdefault(name, []).append(value.removeprefix(" "))
        elif frames[-1]:
            frames.append({})
    return [frame for frame in frames if frame]


@given(ODD, ODD, st.integers(1, 2**53))
def test_any_text_and_name_is_one_frame(text: str, name: str, number: int) -> None:
    author = Author(kind="moderator", id="MOD-A", name=name, verified=True)
    message = replace(MESSAGE, text=text, author=author)
    block = schemas.event_block(ConversationEvent(number=number, type="message.created", message=message))
    (frame,) = read_frames(block.decode())
    assert frame.keys() == {"id", "event", "data"}
    assert (frame["id"], frame["event"]) == ([str(number)], ["message.created"])
    (data,) = frame["data"]
    assert json.loads(data) == schemas.message_json(message)
