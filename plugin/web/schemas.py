"""JSON in and out: what a request must hold, and how the domain looks on the wire."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from ..config import Settings
from ..domain.errors import BadJson, Invalid, TooLarge, UnsupportedMediaType
from ..domain.model import Challenge, ConversationEvent, Message, Moderator, Ticket
from ..domain.text import MAX_TEXT, normalise
from ..services.conversations import Page
from ..services.health import Health
from ..services.privacy import Export
from ..services.sessions import Visit
from ..services.support_check import CheckedHandle, CheckedMessage
from ..services.tickets import LONGEST_COMMENT
from .languages import Language

MAX_BODY = 32 * 1024
"""Bytes of a JSON body; no more than that is read from the socket."""

MOST_ITEMS = 200
DEFAULT_ITEMS = 50
_LONGEST_LOCALE = 35
_LONGEST_URL = 2000
_LARGEST = 2**53


async def read_json(request: web.Request) -> dict[str, Any]:
    """Return the body, a JSON object.

    Raises:
        UnsupportedMediaType, TooLarge, BadJson
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    body = await _read_limited(request)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadJson from error
    if not isinstance(data, dict):
        raise BadJson
    return data


async def _read_limited(request: web.Request) -> bytes:
    body = bytearray()
    too_large = (request.content_length or 0) > MAX_BODY
    while not too_large:
        chunk = await request.content.read(MAX_BODY + 1 - len(body))
        if not chunk:
            return bytes(body)
        body += chunk
        too_large = len(body) > MAX_BODY
    # The rest is never read: the gate closes the connection with this answer.
    raise TooLarge(f"A body may have {MAX_BODY} bytes.", limit=MAX_BODY)


def get_text(data: Mapping[str, Any], field: str) -> str:
    """Return a field that must be a string. Raises Invalid."""
    value = data.get(field)
    if not isinstance(value, str):
        raise Invalid(f"{field} must be a string.", field=field)
    return value


def get_optional_text(data: Mapping[str, Any], field: str, limit: int) -> str | None:
    """Return a field that may be absent or null, normalised. Raises Invalid."""
    if data.get(field) is None:
        return None
    text = normalise(get_text(data, field))
    if len(text) > limit:
        raise Invalid(f"{field} may have {limit} characters.", field=field, limit=limit)
    return text


def get_flag(data: Mapping[str, Any], field: str) -> bool:
    """Return a truth value that may be absent, and then is false. Raises Invalid."""
    value = data.get(field, False)
    if not isinstance(value, bool):
        raise Invalid(f"{field} must be true or false.", field=field)
    return value


def get_client_id(data: Mapping[str, Any]) -> str:
    """Return `client_id`, a UUID, in its one usual form. Raises Invalid."""
    text = get_text(data, "client_id")
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Invalid("client_id must be a UUID.", field="client_id") from None


def get_session_fields(data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return `locale` and `page_url`. Raises Invalid."""
    return get_optional_text(data, "locale", _LONGEST_LOCALE), get_optional_text(
        data, "page_url", _LONGEST_URL
    )


def get_rating(data: Mapping[str, Any]) -> tuple[int, str | None]:
    """Return `score`, 1 to 5, and `comment`. Raises Invalid."""
    score = data.get("score")
    if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5:
        raise Invalid("score must be a whole number from 1 to 5.", field="score")
    return score, get_optional_text(data, "comment", LONGEST_COMMENT)


def get_challenge_fields(data: Mapping[str, Any]) -> tuple[str, int, str | None]:
    """Return `address`, `chain_id` and `origin`. Raises Invalid."""
    chain_id = data.get("chain_id")
    if not isinstance(chain_id, int) or isinstance(chain_id, bool):
        raise Invalid("chain_id must be a whole number.", field="chain_id")
    return get_text(data, "address"), chain_id, get_optional_text(data, "origin", _LONGEST_URL)


def get_moderator(data: Mapping[str, Any]) -> str | None:
    """Return whom a direct message is for, None in the channel `team`. Raises Invalid."""
    channel, moderator = data.get("channel"), data.get("moderator")
    if channel not in (None, "team", "direct"):
        raise Invalid("channel must be team or direct.", field="channel")
    if channel == "direct":
        return get_text(data, "moderator")
    if moderator is not None:
        # Else words meant for one person would go to a whole group.
        raise Invalid("moderator may stand only in a direct message.", field="moderator")
    return None


def get_number(request: web.Request, name: str) -> int | None:
    """Return a whole number from the query. Raises Invalid."""
    return _number(request.query.get(name), name)


def get_limit(request: web.Request) -> int:
    """Return `limit` from the query. Raises Invalid."""
    limit = get_number(request, "limit")
    if limit is None:
        return DEFAULT_ITEMS
    if not 1 <= limit <= MOST_ITEMS:
        raise Invalid(f"limit must be 1 to {MOST_ITEMS}.", field="limit", limit=MOST_ITEMS)
    return limit


def get_last_event_id(request: web.Request) -> int | None:
    """Return the header Last-Event-ID. Raises Invalid."""
    return _number(request.headers.get("Last-Event-ID"), "Last-Event-ID")


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > _LARGEST:
        raise Invalid(f"{name} must be a whole number from 0.", field=name)
    return int(text)


def time_json(at: datetime | None) -> str | None:
    """Return RFC 3339 with milliseconds, in UTC."""
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def message_json(message: Message) -> dict[str, Any]:
    """Return a message as customers see it, the same whether its author is blocked or not."""
    author = message.author
    return {
        "id": message.id,
        "seq": message.seq,
        "ticket": message.ticket,
        "channel": message.channel,
        "moderator": message.moderator_id,
        "author": {"kind": author.kind, "id": author.id, "name": author.name, "verified": author.verified},
        "text": "" if message.deleted_at else message.text,
        "reply_to": message.reply_to,
        "client_id": message.client_id,
        "created_at": time_json(message.created_at),
        "edited_at": time_json(message.edited_at),
        "deleted_at": time_json(message.deleted_at),
    }


def page_json(page: Page, *, forward: bool) -> dict[str, Any]:
    """Return a list of messages with the cursor of the next page in the direction of reading."""
    edge = page.messages[-1 if forward else 0] if page.messages and page.more else None
    return {
        "items": [message_json(message) for message in page.messages],
        "next": str(edge.seq) if edge else None,
        "last_event_id": page.last_event,
    }


def event_block(event: ConversationEvent) -> bytes:
    """Return an event of a stream as it goes over the wire."""
    about = message_json(event.message) if event.message else ticket_json(event.ticket)
    return stream_block(event.number, event.type, about)


def stream_block(number: int, event_type: str, about: Mapping[str, Any] | None) -> bytes:
    """Return an event of any stream as it goes over the wire."""
    data = json.dumps(about, ensure_ascii=False)
    return f"id: {number}\nevent: {event_type}\ndata: {data}\n\n".encode()


def ticket_json(ticket: Ticket | None) -> dict[str, Any] | None:
    """Return a ticket as its customer sees it."""
    if ticket is None:
        return None
    return {"number": ticket.number, "status": ticket.status, "score": ticket.score}


def health_json(health: Health) -> dict[str, Any]:
    """Return each check in a word."""
    return {"status": health.status, "checks": health.checks}


def export_json(export: Export) -> dict[str, Any]:
    """Return an export but for its messages."""
    return {
        "customer": {
            "id": export.customer.id,
            **export.particulars,
            "created_at": time_json(export.customer.created_at),
        },
        "tickets": [
            {
                "number": ticket.number,
                "status": ticket.status,
                "opened_at": time_json(ticket.opened_at),
                "closed_at": time_json(ticket.closed_at),
                "score": ticket.score,
                "comment": comment,
            }
            for ticket, comment in export.tickets
        ],
    }


def visit_json(visit: Visit) -> dict[str, Any]:
    """Return a session as its own page sees it."""
    return {
        "id": visit.session.id,
        "created_at": time_json(visit.session.created_at),
        "customer": {
            "id": visit.customer.id,
            "identity": visit.customer.identity,
            "name": visit.customer.name,
            # A user's id is the host site's matter, which knows it.
            "account": visit.customer.account if visit.customer.identity == "wallet" else None,
        },
        "ticket": ticket_json(visit.ticket),
    }


def moderators_json(moderators: Sequence[Moderator]) -> dict[str, Any]:
    """Return those who can be written to, as customers see them."""
    return {"items": [{"id": m.id, "name": m.name, "avatar_url": None, "verified": True} for m in moderators]}


def checked_json(found: CheckedHandle | CheckedMessage) -> dict[str, Any]:
    """Return what is known of a pasted handle or message, and no more."""
    if isinstance(found, CheckedHandle):
        return {"kind": "handle", "official": found.official}
    return {"kind": "message", "in_conversation": found.in_conversation}


def token_json(token: str, visit: Visit) -> dict[str, Any]:
    """Return a new token with its session."""
    return {"token": token, "session": visit_json(visit)}


def challenge_json(challenge: Challenge) -> dict[str, Any]:
    """Return a text to sign."""
    return {
        "message": challenge.message,
        "nonce": challenge.nonce,
        "expires_at": time_json(challenge.expires_at),
    }


def config_json(
    settings: Settings,
    *,
    features: Mapping[str, bool],
    chains: Sequence[int],
    moderators: int,
    language: Language,
    languages: Sequence[Language],
) -> dict[str, Any]:
    """Return what a page needs to know before it has a session, with the texts of one language."""
    return {
        "name": settings.widget.name,
        "color": settings.widget.color,
        "locale": language.code,
        "dir": language.dir,
        "languages": [{"code": one.code, "name": one.name, "dir": one.dir} for one in languages],
        "texts": dict(language.texts),
        "features": dict(features),
        "wallet": {"chains": list(chains)},
        "moderators": moderators,
        "limits": {
            "text": MAX_TEXT,
            "body": MAX_BODY,
            "messages_per_minute": settings.limits.messages_per_minute,
        },
    }
