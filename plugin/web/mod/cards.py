"""Tickets and customers at length, as one looks at a single one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ...services.mod.search import Match
from ...services.mod.tickets import CustomerCard, TicketCard
from ..schemas import time_json
from .shapes import block_json, customer_json, excerpt, ticket_json


def ticket_card_json(card: TicketCard, viewer_id: str) -> dict[str, Any]:
    """Return a ticket with its customer at length."""
    return {**ticket_json(card.item), "customer": customer_card_json(card.customer, viewer_id)}


def customer_card_json(card: CustomerCard, viewer_id: str) -> dict[str, Any]:
    """Return a customer at length."""
    known = card.particulars
    return {
        **customer_json(known.line),
        "email": known.email,
        "created_at": time_json(known.created_at),
        "page_url": known.page_url,
        "locale": known.locale,
        "origin": _origin(known.page_url),
        "tickets": [
            {"number": one.number, "status": one.status, "opened_at": time_json(one.opened_at)}
            for one in known.tickets
        ],
        "blocks": [block_json(entry, viewer_id, blocked=known.line.blocked) for entry in card.blocks],
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return a ticket that was found, with what was found in it; nothing where it is its number."""
    hit = match.hit
    return {
        **ticket_json(match.item),
        "match": {
            "message_id": hit and hit.message_id,
            "text": excerpt(hit.text) if hit else f"#{match.item.number}",
        },
    }


def _origin(page_url: str | None) -> str | None:
    try:
        parts = urlsplit(page_url or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else None
