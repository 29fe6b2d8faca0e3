"""A conversation as it is known: its order, what is being sent, and what is kept of it."""

from __future__ import annotations

from console.state.canned import fill
from console.state.talk import Outgoing, Talk, key_of, read_outgoing, write_outgoing
from tests.unit.console.values import message, note


def keys(talk: Talk) -> list[str]:
    return [key_of(entry) for entry in talk.entries()]


def test_messages_stand_by_their_number_and_notes_between_them_by_time() -> None:
    talk = Talk()
    talk.begin([message(1), message(3), message(2)], has_older=False)
    talk.put(note("late", 9))
    talk.put(note("between", 2.5))
    talk.send(Outgoing(client_id="x", text="…", is_note=False))
    assert keys(talk) == ["m1", "m2", "nbetween", "m3", "nlate", "ox"]


def test_a_change_replaces_what_it_is_about_and_older_pages_come_before() -> None:
    talk = Talk()
    talk.begin([message(5), message(6)], has_older=True)
    talk.put(message(6, "edited"))
    talk.put(message(2, "an edit of what is not loaded"))
    assert keys(talk) == ["m5", "m6"]
    talk.add_older([message(3), message(4)], has_older=False)
    assert keys(talk) == ["m3", "m4", "m5", "m6"]
    assert (talk.oldest, talk.newest, talk.has_older) == (3, 6, False)
    (*_, last) = talk.entries()
    assert last == message(6, "edited")


def test_a_new_page_that_leaves_a_gap_replaces_all_and_one_that_does_not_is_joined() -> None:
    talk = Talk()
    talk.begin([message(1), message(2)], has_older=False)
    talk.begin([message(3)], has_older=True)
    assert keys(talk) == ["m1", "m2", "m3"]
    assert not talk.has_older
    talk.begin([message(9)], has_older=True)
    assert (keys(talk), talk.has_older) == (["m9"], True)


def test_what_was_sent_is_shown_until_it_comes_back() -> None:
    talk = Talk()
    talk.send(Outgoing(client_id="x", text="Hello", is_note=False))
    talk.fail("x", "no network")
    assert [each.failure for each in talk.outgoing] == ["no network"]
    talk.send(Outgoing(client_id="x", text="Hello", is_note=False))
    assert [each.failure for each in talk.outgoing] == [None]
    talk.put(message(1, client_id="x"))
    assert (keys(talk), talk.outgoing) == (["m1"], [])


def test_a_long_evening_stays_bounded() -> None:
    talk = Talk()
    talk.begin([message(1)], has_older=False)
    for seq in range(2, 1_500):
        talk.put(message(seq))
    assert talk.shrink()
    assert (len(talk.entries()), talk.newest, talk.has_older) == (1_000, 1_499, True)
    assert not talk.shrink()


def test_what_was_being_sent_outlives_a_crash_and_can_be_sent_again_under_its_id() -> None:
    sent = [Outgoing(client_id="x", text="Hello\n😀", is_note=True)]
    (back,) = read_outgoing(write_outgoing(sent))
    assert (back.client_id, back.text, back.is_note) == ("x", "Hello\n😀", True)
    assert back.failure is not None
    assert write_outgoing([]) == ""
    for broken in ("", "{", "[1]", '[{"client_id": 1}]', "{}"):
        assert read_outgoing(broken) == []


def test_only_the_three_variables_are_filled_in() -> None:
    values = {"customer": "{ticket}", "ticket": "#1042", "moderator": "Alice"}
    text = "{customer} {ticket} {moderator} {other} {} {{ticket}}"
    assert fill(text, values) == "{ticket} #1042 Alice {other} {} {#1042}"
