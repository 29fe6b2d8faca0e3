"""From raw Matrix events to the domain. Pure: what the bridges really send stands in the captures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from ..domain.delivery import Report
from ..domain.model import RoomEvent
from ..domain.replies import ReplyEvent
from ..domain.text import normalise, one_line
from ..services.ports import BridgeReport, PostMark

MARK_KEY = "chat.headset.post"
"""In the content of our own events: which part of which batch it is."""

STATUS_TYPE = "com.beeper.message_send_status"
REDACTION_TYPE = "m.room.redaction"
TOMBSTONE_TYPE = "m.room.tombstone"
ENCRYPTED_TYPE = "m.room.encrypted"

_REPORTS: dict[str, Report] = {
    "SUCCESS": "delivered",
    "FAIL_RETRIABLE": "retriable",
    "FAIL_PERMANENT": "permanent",
}

_TELEGRAM_SOURCE = "fi.mau.telegram.source"
_PRIVATE_LINK = re.compile(r"https://t\.me/c/(\d{1,18})/")
_PER_MESSAGE_PROFILES = ("com.beeper.per_message_profile", "m.per_message_profile")

_PARTIAL_REPLY = "data-telegram-partial-reply"
_QUOTES = ("blockquote", "mx-reply")

_MEDIA_WORDS = {
    "m.image": "photo",
    "m.video": "video",
    "m.audio": "audio",
    "m.file": "file",
}
_TEXT_TYPES = ("m.text", "m.emote")

# What older clients put in front of a reply for those that know none: the words that it answers.
_QUOTED_REPLY = re.compile(r"> (?:\* )?<@[^>\n]*>[^\n]*(?:\n>[^\n]*)*\n\s*")


class MatrixEventReader:
    """Reads what a stored room event says."""

    def read_reply(self, event: RoomEvent) -> ReplyEvent:
        """Return the event as far as a reply is concerned; of an edit, its new content."""
        content = event.content
        relation = _mapping(content.get("m.relates_to"))
        replaces = relation.get("event_id") if relation.get("rel_type") == "m.replace" else None
        reply_to = _mapping(relation.get("m.in_reply_to")).get("event_id")
        is_edit = isinstance(replaces, str)
        # In a thread, clients that know none are shown a reply that nobody made.
        is_talk = relation.get("is_falling_back") is True
        new = _mapping(content.get("m.new_content"))
        is_reply = isinstance(reply_to, str) and not is_edit and not is_talk
        word, words = _read_words(event.type, new if is_edit else content)
        words = _QUOTED_REPLY.sub("", words, count=1) if is_reply and _QUOTED_REPLY.match(words) else words
        return ReplyEvent(
            event_id=event.event_id,
            sender=event.sender,
            text=f"[{word}] {words}".strip() if word else words,
            caption=words if word else None,
            reply_to=reply_to if is_reply else None,
            replaces=replaces if is_edit else None,
            from_telegram=_TELEGRAM_SOURCE in content,
            chat_id=_chat_id(content),
            foreign_author=any(key in said for key in _PER_MESSAGE_PROFILES for said in (content, new)),
        )

    def is_encrypted(self, event: RoomEvent) -> bool:
        """Tell whether the event says something that only the members' devices can read."""
        return event.type == ENCRYPTED_TYPE

    def read_redacted(self, event: RoomEvent) -> str | None:
        """Return the id of the event that this one takes back."""
        redacts = event.content.get("redacts")
        return redacts if event.type == REDACTION_TYPE and isinstance(redacts, str) else None

    def read_replacement(self, event: RoomEvent) -> str | None:
        """Return the id of the room that replaces this one."""
        room_id = event.content.get("replacement_room")
        return room_id if event.type == TOMBSTONE_TYPE and isinstance(room_id, str) else None

    def read_mark(self, event: RoomEvent) -> PostMark | None:
        """Return which of our posts the event is; whether we sent it is the caller's to check."""
        mark = _mapping(event.content.get(MARK_KEY))
        batch_id, part, attempt = mark.get("batch"), mark.get("part"), mark.get("attempt")
        if isinstance(batch_id, str) and isinstance(part, int) and isinstance(attempt, int):
            return PostMark(batch_id=batch_id, part=part, attempt=attempt)
        return None

    def read_report(self, event: RoomEvent) -> BridgeReport | None:
        """Return what the event says of a post; whether the bridge sent it is the caller's to check."""
        status = _REPORTS.get(_string(event.content.get("status")))
        event_id = _mapping(event.content.get("m.relates_to")).get("event_id")
        if event.type != STATUS_TYPE or status is None or not isinstance(event_id, str):
            return None
        # The first two name the cause, each on one line of the bridge; the message is for people.
        causes = (_string(event.content.get(key)) for key in ("error", "internal_error", "message"))
        reason = next(filter(None, causes), "")
        return BridgeReport(event_id=event_id, status=status, reason=one_line(reason, 200) or None)


def _chat_id(content: Mapping[str, object]) -> int | None:
    """Return the number of the Telegram group, from the mark of the one bridge line or the link of both."""
    chat_id = _mapping(content.get(_TELEGRAM_SOURCE)).get("chat_id")
    if isinstance(chat_id, int):
        return chat_id
    link = _PRIVATE_LINK.match(_string(content.get("external_url")))
    return int(link[1]) if link else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _read_words(event_type: str, content: Mapping[str, object]) -> tuple[str | None, str]:
    """Return what kind of thing was sent, None for a text, and the words with it.

    Normalised here, so that an invisible character in front can't make an answer of a command.
    """
    body = normalise(_string(content.get("body")))
    if event_type == "m.sticker":
        return "sticker", body
    msgtype = _string(content.get("msgtype"))
    if msgtype in _TEXT_TYPES:
        return None, _with_links(body, content)
    if msgtype == "m.location":
        return "location", _with_links(body, content)
    word = _MEDIA_WORDS.get(msgtype)
    if word is None:
        return None, ""
    # The body is a caption only where the file's name stands beside it.
    is_caption = "filename" in content and content["filename"] != content.get("body")
    return word, _with_links(body, content) if is_caption else ""


def _with_links(body: str, content: Mapping[str, object]) -> str:
    """Return the body with the address of each link whose words hide it.

    The customer sees text, and a link must be shown whole.
    """
    if content.get("format") != "org.matrix.custom.html":
        return body
    parser = _Links()
    try:
        parser.feed(_string(content.get("formatted_body")))
        parser.close()
        parser.end_link()
    except AssertionError:
        return body  # html.parser gives up on some malformed declarations
    hidden = dict.fromkeys(
        url for url, words in parser.links if not _shows(words, url) and url not in body.split()
    )
    return normalise("\n".join([body, *hidden]))


def _shows(words: str, url: str) -> bool:
    """Tell whether a link's words are its address, with or without what browsers leave out."""
    plain = url.partition("://")[2].rstrip("/")
    return words.strip().partition("://")[2].rstrip("/") == plain or words.strip().rstrip("/") == plain


class _Links(HTMLParser):
    """Collects links with their words, but for mentions of Matrix users and what stands in the quote."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self._url: str | None = None
        self._words = ""
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the beginning of a link or of the quoted part."""
        named = dict(attrs)
        if (
            tag == "mx-reply"
            or (tag == "blockquote" and _PARTIAL_REPLY in named)
            or (self._quotes and tag in _QUOTES)
        ):
            self._quotes += 1
        if tag == "a":
            self.end_link()  # one that nobody closed
        url = named.get("href") or ""
        if tag == "a" and not self._quotes and url.startswith(("http://", "https://")):
            self._url, self._words = (None if "//matrix.to/" in url else url), ""

    def handle_data(self, data: str) -> None:
        """Collect a link's words."""
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a link or of the quoted part."""
        if tag in _QUOTES and self._quotes:
            self._quotes -= 1
        if tag == "a":
            self.end_link()

    def end_link(self) -> None:
        """Take in the link that is open, if one is."""
        if self._url:
            self.links.append((self._url, self._words))
            self._url = None
