"""The console's client and the desk's routes: each has what the other has; what is read is what was said."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from console.api.client import Client, exchange_code
from console.api.events import Event
from console.api.models import Found, Last
from console.api.records import Me
from console.api.stream import Connected, Lost, Stream
from plugin.web.document import list_operations, load_document
from plugin.web.schemas import time_json
from stack.conditions import PATIENCE
from tests.integration.console.calls import CALLS, Stage
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.good_requests import open_desk, set_scene
from tests.integration.plugin.mod.team import make_code

APART = {("post", "/v1/mod/token"), ("get", "/v1/mod/events")}
"""Routes that are no method of the client, but have a test of their own here."""

RENAMED: Mapping[tuple[type, str], tuple[str, ...]] = {
    (Me, "desk"): ("desk", "name"),
    (Last, "kind"): ("author", "kind"),
    (Last, "name"): ("author", "name"),
    (Found, "match"): ("match", "text"),
    (Found, "match_id"): ("match", "message_id"),
}
"""Where a field of a model stands in the JSON, if not under its own name."""

UNREAD = "moderator"
"""What the console has no use for in a message: in private it is whoever asks."""


class Recorder(Client):
    """The console's client; it keeps what the desk said last."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self.asked = ("", "")
        self.said: Any = None

    async def call(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        self.said = await super().call(method, path, body, **more)
        self.asked = (method.lower(), f"/{path}")
        return self.said


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
async def stage(desk: Desk) -> AsyncIterator[Stage]:
    scene, url = await set_scene(desk), str(desk.http.make_url("/"))
    client, other = Recorder(url, scene.admin.token), Client(url, scene.moderator.token)
    yield Stage(scene=scene, client=client, other=other)
    await client.close()
    await other.close()


def test_each_route_has_a_method_and_each_method_a_route() -> None:
    document = load_document()
    routes = {(method, path) for path, method, _ in list_operations(document) if path.startswith("/v1/mod/")}
    assert {route for route, _ in CALLS.values()} | APART == routes
    methods = {name for name, _ in inspect.getmembers(Client, inspect.iscoroutinefunction)}
    assert {name for name in methods if name[0] != "_"} - {"call", "close"} == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_read_is_what_was_said(stage: Stage, name: str) -> None:
    (method, path), call = CALLS[name]
    read = await call(stage)
    assert isinstance(stage.client, Recorder)
    asked, where = stage.client.asked
    assert asked == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), where)
    said = stage.client.said
    if isinstance(read, tuple):
        said = said["items"]
    assert as_json(read) == without_unread(said)


def without_unread(said: Any) -> Any:
    """Return what was said but for what is not read of messages."""
    if isinstance(said, list):
        return [without_unread(one) for one in said]
    if not isinstance(said, dict):
        return said
    is_message = "seq" in said
    return {key: without_unread(one) for key, one in said.items() if not (is_message and key == UNREAD)}


def as_json(value: Any) -> Any:
    """Return the JSON that a model was read from."""
    if isinstance(value, datetime):
        return time_json(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [as_json(one) for one in value]
    if not dataclasses.is_dataclass(value):
        return value
    found: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        *outer, name = RENAMED.get((type(value), field.name), (field.name,))
        place = found
        for step in outer:
            place = place.setdefault(step, {})
        place[name] = as_json(getattr(value, field.name))
    return found


async def test_a_code_becomes_a_login(desk: Desk) -> None:
    url = str(desk.http.make_url("/"))
    made = await exchange_code(url, await make_code(desk, "Bob"))
    client = Client(url, made.token)
    me = await client.me()
    await client.close()
    assert (me.moderator, me.token_id) == (made.moderator, made.token_id)


async def test_the_stream_tells_what_happens(stage: Stage) -> None:
    stream = Stream(stage.client, (await stage.client.me()).last_event_id)
    _, write = CALLS["add_note"]

    async def hear() -> None:
        note = None
        async for item in stream:
            assert not isinstance(item, Lost), item
            if isinstance(item, Connected):
                note = await write(stage)
            elif isinstance(item, Event) and item.type == "note.created":
                assert item.about == note
                return

    await asyncio.wait_for(hear(), PATIENCE)
