"""What may stand in the log: nothing that people wrote, no secret, and nothing that moves a terminal.

maubot's example configuration has every logger at DEBUG. Its libraries then write down each value that goes
into an SQLite file, and the paths of requests as they were decoded.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator

_STATEMENTS = "aiosqlite"
"""Its lines at DEBUG are statements with their values."""

_UNREADABLE = "Failed to deserialize "
"""How mautrix begins to say, at any level, that it can't read an event; the whole of it follows."""

_REQUESTS = ("aiohttp.access", "aiohttp.server")
"""Paths may hold line ends and escapes; what is said of a request that can't be read repeats its headers."""


class _Plain(logging.Filter):
    """Lets a line be one line of characters that can be seen, and an error its kind and its place."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; none is dropped."""
        record.msg, record.args = _visible(record.getMessage()), ()
        error = record.exc_info and record.exc_info[1]
        if error:
            record.exc_text = "".join(_places(error))
        record.exc_info = None
        return True


class _NoDetails(logging.Filter):
    """Drops what only a developer of the library itself would read."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is more than such a detail."""
        return record.levelno > logging.DEBUG


class _NoEvents(logging.Filter):
    """Takes out of a line the event that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; none is dropped."""
        if record.getMessage().startswith(_UNREADABLE):
            record.msg, record.args = f"{_UNREADABLE}an event of a room", ()
        return True


def keep_clean(log: logging.Logger, clients: logging.Logger) -> Callable[[], None]:
    """Keep the plugin's log clean, its Matrix client's, and what libraries write on its behalf.

    Several plugins of one maubot may do so at once, each for itself. Return what undoes it.
    """
    named = [log, clients, *map(logging.getLogger, (*_REQUESTS, _STATEMENTS))]
    added: list[tuple[logging.Logger, logging.Filter]] = [(one, _Plain()) for one in named]
    added += [(clients, _NoEvents()), (logging.getLogger(_STATEMENTS), _NoDetails())]
    for logger, one in added:
        logger.addFilter(one)

    def undo() -> None:
        for logger, one in added:
            logger.removeFilter(one)

    return undo


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _places(error: BaseException) -> Iterator[str]:
    """Say of an error, and of what led to it, where it arose; its text may repeat what somebody wrote."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _places(cause)
        yield "\nThen:\n\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}"
