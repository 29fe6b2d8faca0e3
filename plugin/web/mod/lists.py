"""Lists of the moderators' API: a page of items, and the cursor of the next one."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from ...domain.errors import Invalid

ID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
"""Pattern of an id in a path or a body."""

_CURSOR = re.compile(r"[A-Za-z0-9._-]{1,64}")


def get_after(request: web.Request) -> str | None:
    """Return the cursor `after` from the query. Raises Invalid."""
    after = request.query.get("after")
    if after is not None and not _CURSOR.fullmatch(after):
        raise bad_cursor()
    return after


def bad_cursor() -> Invalid:
    """Return the refusal of a cursor that no answer has given."""
    return Invalid("after must be the next of an earlier answer.", field="after")


def is_id(value: Any) -> bool:
    """Tell whether a value of a request has the form of an id."""
    return isinstance(value, str) and re.fullmatch(ID, value) is not None


def list_json(items: list[dict[str, Any]], following: str | None = None) -> dict[str, Any]:
    """Return a page of a list with the cursor of the next one."""
    return {"items": items, "next": following}
