"""The statements that the plugin gives to its database, as a test sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mautrix.util.async_db.connection import LoggingConnection

from plugin.db.database import _Gathered

# On SQLite every answer is `fetch`'s.
_KINDS = {_Gathered: ("execute", "fetch"), LoggingConnection: ("execute", "fetch", "fetchrow", "fetchval")}


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give the statements of the block, BEGIN and COMMIT among them, in their order."""
    seen: list[str] = []
    with monkeypatch.context() as patch:
        for kind, names in _KINDS.items():
            for name in names:
                patch.setattr(kind, name, _noting(seen, getattr(kind, name)))
        yield seen


def _noting(seen: list[str], statement: Callable[..., Any]) -> Callable[..., Any]:
    async def noted(self: LoggingConnection, query: str, *args: object, **more: object) -> Any:
        seen.append(query)
        return await statement(self, query, *args, **more)

    return noted
