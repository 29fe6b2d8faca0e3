"""Sessions and customers, on both engines."""

from __future__ import annotations

import pytest

from plugin.domain.model import Session


async def test_a_customer_comes_back_with_every_field(database, make) -> None:
    customer = make.customer("c1", identity="wallet", name="Zoë · 🦊", created_at=make.at(5))
    async with database.transaction() as tx:
        await tx.sessions.add_customer(customer)
    async with database.snapshot() as tx:
        assert await tx.sessions.get_customer("c1") == customer
        assert await tx.sessions.get_customer("c2") is None


async def test_a_customer_begins_without_ticket_and_numbers(database, make) -> None:
    """Whatever the value says: numbers come from the conversation only."""
    async with database.transaction() as tx:
        await tx.sessions.add_customer(make.customer(ticket=7, last_seq=8, last_event=9))
    async with database.snapshot() as tx:
        assert await tx.sessions.get_customer("c1") == make.customer()


async def test_a_session_is_found_by_the_hash_of_its_token(database, store, seed, make) -> None:
    await seed.customer()
    session = Session(id="s1", customer_id="c1", created_at=make.at(3), ended_at=None)
    async with database.transaction() as tx:
        await tx.sessions.add_session(session, "hash-1", "de-CH", "https://example.org/a?b=c")
    async with database.snapshot() as tx:
        assert await tx.sessions.get_session_by_token_hash("hash-1") == session
        assert await tx.sessions.get_session_by_token_hash("hash-2") is None
        assert await tx.sessions.get_session_by_token_hash("HASH-1") is None
    assert await store.look("SELECT id, locale, page_url FROM session") == [
        ("s1", "de-CH", "https://example.org/a?b=c")
    ]


async def test_locale_and_page_may_be_unknown(database, store, seed, make) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        await tx.sessions.add_session(
            Session(id="s1", customer_id="c1", created_at=make.t0, ended_at=None), "hash", None, None
        )
    assert await store.look("SELECT locale, page_url FROM session") == [(None, None)]


async def test_an_ended_session_is_found_no_more_and_the_others_are(database, store, seed, make) -> None:
    await seed.customer()
    async with database.transaction() as tx:
        for name in ("s1", "s2"):
            session = Session(id=name, customer_id="c1", created_at=make.t0, ended_at=None)
            await tx.sessions.add_session(session, f"hash-{name}", None, None)
    async with database.transaction() as tx:
        await tx.sessions.end_session("s1", make.at(10))
    async with database.transaction() as tx:
        await tx.sessions.end_session("s1", make.at(20))
    async with database.snapshot() as tx:
        assert await tx.sessions.get_session_by_token_hash("hash-s1") is None
        assert not await tx.sessions.is_live("s1")
        assert await tx.sessions.get_session_by_token_hash("hash-s2") is not None
        assert await tx.sessions.is_live("s2")
        assert not await tx.sessions.is_live("s3")
    first = round(make.at(10).timestamp() * 1000)
    assert await store.look("SELECT ended_at FROM session WHERE id = 's1'") == [(first,)]


async def test_a_token_belongs_to_one_session(database, seed, make) -> None:
    await seed.customer()
    await seed.customer("c2")
    async with database.transaction() as tx:
        await tx.sessions.add_session(
            Session(id="s1", customer_id="c1", created_at=make.t0, ended_at=None), "hash", None, None
        )
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.sessions.add_session(
                Session(id="s2", customer_id="c2", created_at=make.t0, ended_at=None), "hash", None, None
            )
    async with database.snapshot() as tx:
        session = await tx.sessions.get_session_by_token_hash("hash")
    assert session is not None
    assert session.customer_id == "c1"


async def test_a_session_needs_its_customer(database, make) -> None:
    with pytest.raises(make.refused):
        async with database.transaction() as tx:
            await tx.sessions.add_session(
                Session(id="s1", customer_id="nobody", created_at=make.t0, ended_at=None), "h", None, None
            )
