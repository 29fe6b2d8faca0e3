"""What a customer's messages look like in the team's group."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Customer
from .text import TELEGRAM_UNITS, neutralise, one_line, split, utf16_units

MARK_UNITS = 64
"""Kept free in each post, so that the delivered mark can be added by an edit."""

SENDER_UNITS = 160
"""Kept free for the sender's name, which the bridge puts in front unless its operator turned that off."""

POST_UNITS = TELEGRAM_UNITS - MARK_UNITS - SENDER_UNITS

_NAME_CHARACTERS = 64
_NUMBERING_UNITS = len(" (99/99)")


def heading(ticket: int | None, customer: Customer) -> str:
    """Return the first line of a post: the ticket's number, where there is one, and who it is."""
    name = customer.name and neutralise(one_line(customer.name, _NAME_CHARACTERS))
    who = name or short_account(customer) or customer.identity
    return who if ticket is None else f"#{ticket} · {who}"


def console_heading(ticket: int, moderator: str) -> str:
    """Return the first line of a post that shows the group what a moderator answered from the console."""
    return f"#{ticket} · {neutralise(one_line(moderator, _NAME_CHARACTERS))} (console)"


def short_account(customer: Customer) -> str | None:
    """Return the two ends of a wallet's address, as wallets show it; None for any other customer."""
    if customer.identity != "wallet" or not customer.account:
        return None
    address = customer.account.rpartition(":")[2]
    return f"{address[:6]}…{address[-4:]}"


def join_and_split(head: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the posts that carry `texts` under `head`; several are numbered.

    A post starts with the heading and never with a customer's text: the bridge swallows a body
    that starts with its command prefix.
    """
    # Tabs become four spaces on the way through the bridge; here they count as what they become.
    body = "\n\n".join(neutralise(text) for text in texts).replace("\t", "    ")
    pieces = split(body, POST_UNITS - utf16_units(head) - _NUMBERING_UNITS - 1)
    if len(pieces) == 1:
        return (f"{head}\n{body}",)
    return tuple(f"{head} ({i}/{len(pieces)})\n{piece}" for i, piece in enumerate(pieces, start=1))


def fits_one_post(head: str, texts: Sequence[str]) -> bool:
    """Tell whether `texts` may be joined into one post."""
    # What makes a text inert only adds to it, so that many need no closer look.
    if len(head) + sum(map(len, texts)) > POST_UNITS:
        return False
    return len(join_and_split(head, texts)) == 1


def mark_line(names: Sequence[str]) -> str:
    """Return the line that says whose answer the customer has got; it fits into what is kept free for it."""
    line = one_line("✓ " + ", ".join(names), MARK_UNITS)
    # One unit is the line break, and a character may take two.
    if utf16_units(neutralise(line)) >= MARK_UNITS:
        line = one_line(line, (MARK_UNITS - 1) // 2)
    return neutralise(line)
