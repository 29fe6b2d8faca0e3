"""The stored allow-list follows the configuration, and everybody keeps their id."""

from __future__ import annotations

import itertools

import pytest

from plugin.config import ModeratorEntry
from plugin.domain.model import Moderator
from plugin.services.allow_list import update_allow_list


def entry(name, telegram_id=None, mxid=None, role="moderator") -> ModeratorEntry:
    return ModeratorEntry(name=name, role=role, telegram_id=telegram_id, mxid=mxid)


@pytest.fixture
def update(desk, database):
    """Give what takes over a list, and returns those on it."""

    async def update(*entries: ModeratorEntry, admins: tuple[str, ...] = ()) -> list[Moderator]:
        desk.configure(moderators=entries, admins=admins)
        await update_allow_list(database, desk.clock, desk.settings)
        async with database.snapshot() as tx:
            return await tx.moderators.list_active()

    return update


def ids(moderators) -> dict[str, str]:
    return {one.name: one.id for one in moderators}


async def test_everybody_gets_an_id_and_what_the_list_says(update) -> None:
    found = await update(
        entry("Alice", 1, "@alice:example.org", "admin"),
        entry("Bob", 2),
        entry("Carol", mxid="@c:example.org"),
    )
    assert sorted((m.name, m.role, m.telegram_id, m.mxid) for m in found) == [
        ("Alice", "admin", 1, "@alice:example.org"),
        ("Bob", "moderator", 2, None),
        ("Carol", "moderator", None, "@c:example.org"),
    ]
    assert len({m.id for m in found}) == 3


async def test_ids_stay_whatever_else_changes(update) -> None:
    first = ids(await update(entry("Alice", 1), entry("Bob", 2, "@bob:example.org")))
    again = await update(entry("Bob", 2, "@bob:example.org"), entry("Alice", 1))
    assert ids(again) == first
    renamed = await update(
        entry("Alicia", 1, "@alice:example.org", "admin"), entry("Rob", 7, "@bob:example.org")
    )
    assert ids(renamed) == {"Alicia": first["Alice"], "Rob": first["Bob"]}
    assert {(m.name, m.role, m.telegram_id, m.mxid) for m in renamed} == {
        ("Alicia", "admin", 1, "@alice:example.org"),
        ("Rob", "moderator", 7, "@bob:example.org"),
    }


async def test_who_is_removed_counts_no_more_and_comes_back_as_the_same(update, store) -> None:
    first = ids(await update(entry("Alice", 1), entry("Bob", 2)))
    assert ids(await update(entry("Alice", 1))) == {"Alice": first["Alice"]}
    assert await store.look("SELECT COUNT(*) FROM moderator") == [(2,)]
    assert ids(await update(entry("Alice", 1), entry("Bob", 2))) == first


async def test_an_empty_list_removes_everybody(update) -> None:
    await update(entry("Alice", 1))
    assert await update() == []


@pytest.mark.parametrize("turned", [False, True])
async def test_ids_that_are_swapped_are_taken_over(update, turned) -> None:
    """Unique on the list, so in the middle of the change neither may stand in the other's way."""
    first = ids(await update(entry("Alice", 1, "@a:x"), entry("Bob", 2, "@b:x")))
    entries = [entry("Alice", 2, "@a:x"), entry("Bob", 1, "@b:x")]
    found = await update(*(entries[::-1] if turned else entries))
    assert {(m.name, m.telegram_id, m.mxid) for m in found} == {("Alice", 2, "@a:x"), ("Bob", 1, "@b:x")}
    assert {m.id for m in found} == set(first.values())


async def test_a_telegram_id_swapped_by_name_only_moves_the_name(update) -> None:
    """Where the number is all there is, it is who they are."""
    first = ids(await update(entry("Alice", 1), entry("Bob", 2)))
    found = await update(entry("Alice", 2), entry("Bob", 1))
    assert ids(found) == {"Alice": first["Bob"], "Bob": first["Alice"]}


async def test_one_who_becomes_two_and_two_who_become_one(update) -> None:
    await update(entry("Alice", 1, "@a:x"))
    two = await update(entry("Alice", 1), entry("Anna", mxid="@a:x"))
    assert {(m.name, m.telegram_id, m.mxid) for m in two} == {("Alice", 1, None), ("Anna", None, "@a:x")}
    assert len({m.id for m in two}) == 2
    (one,) = await update(entry("Alice", 1, "@a:x"))
    assert (one.telegram_id, one.mxid) == (1, "@a:x")
    assert one.id in {m.id for m in two}


async def test_operators_count_as_admins(update) -> None:
    found = await update(entry("Alice", 1), admins=("@you:example.org", "@root:example.org"))
    assert {(m.name, m.role, m.telegram_id, m.mxid) for m in found} == {
        ("Alice", "moderator", 1, None),
        ("you", "admin", None, "@you:example.org"),
        ("root", "admin", None, "@root:example.org"),
    }


async def test_an_operator_on_the_list_keeps_the_name_there_and_counts_as_admin(update) -> None:
    found = await update(entry("Yolanda", 1, "@you:example.org"), admins=("@you:example.org",))
    assert [(m.name, m.role, m.telegram_id) for m in found] == [("Yolanda", "admin", 1)]


async def test_an_operator_written_twice_is_one(update) -> None:
    found = await update(admins=("@you:example.org", "@you:example.org"))
    assert [(m.name, m.role) for m in found] == [("you", "admin")]


async def test_an_operator_writes_with_the_full_id_only(desk, host, customer) -> None:
    desk.configure(admins=("@you:example.org",))
    await update_allow_list(host.database, desk.clock, desk.settings)
    event_id = await desk.post(host, customer)
    for sender in ("@you:evil.example", "@you:example.org.evil", "@You:example.org", "@you:example.org"):
        desk.server.reply(sender, event_id, f"from {sender}")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[1:] == [("you", "from @you:example.org")]


async def test_any_change_of_any_list_can_be_taken_over(update) -> None:
    """Every list of up to two of these after every other: never refused, always what it says."""
    people = [entry("A", 1), entry("B", 2), entry("C", 1, "@a:x"), entry("D", mxid="@a:x")]
    lists = [(one,) for one in people] + [
        pair
        for pair in itertools.permutations(people, 2)
        if not ({pair[0].telegram_id} & {pair[1].telegram_id} - {None})
        and not ({pair[0].mxid} & {pair[1].mxid} - {None})
    ]
    for before, after in itertools.product(lists, lists):
        await update(*before)
        found = await update(*after)
        assert sorted((m.name, m.telegram_id, m.mxid) for m in found) == sorted(
            (e.name, e.telegram_id, e.mxid) for e in after
        )
