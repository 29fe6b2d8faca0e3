"""At every level, no log has a word that somebody wrote, no secret, and nothing that moves a terminal."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from plugin.services.intake import Intake
from tests.hearing import Ear, hearing
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.documented import OPERATIONS, STREAMS, closed_document
from tests.integration.plugin.fields import fields_of, queries_of
from tests.integration.plugin.good_requests import open_desk, prepare, set_scene
from tests.integration.plugin.mod.team import make_code

WORD = "quartzzebra"
"""Stands in everything that is sent, but for paths, which maubot's access log is about."""
PATH_WORD = "onyxheron"
PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"
NASTY = f"\x1b[31m{WORD}\x07\x9b2J\u202e\u2028\r\n[2026-03-01 12:00:00] [ERROR@maubot] {WORD}"
TEXTS = (WORD, NASTY, PHRASE)
DOCUMENT = closed_document()


@pytest.fixture(scope="module")
async def heard_desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Desk, Ear]]:
    with hearing() as ear:
        async with open_desk(tmp_path_factory.mktemp("desk")) as running:
            yield running, ear


@pytest.fixture(autouse=True)
def only_new_lines(heard_desk: tuple[Desk, Ear]) -> None:
    """Let a test look at what it caused itself; its time would grow with all there was before."""
    heard_desk[1].clear()


def assert_clean(ear: Ear, *secrets: str) -> None:
    """Fail on a line with what must not be there, and on characters that can't be seen."""
    assert ear.lines
    told = [line for line in ear.lines for word in (WORD, "abandon ability", *secrets) if word in line]
    assert told == []
    assert [head for head in ear.heads if not head[1].isprintable()] == []


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one not in STREAMS])
async def test_no_request_leaves_words_in_the_log(
    heard_desk: tuple[Desk, Ear], path: str, method: str
) -> None:
    desk, ear = heard_desk
    operation = DOCUMENT["paths"][path][method]
    scene = await set_scene(desk)
    request = await prepare(scene, path, operation)
    url, headers, body = request.url, request.headers, request.body
    nasty_path = quote(f"{PATH_WORD}\x1b[31m\x9b\r\n{PATH_WORD}")
    asked: list[tuple[str, Any, dict[str, str]]] = [
        (url, {**body, field: text}, headers) for field in fields_of(operation) for text in TEXTS
    ]
    asked += [(f"{url}?{name}={quote(NASTY)}", None, headers) for name in queries_of(operation)]
    foreign = {"Authorization": f"Bearer {WORD}", "Origin": f"https://{WORD}.org"}
    asked += [
        (f"{url}?token={WORD}", body or None, foreign),
        (f"{url}/{nasty_path}", None, headers),
        (url, body or None, {**headers, "X-Forwarded-For": WORD, "User-Agent": WORD, "Referer": WORD}),
    ]
    for address, data, sent in asked:
        async with desk.http.request(method, URL(address, encoded=True), json=data, headers=sent) as answer:
            assert answer.status < 500
    tokens = (scene.customer.token, scene.admin.token, scene.moderator.token, request.token or "\0")
    assert_clean(ear, *tokens, *(str(body[name]) for name in ("code", "token", "signature") if name in body))


async def test_a_moderators_code_and_token_are_in_no_log(heard_desk: tuple[Desk, Ear]) -> None:
    desk, ear = heard_desk
    code = await make_code(desk, "Bob")
    async with desk.http.post("/v1/mod/token", json={"code": code}) as answer:
        token = (await answer.json())["token"]
    assert_clean(ear, code, token)


async def test_the_word_of_an_error_is_not_logged_but_its_place_is(
    heard_desk: tuple[Desk, Ear], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, ear = heard_desk
    scene = await set_scene(desk)

    async def fail(*_: object, **__: object) -> None:
        try:
            raise sqlite3.IntegrityError(NASTY)
        except sqlite3.IntegrityError as error:
            raise ValueError(NASTY) from error

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "take_message", fail)
        assert (await scene.customer.post(WORD)).status == 503
    assert_clean(ear)
    (line,) = [line for line in ear.lines if "could not be answered" in line]
    assert "sqlite3.IntegrityError" in line
    assert line.endswith("builtins.ValueError")
    assert "test_logs.py" in line


async def test_a_request_that_can_t_be_read_is_not_repeated(heard_desk: tuple[Desk, Ear]) -> None:
    desk, ear = heard_desk
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.http.port)
    head = f"GET /v1/config HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WORD}\x1b\x00"
    writer.write(f"{head}\r\n\r\n".encode())
    assert b" 400 " in (await asyncio.wait_for(reader.read(), 30)).splitlines()[0]
    writer.close()
    assert_clean(ear)
    assert [line for line in ear.lines if "aiohttp.server" in line]


async def test_the_logs_are_as_before_when_the_plugin_has_stopped(
    heard_desk: tuple[Desk, Ear], tmp_path
) -> None:
    names = ("aiosqlite", "aiohttp.access", "aiohttp.server", "test.headset")
    watched = [*(logging.getLogger(name) for name in names), heard_desk[0].plugin.client.log]
    before = [list(one.filters) for one in watched]
    async with open_desk(tmp_path):
        running = [list(one.filters) for one in watched]
        assert [more[: len(less)] for more, less in zip(running, before, strict=True)] == before
        assert all(len(more) > len(less) for more, less in zip(running, before, strict=True))
    assert [list(one.filters) for one in watched] == before
