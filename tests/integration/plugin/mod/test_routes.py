"""Every path of the moderators' API stands behind a token and a role, as the running plugin has them."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from plugin.web.mod.routes import TOKEN_PATH
from tests.integration.plugin.mod.team import BOB, CAROL, sign_in

ADMINS_ONLY = {
    ("PUT", "/v1/mod/moderators/{id}"),
    ("DELETE", "/v1/mod/moderators/{id}"),
}
"""What `moderator` may not do; here once more, so that nothing leaves the list unnoticed."""

VALUES = ("1001", "01KTBZ7H0000000000000000ZZ", "hello")
"""What may stand in a path's places."""


@pytest.fixture
def routed(desk) -> dict[tuple[str, str], str]:
    """Give method and path of each route below `v1/mod` as the running plugin's router has them.

    With a path to ask for. The one that gives tokens out is not among them.
    """
    found = {}
    for route in desk.plugin.webapp.routes():
        path = route.resource.canonical
        if path.startswith("/v1/mod/") and (route.method, path) != ("POST", TOKEN_PATH):
            found[route.method, path] = _fill(route.resource)
    return found


def _named(path: str) -> str:
    """Return a path with the names of its places alone, as the router shows it."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", path)


def _fill(resource: Any) -> str:
    info = resource.get_info()
    if "path" in info:
        return str(info["path"])
    pattern = info["pattern"]
    for values in itertools.product(VALUES, repeat=len(pattern.groupindex)):
        path = info["formatter"].format(**dict(zip(pattern.groupindex, values, strict=True)))
        if pattern.fullmatch(path):
            return str(path)
    raise AssertionError(f"no value of {VALUES} fits into {pattern.pattern}")


async def _ask(desk, routed, token: str | None) -> dict[tuple[str, str], int]:
    """Return the status that each route answers; what is said after it, as by a stream, is not waited for."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    statuses = {}
    for (method, path), filled in routed.items():
        async with desk.http.request(method, filled, headers=headers) as answer:
            statuses[method, path] = answer.status
            answer.close()
    return statuses


async def test_there_is_no_way_past_the_door(desk, routed) -> None:
    routes = desk.plugin.moderator_routes
    listed = {(route.method, _named(route.path)) for route in routes.all}
    assert set(routed) == listed
    assert len(routes.all) == len(listed) > 5
    assert {(r.method, _named(r.path)) for r in routes.all if r.role == "admin"} == ADMINS_ONLY


@pytest.mark.parametrize(
    "token",
    [None, "", "x", "Ä" * 43, "A" * 43],
    ids=["none", "empty", "short", "no ASCII", "wrong"],
)
async def test_nothing_answers_without_a_token(desk, routed, token) -> None:
    assert set((await _ask(desk, routed, token)).values()) == {401}


async def test_nothing_answers_to_a_customer_s_token(desk, routed) -> None:
    token = (await desk.open_session())["Authorization"].removeprefix("Bearer ")
    assert set((await _ask(desk, routed, token)).values()) == {401}


async def test_nothing_answers_to_a_revoked_token(desk, routed, carol) -> None:
    assert 401 not in (await _ask(desk, routed, carol.token)).values()
    await carol.api.call("DELETE", f"/v1/mod/tokens/{carol.token_id}")
    assert set((await _ask(desk, routed, carol.token)).values()) == {401}


async def test_nothing_answers_to_whoever_left_the_allow_list(desk, config, routed) -> None:
    bob, carol = await sign_in(desk, "Bob"), await sign_in(desk, "Carol")
    config["moderators"] = [dict(CAROL)]
    await desk.reload()
    assert set((await _ask(desk, routed, bob.token)).values()) == {401}
    assert 401 not in (await _ask(desk, routed, carol.token)).values()
    config["moderators"] = [dict(BOB)]
    await desk.reload()
    for console in (bob, carol):
        assert set((await _ask(desk, routed, console.token)).values()) == {401}


async def test_what_is_admins_is_not_moderators(desk, routed, alice, carol) -> None:
    statuses = await _ask(desk, routed, alice.token)
    assert {route for route, status in statuses.items() if status == 403} == ADMINS_ONLY
    assert 403 not in (await _ask(desk, routed, carol.token)).values()


async def test_a_role_is_what_it_is_now(desk, config, routed, carol) -> None:
    config["moderators"][-1]["role"] = "moderator"
    await desk.reload()
    statuses = await _ask(desk, routed, carol.token)
    assert {route for route, status in statuses.items() if status == 403} == ADMINS_ONLY
