"""Every path of the customers' API stands behind a session, and shows that session's customer alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.plugin.desk import Desk
from tests.integration.plugin.documented import OPERATIONS, closed_document
from tests.integration.plugin.fields import fields_of, queries_of
from tests.integration.plugin.good_requests import new_customer, open_desk, set_scene

PATHS = closed_document()["paths"]
PUBLIC = {
    ("/v1/config", "get"),
    ("/v1/sessions", "post"),
    ("/v1/mod/token", "post"),
    ("/v1/health", "get"),
    ("/v1/metrics", "get"),
    ("/v1/openapi.json", "get"),
    ("/widget.js", "get"),
    ("/widget", "get"),
    ("/widget/{build}/{name}", "get"),
}
"""What answers without a token; here once more, so that nothing joins the list unnoticed."""

CUSTOMERS = [one for one in OPERATIONS if one not in PUBLIC and not one[0].startswith("/v1/mod/")]
NAMING = [one for one in CUSTOMERS if "{" in one[0]]


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with open_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


def test_each_path_is_public_or_says_whose_token_it_wants() -> None:
    wanted = {one: PATHS[one[0]][one[1]].get("security") for one in OPERATIONS}
    assert {one for one, security in wanted.items() if security is None} == PUBLIC
    assert {one for one, security in wanted.items() if security == [{"customer": []}]} == set(CUSTOMERS)
    assert len(CUSTOMERS) > 10


@pytest.mark.parametrize(("path", "method"), CUSTOMERS)
async def test_nothing_answers_without_a_session(desk: Desk, path: str, method: str) -> None:
    scene = await set_scene(desk)
    ended = await new_customer(desk)
    await ended.api.call("DELETE", "/v1/session")
    url = path.format_map(scene.known(path))
    for token in (None, "", "x", "Ä" * 43, "A" * 43, ended.token, scene.admin.token):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with desk.http.request(method, url, json={}, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(("path", "method"), NAMING)
async def test_what_is_another_customers_is_not_there(desk: Desk, path: str, method: str) -> None:
    scene, other = await set_scene(desk), await new_customer(desk)
    await other.send("mine")
    body = {"score": 5} if path.endswith("/rating") else None
    theirs = await other.api.request(method.upper(), path.format_map(scene.known(path)), body)
    none = await other.api.request(
        method.upper(), path.format_map({"number": 999999, "id": "01KTBZ7H0000000000000000ZZ"}), body
    )
    # To the letter the same as what is nowhere: nobody learns what there is.
    assert (theirs.status, theirs.body) == (none.status, none.body) == (404, none.body)
    assert (await scene.customer.history())["items"][-1]["deleted_at"] is None


@pytest.mark.parametrize(("path", "method"), CUSTOMERS)
def test_a_visitor_names_no_room_and_no_customer(path: str, method: str) -> None:
    operation = PATHS[path][method]
    named = {*fields_of(operation), *queries_of(operation)}
    assert not named & {
        "room",
        "room_id",
        "customer",
        "customer_id",
        "conversation",
        "session",
        "seq",
        "lane",
    }


def test_no_token_secret_or_text_stands_in_an_address() -> None:
    """Addresses are logged on the way, by maubot, by proxies, by browsers."""
    asked = {name for path, method in OPERATIONS for name in queries_of(PATHS[path][method])}
    assert asked == {
        "active", "after", "assignee", "before", "blocked", "limit", "locale", "sort", "status", "waiting"
    }  # fmt: skip
    places = {part for path, _ in OPERATIONS for part in path.split("/") if part.startswith("{")}
    assert places == {"{build}", "{customer}", "{id}", "{name}", "{number}"}
