"""Values that a decoder, a database or a calendar may stumble over are refused or taken, but no failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from tests.integration.plugin.desk import Desk
from tests.integration.plugin.documented import OPERATIONS, STREAMS, closed_document
from tests.integration.plugin.fields import fields_of, queries_of
from tests.integration.plugin.good_requests import open_desk, prepare, set_scene

DOCUMENT = closed_document()
VALUES = [
    "", " ", "\x00", "\ud800", "\u202e", "%", "'", '"', "\\", "*", "a AND OR NOT (", "#1042", "٣", "nan",
    "1e400", "-1", "9" * 40, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999999w", "a" * 5000,
    10**400, 2**64, 2**63, -1, 1.5, 1e300, True, None, [], {}, [[]], [None], ["\ud800"],
]  # fmt: skip


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


TAKING = [
    (path, method)
    for path, method in OPERATIONS
    if (path, method) not in STREAMS
    and (fields_of(DOCUMENT["paths"][path][method]) or queries_of(DOCUMENT["paths"][path][method]))
]


@pytest.mark.parametrize(("path", "method"), TAKING)
async def test_no_value_makes_the_desk_fail(desk: Desk, path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    scene = await set_scene(desk)
    request = await prepare(scene, path, operation)
    url, headers, body = request.url, request.headers, request.body
    asked: list[tuple[URL, Any]] = [
        (URL(url), {**rest, field: value})
        for field in fields_of(operation)
        for value in VALUES
        for rest in (body, {})
    ]
    asked += [
        (URL(f"{url}?{name}={quote(str(value), errors='surrogatepass')}", encoded=True), None)
        for name in queries_of(operation)
        for value in VALUES
    ]
    failed = []
    for address, data in asked:
        async with desk.http.request(method, address, json=data, headers=headers) as answer:
            document = await answer.json(content_type=None) if answer.status != 204 else {}
            is_documented = str(answer.status) in operation["responses"]
            if answer.status >= 500 or not is_documented or (answer.status >= 400 and "code" not in document):
                failed.append((address, data, answer.status, document))
    assert not failed
