"""A request to the homeserver, and what its failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from mautrix.errors import MatrixError, MatrixRequestError

from ..domain.retry import is_permanent
from ..services.ports import MatrixFailed

T = TypeVar("T")

_REQUEST_SECONDS = 15.0


async def asked(request: Awaitable[T], *, lasting: frozenset[str] = frozenset()) -> T:
    """Return the homeserver's answer; what it refuses with one of `lasting` is refused for good.

    Raises:
        MatrixFailed
    """
    try:
        return await asyncio.wait_for(request, _REQUEST_SECONDS)
    except MatrixRequestError as error:
        errcode = getattr(error, "errcode", None)
        reason = f"{errcode or ''} ({error.http_status})".strip()
        permanent = is_permanent(errcode) or errcode in lasting
        raise MatrixFailed(reason, permanent=permanent, errcode=errcode) from error
    except (MatrixError, asyncio.TimeoutError, OSError) as error:
        raise MatrixFailed(type(error).__name__) from error
