"""What requests about tickets must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from ...domain.desk import Sort, TicketFilter, TicketPlace
from ...domain.errors import Invalid
from ...domain.model import Moderator
from ...domain.text import MAX_TEXT, normalise
from ...services.mod.tickets import TicketChange
from ..schemas import DEFAULT_ITEMS, MOST_ITEMS, get_text
from .lists import bad_cursor, get_after, is_id

_STATUSES, _SIDES = ("open", "closed"), ("team", "customer")
_SORTS = ("activity", "waiting", "number")
_MOST_TAGS, _LONGEST_TAG = 10, 32
_LARGEST = 2**53
_PLACE = re.compile(r"([0-9]{1,16})\.([0-9]{1,16})")


def read_filter(values: Mapping[str, Any], caller: Moderator) -> TicketFilter:
    """Return which tickets are wanted, by a query or a body. Raises Invalid."""
    assignee = values.get("assignee")
    if assignee == "me":
        assignee = caller.id
    elif assignee not in (None, "none") and not is_id(assignee):
        raise Invalid("assignee must be an id, me or none.", field="assignee")
    return TicketFilter(
        status=_choice(values, "status", _STATUSES),
        waiting=_choice(values, "waiting", _SIDES),
        assignee=None if assignee == "none" else assignee,
        unassigned=assignee == "none",
        blocked=_read_blocked(values),
    )


def read_sort(request: web.Request) -> Sort:
    """Return in which order tickets are wanted. Raises Invalid."""
    return cast("Sort", _choice(request.query, "sort", _SORTS) or "activity")


def read_place(request: web.Request) -> TicketPlace | None:
    """Return where the page before ended. Raises Invalid."""
    after = get_after(request)
    if after is None:
        return None
    found = _PLACE.fullmatch(after)
    if found is None or max(int(found[1]), int(found[2])) > _LARGEST:
        raise bad_cursor()
    return TicketPlace(key=int(found[1]), number=int(found[2]))


def write_place(place: TicketPlace | None) -> str | None:
    """Return the cursor of the next page."""
    return None if place is None else f"{place.key}.{place.number}"


def read_search(data: Mapping[str, Any]) -> tuple[str, int | None, int]:
    """Return `q`, the entry that the page before ended with, and `limit`. Raises Invalid."""
    q, after, limit = get_text(data, "q"), data.get("after"), data.get("limit", DEFAULT_ITEMS)
    if len(q) > MAX_TEXT:
        raise Invalid(f"q may have {MAX_TEXT} characters.", field="q", limit=MAX_TEXT)
    if after is not None and not (isinstance(after, str) and re.fullmatch("[0-9]{1,16}", after)):
        raise bad_cursor()
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST_ITEMS:
        raise Invalid(f"limit must be 1 to {MOST_ITEMS}.", field="limit", limit=MOST_ITEMS)
    return q, None if after is None else int(after), limit


def read_change(data: Mapping[str, Any], caller: Moderator) -> TicketChange:
    """Return what a moderator wishes of a ticket. Raises Invalid."""
    assignee = data.get("assignee")
    if assignee not in (None, "me") and not is_id(assignee):
        raise Invalid("assignee must be an id, me or null.", field="assignee")
    return TicketChange(
        status=_choice(data, "status", _STATUSES),
        assignee=caller.id if assignee == "me" else assignee,
        unassign="assignee" in data and assignee is None,
        tags=_read_tags(data["tags"]) if "tags" in data else None,
    )


def _read_tags(tags: Any) -> tuple[str, ...]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Invalid("tags must be a list of strings.", field="tags")
    cleaned = tuple(dict.fromkeys(" ".join(normalise(tag).lower().split()) for tag in tags))
    if not all(cleaned):
        raise Invalid("A tag must not be empty.", field="tags")
    if any(len(tag) > _LONGEST_TAG for tag in cleaned):
        raise Invalid(f"A tag may have {_LONGEST_TAG} characters.", field="tags", limit=_LONGEST_TAG)
    if len(cleaned) > _MOST_TAGS:
        raise Invalid(f"A ticket may have {_MOST_TAGS} tags.", field="tags", limit=_MOST_TAGS)
    return cleaned


def _read_blocked(values: Mapping[str, Any]) -> bool:
    blocked = values.get("blocked")
    if blocked in (None, True, "true"):
        return blocked is not None
    raise Invalid("blocked may only be true.", field="blocked")


def _choice(values: Mapping[str, Any], field: str, choices: tuple[str, ...]) -> Any:
    value = values.get(field)
    if value is not None and value not in choices:
        raise Invalid(f"{field} must be one of: {', '.join(choices)}.", field=field)
    return value
