"""Refusals on the wire: RFC 9457 problem documents with a stable code."""

from __future__ import annotations

import json

from aiohttp import web

from ..domain.errors import HeadsetError, MethodNotAllowed, NotFound, TooLarge, Unavailable

RETRY_AFTER = 5
"""Seconds a client is told to wait when something went wrong inside."""

_BY_STATUS: dict[int, type[HeadsetError]] = {404: NotFound, 405: MethodNotAllowed, 413: TooLarge}


def problem_response(error: HeadsetError) -> web.Response:
    """Return the response for a refusal; `retry_after` among its members becomes the header too."""
    document = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        **error.members,
    }
    response = web.Response(
        status=error.status, body=json.dumps(document).encode(), content_type="application/problem+json"
    )
    if "retry_after" in error.members:
        response.headers["Retry-After"] = str(error.members["retry_after"])
    return response


def from_aiohttp(error: web.HTTPException) -> HeadsetError:
    """Return the refusal that stands for one of aiohttp's own."""
    refusal = _BY_STATUS.get(error.status)
    return refusal() if refusal else Unavailable(retry_after=RETRY_AFTER)
