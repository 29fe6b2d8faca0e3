"""Who am I, and how does the desk stand, over HTTP."""

from __future__ import annotations

import pytest


async def test_me_is_what_a_console_begins_with(desk, alice, bob, carol) -> None:
    me = await alice.get("/v1/mod/me")
    assert me.pop("last_event_id") > 0
    assert me == {
        "moderator": {"id": alice.id, "name": "Alice", "role": "moderator"},
        "token_id": alice.token_id,
        "desk": {"name": "Example support"},
        "limits": {"text": 4000, "note": 4000, "page": 200},
        "blocks": {"default": "3d", "longest": "4w2d", "forever": False},
        "support_room": False,
        "team": [{"id": one.id, "name": one.name} for one in (alice, bob, carol)],
    }
    assert (await carol.get("/v1/mod/me"))["moderator"]["role"] == "admin"


async def test_where_blocks_may_be_for_ever_me_says_so(config, desk, alice) -> None:
    config["blocks"] = {"longest": "never", "default": "1d12h"}
    await desk.reload()
    assert (await alice.get("/v1/mod/me"))["blocks"] == {"default": "1d12h", "longest": None, "forever": True}


async def test_stats_are_numbers_of_the_desk(desk, alice, browser) -> None:
    await browser.send("Hello")
    stats = await alice.get("/v1/mod/stats")
    health, hours = stats.pop("health"), stats.pop("hours")
    waiting = stats.pop("waiting")
    assert waiting in (0, 1)
    assert stats == {
        "open": 1,
        "blocked": 0,
        "unsent": 1,
        "failed": 0,
        "held": 0,
        "strangers_today": 0,
        "first_answer": {"p50": None, "p90": None, "count": 0},
    }
    assert (health["status"], health["checks"]["room"]) == ("degraded", "not joined")
    assert len(hours) == 24
    assert {"customer": 1, "moderator": 0}.items() <= hours[-1].items()
    assert hours == sorted(hours, key=lambda hour: hour["at"])


@pytest.mark.parametrize("path", ["/v1/mod/me", "/v1/mod/stats"])
async def test_without_a_token_there_is_nothing(api, path) -> None:
    answer = await api.request("GET", path)
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")
