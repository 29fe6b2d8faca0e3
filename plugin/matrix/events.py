"""From raw Matrix events to the domain. Pure: what the bridges really send stands in the captures."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from ..domain.model import RoomEvent
from ..domain.replies import ReplyEvent
from ..services.ports import PostMark

MARK_KEY = "chat.headset.post"
"""In the content of our own events: which part of which batch it is."""

_TELEGRAM_SOURCE = "fi.mau.telegram.source"
_PER_MESSAGE_PROFILE = "com.beeper.per_message_profile"

_MEDIA_WORDS = {
    "m.image": "photo",
    "m.video": "video",
    "m.audio": "audio",
    "m.file": "file",
    "m.location": "location",
}
_TEXT_TYPES = ("m.text", "m.emote")


class MatrixEventReader:
    """Reads what a stored room event says."""

    def read_reply(self, event: RoomEvent) -> ReplyEvent:
        """Return the event as far as a reply is concerned."""
        content = event.content
        relation = _mapping(content.get("m.relates_to"))
        reply_to = _mapping(relation.get("m.in_reply_to")).get("event_id")
        is_edit = relation.get("rel_type") == "m.replace"
        return ReplyEvent(
            event_id=event.event_id,
            sender=event.sender,
            text=_text(event),
            reply_to=reply_to if isinstance(reply_to, str) and not is_edit else None,
            is_edit=is_edit,
            from_telegram=_TELEGRAM_SOURCE in content,
            foreign_author=_PER_MESSAGE_PROFILE in content,
        )

    def read_mark(self, event: RoomEvent) -> PostMark | None:
        """Return which of our posts the event is; whether we sent it is the caller's to check."""
        mark = _mapping(event.content.get(MARK_KEY))
        batch_id, part = mark.get("batch"), mark.get("part")
        if isinstance(batch_id, str) and isinstance(part, int):
            return PostMark(batch_id=batch_id, part=part)
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text(event: RoomEvent) -> str:
    content = event.content
    body = _string(content.get("body")).strip()
    if event.type == "m.sticker":
        return f"[sticker] {body}".strip()
    msgtype = _string(content.get("msgtype"))
    if msgtype in _TEXT_TYPES:
        return _with_links(body, content)
    word = _MEDIA_WORDS.get(msgtype)
    if word is None:
        return ""
    # The body is a caption only where the file's name stands beside it.
    caption = body if "filename" in content and content["filename"] != body else ""
    return f"[{word}] {caption}".strip()


def _with_links(body: str, content: Mapping[str, object]) -> str:
    """Return the body with the address of each link whose words hide it.

    The customer sees text, and a link must be shown whole.
    """
    if content.get("format") != "org.matrix.custom.html":
        return body
    parser = _Links()
    parser.feed(_string(content.get("formatted_body")))
    hidden = [url for url in dict.fromkeys(parser.urls) if url not in body]
    return "\n".join([body, *hidden]) if hidden else body


class _Links(HTMLParser):
    """Collects where links lead, but for mentions of Matrix users."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address of an `a` element."""
        url = dict(attrs).get("href")
        if tag == "a" and url and url.startswith(("http://", "https://")) and "//matrix.to/" not in url:
            self.urls.append(url)
