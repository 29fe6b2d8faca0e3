"""The door that no secret passes: for customers' texts before they are stored, the team's before sending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus

from ..db.transaction import Transaction
from ..domain.errors import SecretRefused, SecretSuspected
from ..domain.model import Customer, Message
from ..domain.secret_requests import asks_for_secret
from ..domain.secrets import Kind, judge

Derives = Callable[[Customer, bytes], bool]
"""Tells whether 32 bytes are the private key of the customer's own account."""

_FORMER = 2
"""So many of the customer's last messages are read together with a new one."""

_REFUSED = "No seed phrase or private key is ever needed here, and none is taken. Nothing was stored."
_SUSPECTED = (
    "This looks like a part of a seed phrase, or like a private key. Nothing was stored."
    " If it is neither, send it again as confirmed."
)
MOVE_FUNDS = (
    "Your last messages together hold a secret that opens a wallet. They were taken back here and in our"
    " team's chat, but somebody may have seen them: move your funds to a new wallet now."
    " No moderator ever needs your seed phrase or private key."
)
"""What a customer is told whose former messages turned out to be parts of a secret."""


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A secret that a text would complete; `parts` are the former messages that hold the rest."""

    kind: Kind
    parts: list[Message]

    def refusal(self) -> SecretRefused:
        """Return what the customer is answered."""
        return SecretRefused(MOVE_FUNDS, kind=self.kind, earlier=True)


async def examine(
    tx: Transaction, customer: Customer, text: str, *, confirmed: bool, derives: Derives | None
) -> Completed | None:
    """Let a customer's text pass, or return the secret that it would complete.

    Raises:
        SecretRefused: the text is a secret by itself.
        SecretSuspected: it may be one, and the customer has not `confirmed` that it is none.
    """
    former = await tx.conversations.list_last_own(customer.id, _FORMER)
    finding = judge(
        text,
        earlier=[message.text for message in former],
        derives=None if derives is None else lambda key: derives(customer, key),
    )
    if finding is None or (finding.certainty == "suspected" and confirmed):
        return None
    if finding.certainty == "suspected":
        raise SecretSuspected(_SUSPECTED, kind=finding.kind)
    if not finding.earlier:
        raise SecretRefused(_REFUSED, kind=finding.kind, earlier=False)
    return Completed(kind=finding.kind, parts=former[-finding.earlier :])


def refuse_secret(text: str) -> None:
    """Raise SecretRefused for a text beside the conversation that is a secret."""
    finding = judge(text)
    if finding is not None and finding.certainty == "refused":
        raise SecretRefused(_REFUSED, kind=finding.kind, earlier=False)


def without_secret(url: str | None) -> str | None:
    """Return the address of the customer's page, None where it gives a secret away.

    Nobody typed it for us, so it is no reason to refuse anything.
    """
    finding = judge(unquote_plus(url)) if url else None
    return None if finding is not None and finding.certainty == "refused" else url


def why_held(text: str) -> str | None:
    """Return why a text of the team's is not to be sent as it is, in words for the team; None: it may be."""
    if asks_for_secret(text):
        return "it asks for a secret"
    finding = judge(text)
    return "there is a secret in it" if finding is not None and finding.certainty == "refused" else None
