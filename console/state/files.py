"""Files that are whole at any time, are nobody else's to read, and are written by one at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing; only its owner may enter them."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a crash leaves the old one or the new one; only its owner may read it.

    Two writers of one file hold its lock (`locked`) or know of each other.
    """
    target = path.resolve()  # a link into somebody's collection of dotfiles stays a link
    new = target.with_name(f".{target.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    new.replace(target)


def read_text(path: Path) -> str | None:
    """Return what a file holds, None where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "surrogatepass")
    except FileNotFoundError:
        return None


class FileLock:
    """A lock that ends with the process that holds it, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, *, wait: bool) -> bool:
        """Take the lock; return whether it was free, which it is in the end where one waits."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)
        try:
            _lock(descriptor, wait=wait)
        except OSError:
            os.close(descriptor)
            if wait:
                raise
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only one, among all consoles of this machine, who holds this lock."""
    make_folder(path.parent)
    lock = FileLock(path)
    lock.take(wait=True)
    try:
        yield
    finally:
        lock.release()


def remove_folder(path: Path) -> None:
    """Remove a folder of files; whatever can't be removed stays."""
    with suppress(OSError):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
