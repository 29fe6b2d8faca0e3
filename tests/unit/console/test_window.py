"""The loaded part of a long list, against a server that has all of it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from console.state.window import Window


@dataclass(frozen=True)
class Row:
    """A ticket as a list sees it: who it is, and what it is sorted by."""

    key: str
    at: int


def order(row: Row) -> tuple[int, str]:
    return -row.at, row.key


class Server:
    """All rows, handed out by keyset: a cursor is the order of the last row of a page."""

    def __init__(self, count: int, page: int = 10) -> None:
        self.rows = {str(n): Row(str(n), n) for n in range(count)}
        self.page = page
        self.asked = 0

    def sorted(self) -> list[Row]:
        return sorted(self.rows.values(), key=order)

    def fetch(self, cursor: str | None) -> tuple[list[Row], str | None]:
        self.asked += 1
        rows = self.sorted()
        if cursor is not None:
            at, _, key = cursor.partition(":")
            rows = [row for row in rows if order(row) > (int(at), key)]
        items = rows[: self.page]
        return items, f"{order(items[-1])[0]}:{items[-1].key}" if len(rows) > self.page else None


def settle(window: Window[Row], server: Server, top: int, bottom: int) -> None:
    """Fetch what is missing between two lines, as the widget does."""
    for _ in range(200):
        wanted = window.missing(top, bottom)
        if wanted is None:
            return
        items, following = server.fetch(wanted[0])
        window.add(wanted[0], items, following)
        window.trim(top, bottom)
    raise AssertionError("it never settles")


def make(count: int = 95, *, most: int = 2_000) -> tuple[Window[Row], Server]:
    server = Server(count)
    window = Window[Row](lambda row: row.key, order, most=most)
    return window, server


def test_pages_come_as_they_are_looked_at() -> None:
    window, server = make()
    settle(window, server, 0, 5)
    assert (len(window), server.asked, window.has_more) == (10, 1, True)
    settle(window, server, 40, 45)
    assert [row.key for row in window.rows()] == [str(n) for n in range(94, 44, -1)]
    settle(window, server, 90, 120)
    assert (len(window), window.has_more) == (95, False)
    assert [window.row(n) for n in range(95)] == server.sorted()


def test_only_so_many_rows_stay_in_memory_and_the_others_come_again() -> None:
    window, server = make(500, most=50)
    settle(window, server, 0, 5)
    for top in range(0, 480, 8):
        settle(window, server, top, top + 8)
        assert window.resident <= 60
    assert len(window) >= 480
    assert window.row(0) is None
    settle(window, server, 0, 5)
    assert [window.row(n) for n in range(6)] == server.sorted()[:6]


def test_a_row_is_found_wherever_it_moved() -> None:
    window, server = make()
    settle(window, server, 0, 30)
    server.rows["80"] = Row("80", 1000)
    assert window.put(server.rows["80"])
    assert window.index("80") == 0
    assert window.get("80") == Row("80", 1000)
    assert window.remove("80")
    assert not window.remove("80")
    assert window.index("80") is None


def test_what_lies_beyond_what_is_loaded_waits_for_its_page() -> None:
    window, server = make()
    settle(window, server, 0, 5)
    assert not window.put(Row("x", 3))
    assert len(window) == 10


def test_a_page_made_long_by_live_changes_is_cut_again_with_nothing_lost() -> None:
    window, server = make()
    settle(window, server, 0, 15)
    for n in range(1000, 1400):
        server.rows[str(n)] = Row(str(n), n)
        window.put(server.rows[str(n)])
    wanted = window.grown()
    assert wanted == (None,)
    items, following = server.fetch(None)
    window.add(None, items, following)
    assert window.grown() is None
    seen = []
    for top in range(0, 470, 10):
        settle(window, server, top, top + 10)
        seen += [row for n in range(top, top + 10) if (row := window.row(n)) is not None]
    assert [row.key for row in seen[:400]] == [str(n) for n in range(1399, 999, -1)]


def test_an_empty_list_is_asked_for_again_too() -> None:
    window, server = make(0)
    settle(window, server, 0, 20)
    assert (len(window), window.is_loaded) == (0, True)
    server.rows["1"] = Row("1", 1)
    window.expire()
    settle(window, server, 0, 20)
    assert window.row(0) == Row("1", 1)


def test_without_an_order_a_new_row_comes_first_and_a_known_one_stays() -> None:
    window = Window[Row](lambda row: row.key)
    window.add(None, [Row("b", 1), Row("a", 2)], None)
    window.put(Row("a", 9))
    window.put(Row("c", 5))
    assert [row.key for row in window.rows()] == ["c", "b", "a"]
    assert window.get("a") == Row("a", 9)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_a_reload_shows_what_the_server_has(seed: int) -> None:
    chance = random.Random(seed)
    window, server = make(chance.choice([0, 7, 10, 95, 300]), most=60)
    newest = 10_000
    top = 0
    for _ in range(400):
        newest += 1
        match chance.randrange(5):
            case 0:
                key = f"n{newest}"
                server.rows[key] = Row(key, newest)
                window.put(server.rows[key])
            case 1 if server.rows:
                key = chance.choice(list(server.rows))
                server.rows[key] = Row(key, newest)
                window.put(server.rows[key])
            case 2 if server.rows:
                key = chance.choice(list(server.rows))
                del server.rows[key]
                window.remove(key)
            case _:
                top = chance.randrange(max(1, len(window) + 10))
                settle(window, server, top, top + 15)
        keys = [row.key for row in window.rows()]
        assert len(keys) == len(set(keys)), "a row stands twice"
        assert keys == [row.key for row in sorted(window.rows(), key=order)], "rows are out of order"
    window.expire()
    settle(window, server, 0, len(server.rows) + 400)
    settle(window, server, 0, 10)
    assert [window.row(n) for n in range(min(10, len(server.rows)))] == server.sorted()[:10]
