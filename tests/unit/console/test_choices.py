"""What is offered and what is taken: lengths of a block, places on the allow-list, ids."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from console.state.block_wish import BlockChoices, preview
from console.state.moderator_text import ModeratorWish, problem, wish_from
from console.state.ulid import new_ulid
from plugin.services.ids import new_ulid as plugin_ulid

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def labels(**rules) -> list[str]:
    return [length.label for length in BlockChoices(**rules).lengths()]


def test_lengths_are_the_usual_ones_as_far_as_they_are_allowed() -> None:
    assert labels(default="3d", longest="1w", forever=False) == ["3d (usual)", "1h", "1d", "1w", "another …"]
    assert labels(default="12h", longest=None, forever=True)[-2:] == ["another …", "until it is lifted"]
    assert "30d" in labels(default="12h", longest=None, forever=True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "How long?"),
        ("3", "Not a length"),
        ("0m", "longer than nothing"),
        ("8d", "The longest that is allowed is 1w"),
        ("7d", None),
        (" 1d12h ", None),
    ],
)
def test_a_typed_length_is_judged(typed: str, said: str | None) -> None:
    found = BlockChoices(default="3d", longest="1w", forever=False).problem(typed)
    assert found is None if said is None else said in (found or "")


def test_the_end_is_shown_before_one_blocks() -> None:
    assert preview("3d", NOW) == "ends Wed 4 Mar 12:00, in 3d"
    assert preview("400d", NOW) == "ends Mon 5 Apr 2027 12:00, in 400d"
    assert preview(None, NOW) == "ends when it is lifted"
    assert preview("x", NOW) == ""
    assert preview("999999w", NOW) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("", "1", ""), "A name"),
        (("Eve", "", " "), "A Telegram id or a Matrix id"),
        (("Eve", "+4912", ""), "is a number"),
        (("Eve", "٣", ""), "is a number"),
        (("Eve", "", "eve:x"), "looks like"),
        (("Eve", " 12 ", ""), None),
        (("Eve", "", "@eve:example.org"), None),
    ],
)
def test_an_entry_of_the_allow_list_is_judged(fields: tuple[str, str, str], said: str | None) -> None:
    found = problem(*fields)
    assert found is None if said is None else said in (found or "")


def test_an_entry_is_made_of_what_was_typed() -> None:
    assert wish_from(" Eve ", " 12 ", "", is_admin=True) == ModeratorWish(
        name="Eve", telegram_id=12, mxid=None, role="admin"
    )


def test_ids_are_as_the_desk_makes_them() -> None:
    ours, theirs = new_ulid(NOW), plugin_ulid(NOW)
    assert (len(ours), ours[:10]) == (26, theirs[:10])
    assert new_ulid(NOW) != ours
    assert new_ulid(NOW + timedelta(seconds=1)) > ours
