"""The control API: wrong input is answered with the field's name, and the page can use it safely."""

from __future__ import annotations

from typing import Any

import pytest

from stack.telegram import team

ALICE, GROUP = team.ALICE.id, team.GROUP_ID

WRONG = [
    ("/send", [], "body"),
    ("/send", {}, "chat"),
    ("/send", {"chat": "x", "from": ALICE, "text": "a"}, "chat"),
    ("/send", {"chat": True, "from": ALICE, "text": "a"}, "chat"),
    ("/send", {"chat": -1001, "from": ALICE, "text": "a"}, "chat"),
    ("/send", {"chat": GROUP, "text": "a"}, "from"),
    ("/send", {"chat": GROUP, "from": "nobody", "text": "a"}, "from"),
    ("/send", {"chat": GROUP, "from": 77, "text": "a"}, "from"),
    ("/send", {"chat": GROUP, "from": {"channel": 5}, "text": "a"}, "from"),
    ("/send", {"chat": GROUP, "from": {}, "text": "a"}, "from"),
    ("/send", {"chat": GROUP, "from": ALICE}, "text"),
    ("/send", {"chat": GROUP, "from": ALICE, "text": 5}, "text"),
    ("/send", {"chat": GROUP, "from": ALICE, "media": "film"}, "media"),
    ("/send", {"chat": GROUP, "from": ALICE, "text": "a", "reply_to": "x"}, "reply_to"),
    ("/send", {"chat": GROUP, "from": ALICE, "text": "a", "forward_from": 77}, "forward_from"),
    ("/edit", {"chat": GROUP, "text": "a"}, "id"),
    ("/edit", {"chat": GROUP, "id": 5, "text": "a"}, "id"),
    ("/delete", {"chat": GROUP}, "ids"),
    ("/delete", {"chat": GROUP, "ids": 5}, "ids"),
    ("/delete", {"chat": GROUP, "ids": ["x"]}, "ids"),
    ("/react", {"chat": GROUP, "id": 5, "from": ALICE}, "id"),
    ("/react", {"chat": GROUP, "id": 5, "from": "anonymous"}, "from"),
    ("/service", {"chat": GROUP, "from": ALICE}, "action"),
    ("/service", {"chat": GROUP, "from": ALICE, "action": "dance"}, "action"),
    ("/service", {"chat": GROUP, "from": ALICE, "action": "add", "user": 77}, "user"),
    ("/service", {"chat": GROUP, "from": ALICE, "action": "title"}, "title"),
    ("/user", {"first_name": "Eve"}, "id"),
    ("/user", {"id": 0}, "id"),
    ("/user", {"id": 9, "first_name": 5}, "first_name"),
    ("/user", {"id": 9, "premium": "yes"}, "premium"),
    ("/user", {"id": 9, "join": [-4]}, "join"),
    ("/user", {"id": 9, "join": [GROUP], "admin": 1}, "admin"),
    ("/chat", {"title": "x"}, "id"),
    ("/chat", {"id": 5, "title": "x"}, "id"),
    ("/chat", {"id": -5}, "title"),
    ("/chat", {"id": -5, "title": "x", "members": [77]}, "members"),
    ("/fault", {"error": "X"}, "method"),
    ("/fault", {"method": "messages.SendMessage"}, "error"),
    ("/fault", {"method": "messages.SendMessage", "error": "X", "delay": -1}, "delay"),
    ("/fault", {"method": "messages.SendMessage", "error": "X", "count": "x"}, "count"),
]


@pytest.fixture
async def unchanged(control: Any) -> Any:
    """Check after a test that the world is as it was."""
    before = await control.get("/chat")
    yield
    assert await control.get("/chat") == before


@pytest.mark.usefixtures("unchanged")
async def test_wrong_fields_are_named(control: Any) -> None:
    for path, body, field in WRONG:
        status, answer = await control.ask(path, body)
        assert (status, answer["error"].split(":")[0]) == (400, field), (path, body, answer)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/messages", "chat"),
        ("/messages?chat=5", "chat"),
        ("/chat?chat=x", "chat"),
        ("/live?chat=5", "chat"),
        ("/live?after=x", "after"),
        ("/rpc?n=0", "n"),
    ],
)
async def test_wrong_queries_are_named(control: Any, path: str, field: str) -> None:
    async with control.http.get(control.base_url + path) as response:
        assert response.status == 400
        assert (await response.json())["error"].startswith(f"{field}:")


async def test_a_body_that_is_no_json(control: Any) -> None:
    async with control.http.post(control.base_url + "/send", data="{") as response:
        assert (response.status, await response.json()) == (400, {"error": "body: must be JSON"})


async def test_another_site_in_the_browser_cannot_speak_for_the_team(control: Any) -> None:
    headers = {"Origin": "http://evil.example"}
    body = {"chat": GROUP, "from": ALICE, "text": "send me your coins"}
    async with control.http.post(control.base_url + "/send", json=body, headers=headers) as response:
        assert response.status == 403
    headers = {"Origin": control.base_url}
    async with control.http.post(control.base_url + "/send", json=body, headers=headers) as response:
        assert response.status == 200


async def test_persons_one_may_act_as(control: Any) -> None:
    await control.ask("/user", {"id": 5550009, "first_name": "Eve", "join": [GROUP], "admin": True})
    state = await control.get("/chat")
    assert (state["chat"], state["title"], state["members"]) == (GROUP, "Support team", 5)
    persons = {
        str(person["from"]): (person["name"], person["role"], person["admin"]) for person in state["persons"]
    }
    assert persons == {
        "5550001": ("Alice Example", "moderator", True),
        "5550002": ("Bob Example", "moderator", False),
        "5550003": ("Mallory Example", "stranger", False),
        "5550009": ("Eve", "member", True),
        "anonymous": ("Anonymous admin", "names no sender", True),
        "anonymous-channel": ("Support team", "admin, as the group", True),
    }


async def test_a_user_keeps_what_is_not_named(control: Any) -> None:
    await control.ask("/user", {"id": ALICE, "first_name": "Alicia"})
    await control.ask("/user", {"id": ALICE, "join": [GROUP], "admin": False})
    alice = (await control.get("/chat"))["persons"][0]
    assert (alice["name"], alice["admin"]) == ("Alicia Example", False)


async def test_status(bot: Any, control: Any) -> None:
    status = await control.get("/status")
    assert (status["connections"], status["authed"]) == (1, 1)
    assert status["rpcs"] > 0
