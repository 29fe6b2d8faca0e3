"""Lists of the moderators' API: a page of items, and the cursor of the next one."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from ...domain.errors import Invalid

_CURSOR = re.compile(r"[A-Za-z0-9._-]{1,64}")


def get_after(request: web.Request) -> str | None:
    """Return the cursor `after` from the query. Raises Invalid."""
    after = request.query.get("after")
    if after is not None and not _CURSOR.fullmatch(after):
        raise Invalid("after must be the next of an earlier answer.", field="after")
    return after


def list_json(items: list[dict[str, Any]], following: str | None = None) -> dict[str, Any]:
    """Return a page of a list with the cursor of the next one."""
    return {"items": items, "next": following}
