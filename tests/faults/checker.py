"""Holds what was written against what stands in Telegram, in the room, and with every customer."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from tests.faults.plan import Counts

_HEADING = re.compile(r"#(\d+) · ")
_ANY = re.compile(r"<[\d.]+>|\[[\d.]+\]")


@dataclass(frozen=True, order=True, kw_only=True)
class Token:
    """What a text is known by again: whose conversation it belongs to, and its number there."""

    crowd: int
    customer: int
    number: int


def message_token(token: Token) -> str:
    """Return what stands in a customer's message."""
    return f"<{token.crowd}.{token.customer}.{token.number}>"


def reply_token(token: Token) -> str:
    """Return what stands in a moderator's reply."""
    return f"[{token.crowd}.{token.customer}.{token.number}]"


def messages_in(text: str) -> list[Token]:
    """Return the customers' messages that a text carries, in order."""
    return _find(r"<(\d+)\.(\d+)\.(\d+)>", text)


def replies_in(text: str) -> list[Token]:
    """Return the replies that a text carries, in order."""
    return _find(r"\[(\d+)\.(\d+)\.(\d+)\]", text)


def _find(pattern: str, text: str) -> list[Token]:
    found = re.findall(pattern, text)
    return [Token(crowd=int(a), customer=int(b), number=int(c)) for a, b, c in found]


@dataclass(frozen=True, kw_only=True)
class RoomPost:
    """One post of the bot's in the support room."""

    batch: str
    attempt: int
    part: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """What one customer was told that it is taken, and what moderators have answered."""

    messages: Sequence[Token]
    """In the order of `seq`."""
    replies: Sequence[Token]
    tickets: Collection[int]
    overtaken: int = 0
    """Messages that got no later `seq` than one that was taken before they were written."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one customer has got."""

    stream: Sequence[str]
    """The texts of all `message.created`, over all connections, in order."""
    history: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that can be looked at once a run is over."""

    telegram: Sequence[str] | None
    """The relay bot's messages in the group; None where no bridge was running."""
    room: Sequence[RoomPost]
    customers: Sequence[Seen]


def count(
    written: Sequence[Written], evidence: Evidence, *, excused: Collection[Token] = frozenset()
) -> Counts:
    """Count what is wrong; `excused` need not be in Telegram: the team was shown that it failed."""
    total = _count_room(evidence.room)
    team_side = [post.text for post in evidence.room] if evidence.telegram is None else evidence.telegram
    by_customer = _by_customer(team_side)
    for number, (one, seen) in enumerate(zip(written, evidence.customers, strict=True)):
        crowd = one.messages[0].crowd if one.messages else None
        posts = by_customer[crowd, number]
        if evidence.telegram is None:
            posts = list(dict.fromkeys(posts))  # a later attempt stands there, too: see _count_room
        total += _compare([token for token in one.messages if token in posts or token not in excused], posts)
        total += _count_headings(team_side, one)
        total += Counts(out_of_order=one.overtaken + _count_interleaving(seen))
        for side in (seen.stream, seen.history):
            total += _compare(one.messages, _tokens(side, messages_in))
            total += _compare(one.replies, _tokens(side, replies_in))
    return total


def _by_customer(texts: Iterable[str]) -> dict[tuple[int | None, int], list[Token]]:
    found: dict[tuple[int | None, int], list[Token]] = defaultdict(list)
    for token in _tokens(texts, messages_in):
        found[token.crowd, token.customer].append(token)
    return found


def _tokens(texts: Iterable[str], find: Callable[[str], list[Token]]) -> list[Token]:
    return [token for text in texts for token in find(text)]


def _compare(wanted: Sequence[Token], found: Sequence[Token]) -> Counts:
    place = {token: at for at, token in enumerate(wanted)}
    own = [token for token in found if token in place]
    once = list(dict.fromkeys(own))
    return Counts(
        lost=len(place) - len(once),
        double=len(own) - len(once),
        out_of_order=sum(place[b] < place[a] for a, b in itertools.pairwise(once)),
        misdelivered=len(found) - len(own),
    )


def _count_interleaving(seen: Seen) -> int:
    """Messages and replies must stand among each other on the stream as they do in the history."""
    in_history = dict.fromkeys(_ANY.findall("\n".join(seen.history)))
    place = {found: at for at, found in enumerate(in_history)}
    on_stream = [found for found in _ANY.findall("\n".join(seen.stream)) if found in place]
    pairs = itertools.pairwise(dict.fromkeys(on_stream))
    # Two of a kind have been compared with what was written.
    return sum(place[b] < place[a] and a[0] != b[0] for a, b in pairs)


def _count_room(posts: Sequence[RoomPost]) -> Counts:
    """A message is double there if it went out in two batches, or in one attempt twice."""
    batches: dict[Token, set[str]] = defaultdict(set)
    sent: dict[tuple[str, int, int], int] = defaultdict(int)
    for post in posts:
        sent[post.batch, post.attempt, post.part] += 1
        for token in messages_in(post.text):
            batches[token].add(post.batch)
    return Counts(
        double=sum(len(found) - 1 for found in batches.values()) + sum(n - 1 for n in sent.values())
    )


def _count_headings(texts: Iterable[str], one: Written) -> Counts:
    """A post that carries a customer's message under somebody else's ticket misleads the team."""
    own = set(one.messages)
    wrong = 0
    for text in texts:
        if own.isdisjoint(messages_in(text)):
            continue
        heading = _HEADING.search(text)
        wrong += (
            heading is None or int(heading[1]) not in one.tickets or not own.issuperset(messages_in(text))
        )
    return Counts(misdelivered=wrong)
