"""What widgets ask of the screen they are on."""

from __future__ import annotations

from textual.message import Message


class LoginNeeded(Message):
    """The desk does not know the token any more."""


class Said(Message):
    """A sentence to show for a few seconds."""

    def __init__(self, text: str, *, failed: bool = False) -> None:
        self.text, self.failed = text, failed
        super().__init__()
