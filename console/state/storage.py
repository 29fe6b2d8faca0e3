"""What the console keeps for a profile: drafts, how far tickets are read, and settings."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from .config import ConfigFile, Settings
from .files import FileLock, locked, make_folder, read_text, remove_folder, write_whole
from .writer import Job, Writer

MOST_DRAFTS = 200
LONGEST_DRAFT = 100_000
"""Characters; more than a desk ever takes."""

MOST_MARKS = 10_000
_FORGOTTEN = 90 * 86400
"""Seconds after which a draft that nobody has come back to is dropped."""

_LOCK = "lock"


class Drafts:
    """What is typed and not sent, by a key such as `t1042`.

    Each running console has a folder of its own, so that no two write the same file. What a console leaves
    behind, however it ends, the next one takes over.
    """

    def __init__(self, folder: Path, writer: Writer) -> None:
        self._folder, self._writer = folder, writer
        self._own = folder / secrets.token_hex(8)
        self._alive = FileLock(self._own / _LOCK)
        self._texts: dict[str, str] = {}
        with self._alone():
            make_folder(self._own)
            self._alive.take(wait=False)
            self._adopt(None)
        # Oldest first: that is the one to go when there are too many.
        self._texts = dict(reversed(self._texts.items()))

    def get(self, key: str) -> str:
        """Return the draft, empty if there is none."""
        if key not in self._texts:
            with suppress(OSError), self._alone():
                self._adopt(key)
        return self._texts.get(key, "")

    def set(self, key: str, text: str) -> None:
        """Keep a draft; an empty one is forgotten."""
        self._texts.pop(key, None)
        text = text[:LONGEST_DRAFT]
        if text:
            self._texts[key] = text
        self._write(key, text)
        while len(self._texts) > MOST_DRAFTS:
            oldest = next(iter(self._texts))
            del self._texts[oldest]
            self._write(oldest, "")

    def keys(self) -> frozenset[str]:
        """Return the keys that have a draft."""
        return frozenset(self._texts)

    def close(self) -> None:
        """Leave what is there for the next console."""
        with suppress(OSError), self._alone():
            self._alive.release()
            if not _files(self._own):
                remove_folder(self._own)

    def _alone(self) -> Any:
        return locked(self._folder / ".lock")

    def _write(self, key: str, text: str) -> None:
        self._writer.submit(f"draft {key}", partial(_put, self._own / quote(key, safe=""), text))

    def _adopt(self, key: str | None) -> None:
        """Take over the newest draft of `key`, or of each key, that a console has left behind."""
        left = [folder for folder in self._folder.iterdir() if folder.is_dir() and self._is_left(folder)]
        for file in sorted((file for folder in left for file in _files(folder)), key=_age):
            name = unquote(file.name)
            if _age(file) > _FORGOTTEN:
                file.unlink()
            elif (key is None or name == key) and name not in self._texts:
                self._texts[name] = read_text(file) or ""
                file.replace(self._own / file.name)
        for folder in left:
            if not _files(folder):
                remove_folder(folder)

    def _is_left(self, folder: Path) -> bool:
        if folder == self._own:
            return False
        lock = FileLock(folder / _LOCK)
        is_free = lock.take(wait=False)
        lock.release()
        return is_free


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.name != _LOCK and not file.name.startswith(".")]


def _age(file: Path) -> float:
    return time.time() - file.stat().st_mtime


def _put(path: Path, text: str) -> None:
    if text:
        write_whole(path, text)
    else:
        path.unlink(missing_ok=True)


class ReadMarks:
    """How far each ticket is read: the `seq` of the newest message that was looked at."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self._path, self._writer = path, writer
        self._guard = threading.Lock()
        self._marks = _read_marks(path)
        self._new: dict[str, int] = {}

    def get(self, key: str | int) -> int:
        """Return the mark, 0 if there is none."""
        with self._guard:
            return self._marks.get(str(key), 0)

    def set(self, key: str | int, seq: int) -> None:
        """Move a mark forward."""
        with self._guard:
            if seq <= self._marks.get(str(key), 0):
                return
            self._marks[str(key)] = self._new[str(key)] = seq
        self._writer.submit("read marks", self._write)

    def _write(self) -> None:
        """Write the new marks among those of other consoles."""
        with locked(self._path.with_name(f".{self._path.name}.lock")):
            with self._guard:
                new = dict(self._new)
            marks = _merge(_read_marks(self._path), new.items())
            write_whole(self._path, json.dumps(marks))
        with self._guard:
            for key, seq in new.items():
                if self._new.get(key) == seq:
                    del self._new[key]
            self._marks = _merge(marks, self._new.items())


def _merge(marks: dict[str, int], newer: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the marks with the newer ones at the end, and no more than are kept."""
    for key, seq in newer:
        marks[key] = max(seq, marks.pop(key, 0))
    return dict(list(marks.items())[-MOST_MARKS:])


def _read_marks(path: Path) -> dict[str, int]:
    # What is not whole is no loss: tickets show as unread.
    with suppress(OSError, ValueError):
        marks = json.loads(read_text(path) or "{}")
        if isinstance(marks, dict):
            return {key: seq for key, seq in marks.items() if type(seq) is int}
    return {}


class Store:
    """All that a profile keeps, but for its token."""

    def __init__(self, folder: Path, config: ConfigFile) -> None:
        make_folder(folder)
        self._config, self._writer = config, Writer()
        self.settings: Settings = config.read().settings
        self.drafts = Drafts(folder / "drafts", self._writer)
        self.read = ReadMarks(folder / "read.json", self._writer)

    def change(self, **values: Any) -> None:
        """Set some of the settings, by their names."""
        self.settings = replace(self.settings, **values)
        for name, value in values.items():
            self._writer.submit(f"setting {name}", partial(self._config.change_settings, **{name: value}))

    @property
    def problem(self) -> str | None:
        """Why something could not be kept, as long as it is so."""
        return self._writer.problem

    def submit(self, name: str, job: Job) -> None:
        """Have something else kept in the background, in place of what waits under that name."""
        self._writer.submit(name, job)

    def flush(self) -> bool:
        """Wait until all is written; return whether it is."""
        return self._writer.flush()

    def close(self) -> bool:
        """Write what is left and make room for the next console; return whether all is written."""
        is_written = self.flush()
        self.drafts.close()
        return is_written
