"""Where a token is kept: in the system's keyring if that answers soon, else in a file of one's own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from .files import locked, make_folder, read_text, write_whole

T = TypeVar("T")

PATIENCE = 3.0
"""Seconds that the keyring may take; one that waits for a screen nobody sees would never answer."""

_SERVICE = "headset"


class KeyringSilent(Exception):
    """The system's keyring gave no answer in time, or keeps what it should not."""


class TokenKeeper:
    """The token of one profile at one desk. Its methods may take some seconds: not for an event loop."""

    def __init__(self, *, profile: str, url: str, folder: Path, patience: float = PATIENCE) -> None:
        self._folder, self._patience = folder, patience
        self.path = folder / "token"
        # With the address: a token is never sent to a desk that it is not of.
        self._name = f"{profile} {url}"

    def load(self) -> str | None:
        """Return the token, None where there is none. Raises KeyringSilent."""
        token = (read_text(self.path) or "").strip()
        if token:
            return token
        return self._ask(_get, self._name)

    def save(self, token: str) -> str:
        """Keep the token; return where it is, for a person. Raises OSError."""
        make_folder(self._folder)
        with locked(self._folder / ".token.lock"):
            try:
                is_kept = self._ask(_set, self._name, token)
            except KeyringSilent:
                is_kept = False
            if is_kept:
                self.path.unlink(missing_ok=True)
                return "the system's keyring"
            write_whole(self.path, token + "\n")
            return f"{self.path}, which only you can read"

    def forget(self) -> None:
        """Keep the token nowhere any more. Raises OSError, KeyringSilent."""
        self.path.unlink(missing_ok=True)
        if self._ask(_delete, self._name) is False:
            raise KeyringSilent("The system's keyring did not let the token go.")

    def _ask(self, action: Callable[..., T], *values: str) -> T | None:
        """Return what the keyring answers, if it does within the time; None where none works."""
        answers: queue.SimpleQueue[T | None] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(action(*values))
            except Exception:
                # Each backend fails in its own ways, importing it too: no answer is "not kept there".
                answers.put(None)

        # A daemon: a keyring that hangs must not keep the console from ending.
        threading.Thread(target=ask, name="headset-keyring", daemon=True).start()
        try:
            return answers.get(timeout=self._patience)
        except queue.Empty:
            raise KeyringSilent(f"The system's keyring did not answer within {self._patience:g} s.") from None


def _get(name: str) -> str | None:
    import keyring

    return keyring.get_password(_SERVICE, name)


def _set(name: str, token: str) -> bool:
    import keyring

    keyring.set_password(_SERVICE, name, token)
    return keyring.get_password(_SERVICE, name) == token


def _delete(name: str) -> bool:
    import keyring

    with suppress(keyring.errors.PasswordDeleteError):
        keyring.delete_password(_SERVICE, name)
    return keyring.get_password(_SERVICE, name) is None
