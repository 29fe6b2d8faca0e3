"""What somebody else wrote shows as text on every screen, whatever is in it, and breaks nothing."""

from __future__ import annotations

import pytest
from textual.widgets import Static, TextArea

from tests.tui.conftest import Sit
from tests.tui.seat import LARGE, SMALL
from tests.tui.seeds import HOSTILE, MANY_LINES, Seeds, id_of

SHOWN = "[/] [@click=app.quit]x[/] [red]r[/red]"
"""What is left of it, to be read."""

LONG = f"{HOSTILE}\n{MANY_LINES}"[:4000]
FORBIDDEN = ("\x1b", "\x07", "\u202e", "\u202c")


@pytest.fixture
async def hostile(sit: Sit, seeds: Seeds) -> None:
    """Let each list have a row of which every text is hostile."""
    name = HOSTILE[:90]
    async with sit("Carol") as seat:
        call = seat.console.api.call
        mallory = await seeds.customer(name, LONG)
        await call("POST", "/v1/mod/blocks", {"customer": id_of(mallory), "reason": HOSTILE})
        await seeds.hold_message(mallory)
        await mallory.send_direct("Carol", LONG)
        await seeds.stranger(1001, LONG, name=HOSTILE)
        body = {"name": name, "telegram_id": 5550009, "role": "moderator"}
        await call("PUT", "/v1/mod/moderators/01JZZZZZZZZZZZZZZZZZZZZZZZ", body)
        await call("PUT", "/v1/mod/canned/hostile", {"text": LONG})
        async with seeds.database.transaction() as tx:
            await tx.records.add_audit(
                "01JZZZZZZZZZZZZZZZZZZZZZZZ",
                at=seeds.clock.now(),
                actor_id=HOSTILE,
                actor_name=HOSTILE,
                action=HOSTILE,
                target={HOSTILE: HOSTILE},
                detail={HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]},
            )


def assert_nothing_obeyed(seat) -> None:
    """Nothing on the screen is more than text."""
    for strip in seat.app.screen._compositor.render_strips():
        for segment in strip:
            assert not any(sign in segment.text for sign in FORBIDDEN)
            assert not (segment.style and segment.style.meta.get("@click"))
    assert seat.app.is_running


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "160x48"])
@pytest.mark.parametrize(
    ("keys", "dialog"),
    [
        (["1"], []),
        (["2"], ["enter"]),
        (["3"], ["d"]),
        (["4"], ["u"]),
        (["4"], ["c"]),
        (["4"], ["e"]),
        (["5"], ["a"]),
        (["6", "home"], ["e"]),
        (["7"], []),
        (["semicolon"], ["d"]),
    ],
    ids=lambda keys: "+".join(keys) or "list",
)
async def test_hostile_texts_are_text(hostile: None, sit: Sit, keys, dialog, size) -> None:
    async with sit("Carol", size, shows_notices=True) as seat:
        await seat.press(*keys)
        await seat.sees(SHOWN[:12])
        assert_nothing_obeyed(seat)
        await seat.press("J", "down", "K", "up")
        assert_nothing_obeyed(seat)
        await seat.press(*dialog)
        await seat.sees(SHOWN[:12])
        assert_nothing_obeyed(seat)
        for spot in seat.app.screen.query(Static):
            await seat.pilot.click(spot)
        assert_nothing_obeyed(seat)
        await seat.press("escape")
        assert seat.app.is_running


async def test_a_hostile_text_is_edited_as_text(hostile: None, sit: Sit) -> None:
    async with sit("Carol", shows_notices=True) as seat:
        await seat.press("semicolon")
        await seat.sees(SHOWN[:12])
        await seat.press("e")
        await seat.until(lambda: seat.app.screen.query(TextArea), "it is edited")
        assert seat.app.screen.query_one(TextArea).text.startswith(SHOWN)
        assert_nothing_obeyed(seat)


async def test_the_whole_text_can_be_read_with_the_keys(hostile: None, sit: Sit) -> None:
    async with sit("Carol", shows_notices=True) as seat:
        await seat.press("5")
        await seat.sees(SHOWN)
        await seat.press(*["J"] * 12)
        await seat.sees("line 30")
        await seat.press(*["K"] * 12)
        await seat.sees(SHOWN)
