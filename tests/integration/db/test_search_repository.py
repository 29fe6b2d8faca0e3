"""The search index: what is found, in which order, and what is found no more, on both engines."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from mautrix.util.async_db import Scheme

from plugin.db.database import Database
from plugin.db.search import TOP
from plugin.domain.desk import TicketFilter
from plugin.domain.model import Author
from plugin.domain.words import read_terms

HOSTILE = (
    '"', '""', "NEAR(", "NEAR(a b, 3)", "*", "a*", "^a", "a:b", "words:a", "-a", "+", "(", ")", "a AND", "OR",
    "NOT a", "'", "\\", "a & b | !c", "<->", "a:*", "\x00", "\ud800", "%", "_", "😀", "\u202e", "{a b}",
    "a" * 4000,
    "a " * 2000, "ab" * 2000 + '"', '" OR ""', "文", "क्षि", "é" * 4000, "- - -", "$1", "?1", ";--",
    "ﷺ" * 4000,
)  # fmt: skip


class Searching:
    """Searches as a moderator does."""

    def __init__(self, database: Database, now: Any) -> None:
        self._database, self._now = database, now

    async def find(self, text: str, **wanted: Any) -> list[str | None]:
        """Return the ids of the messages that are found; None stands for a customer."""
        terms = read_terms(text)
        if terms is None:
            return []
        async with self._database.snapshot() as tx:
            entries = await tx.search.find(terms, TOP, 50)
            hits = await tx.search.read_hits(entries, TicketFilter(**wanted), self._now)
        return [hit.message_id for hit in hits]


@pytest.fixture
def search(database: Database, make) -> Searching:
    return Searching(database, make.t0)


@pytest.fixture
async def ticket(database: Database, make, seed) -> int:
    """Give a ticket without a message."""
    await seed.customer(name="Zoë Müller", account="user:zoe-7", email="zoe@example.org", identity="user")
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket())
    return 1001


async def _say(seed, *texts: str, **changes: Any) -> list[str]:
    return [(await seed.messages(1, text=text, **changes))[0].id for text in texts]


async def test_the_newest_comes_first_and_all_words_must_be_there(search, seed, ticket: int) -> None:
    one, two, three = await _say(seed, "Where is my wallet?", "my WALLET again", "a walled garden")
    assert await search.find("wallet") == [two, one]
    assert await search.find("wal") == [three, two, one]
    assert await search.find("my wal") == [two, one]
    assert await search.find("where my wallet") == [one]
    assert await search.find("allet") == []


async def test_case_accents_and_forms_make_no_difference(search, seed, ticket: int) -> None:
    (one,) = await _say(seed, "Crème BRÛLÉE in der Straße, ﬁne №7")
    for text in ("creme brulee", "CRÈME", "strasse", "STRAßE", "fine", "brul"):
        assert await search.find(text) == [one]


async def test_what_is_written_without_spaces_is_found_by_any_part_of_it(search, seed, ticket: int) -> None:
    (one,) = await _say(seed, "我的钱包在哪里")
    assert await search.find("钱包") == [one]
    assert await search.find("银行") == []


async def test_a_customer_is_found_by_name_account_and_address(search, seed, ticket: int) -> None:
    for text in ("zoe", "müller", "zoe-7", "zoe@example.org", "zoe@exam"):
        assert await search.find(text) == [None]


async def test_a_customer_is_found_under_the_new_name_alone(search, database, ticket: int) -> None:
    async with database.transaction() as tx:
        await tx.identities.describe("c1", "Yvonne", None)
    assert await search.find("yvonne") == [None]
    assert await search.find("müller") == []
    assert await search.find("zoe@example.org") == [None]


async def test_direct_messages_and_the_desks_own_notices_are_never_in_it(seed, ticket: int, store) -> None:
    await _say(seed, "private wallet", channel="direct", ticket=None, moderator_id="m1")
    await _say(seed, "system wallet", author=Author(kind="system", id="taken_back", name=None))
    assert await store.look("SELECT message_id FROM search_entry") == [(None,)]


async def test_an_edited_message_is_found_by_its_new_words_alone(
    search, database, make, seed, ticket
) -> None:
    (message,) = await seed.messages(1, text="old words")
    async with database.transaction() as tx:
        await tx.conversations.edit_message(message, "new words", make.at(9))
    assert await search.find("old") == []
    assert await search.find("new words") == [message.id]


@pytest.mark.parametrize("act", ["delete_message", "blank_message"])
async def test_what_is_deleted_is_not_found(search, database, make, seed, ticket: int, act: str) -> None:
    (message,) = await seed.messages(1, text="secret words")
    async with database.transaction() as tx:
        await getattr(tx.conversations, act)(message, make.at(9))
    assert await search.find("secret") == []


async def test_of_an_erased_customer_nothing_is_found(search, database, make, seed, ticket: int) -> None:
    await _say(seed, "secret words")
    async with database.transaction() as tx:
        await tx.erasure.blank_all("c1", make.at(9))
    assert await search.find("secret") == []
    assert await search.find("zoe") == []


async def test_what_joined_another_conversation_is_found_and_erased_with_it(
    search, database, make, seed, ticket: int
) -> None:
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.tickets.add(make.ticket(1002, "c2"))
    (message,) = await seed.messages(1, "c2", text="joined words", ticket=1002)
    async with database.transaction() as tx:
        locked = await tx.joining.lock("c1", "c2")
        await tx.joining.join(locked["c2"], locked["c1"])
    assert await search.find("joined") == [message.id]
    async with database.transaction() as tx:
        await tx.erasure.blank_all("c1", make.at(9))
    assert await search.find("joined") == []


async def test_filters_apply_to_the_ticket(search, database, make, seed, ticket: int) -> None:
    (one,) = await _say(seed, "wallet")
    assert await search.find("wallet", status="open", waiting="team", unassigned=True) == [one]
    assert await search.find("wallet", status="closed") == []
    assert await search.find("wallet", waiting="customer") == []
    assert await search.find("wallet", blocked=True) == []


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_search_fails(search, seed, ticket: int, text: str) -> None:
    await _say(seed, "a b c", text.encode("utf-8", "replace").decode().replace("\x00", ""))
    await search.find(text)


async def test_pages_follow_each_other_without_gaps(database, seed, ticket: int) -> None:
    ids = await _say(seed, *("wallet" if n % 3 else "walled" for n in range(40)))
    terms, found, before = read_terms("wal"), [], TOP
    assert terms is not None
    async with database.snapshot() as tx:
        while entries := await tx.search.find(terms, before, 7):
            found += entries
            before = entries[-1]
    assert len(found) == len(ids)
    assert found == sorted(found, reverse=True)


async def test_old_words_leave_the_files_of_sqlite(sqlite_store, make) -> None:
    database = await sqlite_store.open()
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer())
        await tx.tickets.add(make.ticket())
    words = [hashlib.sha256(bytes([n])).hexdigest() for n in range(60)]
    messages = []
    for number, word in enumerate(words, start=1):
        async with database.transaction() as tx:
            customer = await tx.conversations.advance("c1")
            message = make.message(number, text=f"{word} common words")
            await tx.conversations.add_message(message, customer.last_event)
            messages.append(message)
    for message in messages[::2]:
        async with database.transaction() as tx:
            await tx.conversations.blank_message(message, make.t0)
    while not await database.scrub():
        pass
    contents = b"".join(path.read_bytes() for path in sqlite_store.path.parent.glob("headset.db*"))
    # In the index a word stands without the beginning that it shares with the one before it.
    assert [word for word in words if word[8:].encode() in contents] == words[1::2]
    await sqlite_store.look("INSERT INTO search_words (search_words) VALUES ('integrity-check')")


async def test_of_long_words_the_whole_beginning_counts(search, seed, ticket: int) -> None:
    word = "donaudampfschifffahrtsgesellschaft"
    one, two, three = await _say(seed, f"{word}skapitän", f"die {word}", "donaudampfschifffahrt")
    assert await search.find(word) == [two, one]
    assert await search.find(f"die {word[:-1]}") == [two]
    assert await search.find(word[:21]) == [three, two, one]
    assert await search.find(word[:17] + "x") == []
    assert await search.find(word[1:]) == []


async def _skip_to(database: Database, entry: int) -> None:
    """Let the index have had so many entries."""
    async with database.transaction() as tx:
        if tx._conn.scheme == Scheme.SQLITE:
            await tx._conn.execute("INSERT INTO search_entry (id, customer_id) VALUES ($1, 'c1')", entry)
        else:
            await tx._conn.execute("SELECT setval('search_entry_id_seq', $1)", entry)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
async def test_the_newest_come_first_however_far_they_are_apart(
    database, seed, ticket: int, limit: int
) -> None:
    entries = []
    for entry in (10, 900, 5_000, 9_999, 15_000, 95_000, 99_990, 500_000, 2_000_000, 25_000_000, 70_000_000):
        await _skip_to(database, entry)
        await _say(seed, "my wallet", "a walrus", "my wallet")
        entries += [entry + 1, entry + 3]
    terms, before, found = read_terms("my wallet"), TOP, []
    assert terms is not None
    async with database.snapshot() as tx:
        while page := await tx.search.find(terms, before, limit):
            assert len(page) <= limit
            found += page
            before = page[-1]
    assert found == entries[::-1]
