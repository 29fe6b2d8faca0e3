"""Every line that any logger of this process writes, at any level, as a file would have it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_ALL = 1


class Ear(logging.Handler):
    """Keeps the lines."""

    def __init__(self) -> None:
        super().__init__(_ALL)
        self.setFormatter(logging.Formatter("%(levelname)s@%(name)s %(message)s"))
        self.lines: list[str] = []
        self.heads: list[tuple[str, str]] = []
        """Logger and message, without what is said of an error below it."""

    def clear(self) -> None:
        """Forget what was heard."""
        self.lines.clear()
        self.heads.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(self.format(record))
        self.heads.append((record.name, record.getMessage()))


@contextmanager
def hearing() -> Iterator[Ear]:
    """Let all loggers, those too that have a level of their own, write everything."""
    root, ear = logging.getLogger(), Ear()
    named = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    levels = {one: one.level for one in [root, *named]}
    for one in named:
        one.setLevel(logging.NOTSET)
    root.setLevel(_ALL)
    root.addHandler(ear)
    try:
        yield ear
    finally:
        root.removeHandler(ear)
        for one, level in levels.items():
            one.setLevel(level)
