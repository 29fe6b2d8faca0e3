"""The search index, as it is kept: words of the team's conversations, and of what is known of customers.

SQLite has it in an FTS5 table, PostgreSQL in a GIN index. Both have beginnings of words in it, too.
"""

from __future__ import annotations

from mautrix.util.async_db import Connection, Scheme

from ..domain.model import Message
from ..domain.words import words_of
from .columns import Row

_ADD = "INSERT INTO search_entry (customer_id, message_id) VALUES ($1, $2)"
# Of the entry that was just made: to ask for its id would take one more turn of SQLite's thread.
_ADD_WORDS = "INSERT INTO search_words (rowid, words) VALUES (last_insert_rowid(), $1)"

INDEXED_BEGINNING = 16
"""Beginnings of words up to so many characters are indexed: of longer ones there are few words to merge."""

STRETCHES = (10_000, 100_000, 1_000_000, 10_000_000)
"""PostgreSQL's index knows of each entry in which stretch of these sizes it is: it gives what it finds in no
order and all at once, so the newest are found in short time only where it is asked for a stretch of them."""

STRETCHES_OF_ID = (
    "(ARRAY["
    + ", ".join(f"id / {size} * {len(STRETCHES)} + {kind}" for kind, size in enumerate(STRETCHES))
    + "])"
)
"""What it is indexed by."""

# A beginning is told from a word by what no word has in it.
LEXEMES = f"""
    array_to_tsvector(ARRAY(
        SELECT word FROM unnest(CAST({{0}} AS TEXT[])) AS word
        UNION
        SELECT left(word, size) || '*'
        FROM unnest(CAST({{0}} AS TEXT[])) AS word, generate_series(1, {INDEXED_BEGINNING}) AS size
        WHERE size <= length(word)
    ))
"""
"""What PostgreSQL indexes of an array of words."""

_ADD_POSTGRES = f"""
    INSERT INTO search_entry (customer_id, message_id, words) VALUES ($1, $2, {LEXEMES.format("$3")})
"""

_OF_MESSAGE = "message_id = $1"
_OF_CUSTOMER = "customer_id = $1"
_OF_PARTICULARS = "customer_id = $1 AND message_id IS NULL"
_DELETE_WORDS = "DELETE FROM search_words WHERE rowid IN (SELECT id FROM search_entry WHERE {0})"
_DELETE = "DELETE FROM search_entry WHERE {0}"

_GET_PARTICULARS = "SELECT name, account, email FROM customer WHERE id = $1"

# FTS5's `secure-delete` would do it at once, but older SQLites can't read a file in which it was used.
_MERGE = "INSERT INTO search_words (search_words, rank) VALUES ('merge', $1)"
_PAGES = 200
"""Of the index that one step of merging may write."""
_CHANGES = "SELECT total_changes()"
_NOTHING_MERGED = 2
"""A step that changed fewer rows had nothing left to do; so says FTS5's manual."""


def particulars(row: Row) -> str:
    """Return what is known of a customer as a text to be found and shown."""
    return " · ".join(row[name] for name in ("name", "account", "email") if row[name])


class SearchIndex:
    """Lets texts be found. Direct messages and notes are never in it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._is_sqlite = conn.scheme == Scheme.SQLITE

    async def add_text(self, customer_id: str, message_id: str | None, text: str) -> None:
        """Let a text be found as that of a message, or as what is known of a customer."""
        words = words_of(text)
        if self._is_sqlite:
            await self._conn.execute(_ADD, customer_id, message_id)
            await self._conn.execute(_ADD_WORDS, " ".join(words))
        else:
            await self._conn.execute(_ADD_POSTGRES, customer_id, message_id, words)

    async def add_message(self, message: Message) -> None:
        """Let a message of the channel `team` be found; the notices of the desk itself are not."""
        if message.channel == "team" and message.author.kind != "system":
            await self.add_text(message.customer_id, message.id, message.text)

    async def change_message(self, message: Message, text: str) -> None:
        """Let a message be found by its new words, and by the old ones no more."""
        await self.remove_message(message.id)
        if message.channel == "team" and message.author.kind != "system":
            await self.add_text(message.customer_id, message.id, text)

    async def remove_message(self, message_id: str) -> None:
        """Let a message be found no more."""
        await self._remove(_OF_MESSAGE, message_id)

    async def put_customer(self, customer_id: str) -> None:
        """Let a customer be found by name, account and e-mail, as they are now."""
        await self._remove(_OF_PARTICULARS, customer_id)
        (row,) = await self._conn.fetch(_GET_PARTICULARS, customer_id)
        text = particulars(row)
        if text:
            await self.add_text(customer_id, None, text)

    async def remove_customer(self, customer_id: str) -> None:
        """Let nothing be found of a customer any more."""
        await self._remove(_OF_CUSTOMER, customer_id)

    async def merge(self, *, begin: bool) -> bool:
        """Go on merging SQLite's index into one piece; False once nothing deleted is left in it.

        Until then a deleted word stands in the older pieces, marked as such.
        """
        before = int(await self._conn.fetchval(_CHANGES))
        await self._conn.execute(_MERGE, -_PAGES if begin else _PAGES)
        return int(await self._conn.fetchval(_CHANGES)) - before >= _NOTHING_MERGED

    async def _remove(self, condition: str, about: str) -> None:
        if self._is_sqlite:
            await self._conn.execute(_DELETE_WORDS.format(condition), about)
        await self._conn.execute(_DELETE.format(condition), about)
