"""The document says what the code has: its limits, its codes, and nothing that it does not define."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import schemathesis
from ruamel.yaml import YAML

from plugin.db import listing
from plugin.db.team_events import TeamEventType
from plugin.domain.errors import WIRE_CODES
from plugin.domain.model import AuthorKind, BlockKind, Channel, Identity, Role, Source
from plugin.domain.secrets import Kind
from plugin.domain.text import MAX_TEXT
from plugin.services.mod import tickets
from plugin.services.mod.team import LARGEST_TELEGRAM_ID, LONGEST_NAME
from plugin.services.tickets import LONGEST_COMMENT
from plugin.web import document as module
from plugin.web import schemas
from plugin.web.document import list_operations, load_document
from plugin.web.mod import blocks_api, lists, shapes, team_api, ticket_requests
from plugin.web.streams import MOST_STREAMS, PING_SECONDS

DOCUMENT = load_document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def get(path: str) -> Any:
    """Return what stands at `Config.limits.text` of the schemas."""
    name, *steps = path.split(".")
    node = SCHEMAS[name]
    for step in steps:
        node = node["properties"][step]
    return node


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def test_it_is_a_valid_document() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


@pytest.mark.parametrize(
    ("schema", "key", "value"),
    [
        ("Text", "maxLength", MAX_TEXT),
        ("Config.limits.text", "const", MAX_TEXT),
        ("Config.limits.body", "const", schemas.MAX_BODY),
        ("NewSession.locale", "maxLength", schemas._LONGEST_LOCALE),
        ("NewSession.page_url", "maxLength", schemas._LONGEST_URL),
        ("NewChallenge.origin", "maxLength", schemas._LONGEST_URL),
        ("NewRating.comment", "maxLength", LONGEST_COMMENT),
        ("Seq", "maximum", schemas._LARGEST),
        ("MessagePage.items", "maxItems", schemas.MOST_ITEMS),
        ("TeamMessagePage.items", "maxItems", schemas.MOST_ITEMS),
        ("TicketPage.items", "maxItems", schemas.MOST_ITEMS),
        ("SearchPage.items", "maxItems", schemas.MOST_ITEMS),
        ("DirectPage.items", "maxItems", schemas.MOST_ITEMS),
        ("HeldPage.items", "maxItems", schemas.MOST_ITEMS),
        ("BlockPage.items", "maxItems", schemas.MOST_ITEMS),
        ("StrangerPage.items", "maxItems", schemas.MOST_ITEMS),
        ("AuditPage.items", "maxItems", schemas.MOST_ITEMS),
        ("Search.limit", "maximum", schemas.MOST_ITEMS),
        ("Me.limits.text", "const", MAX_TEXT),
        ("Me.limits.note", "const", MAX_TEXT),
        ("Me.limits.page", "const", schemas.MOST_ITEMS),
        ("NewBlock.reason", "maxLength", blocks_api.LONGEST_REASON),
        ("BlockChange.reason", "maxLength", blocks_api.LONGEST_REASON),
        ("LastWords.text", "maxLength", shapes._LONGEST_EXCERPT),
        ("Tags", "maxItems", ticket_requests._MOST_TAGS),
        ("Search.q", "maxLength", MAX_TEXT),
        ("TeamCustomerWhole.tickets", "maxItems", listing._MOST_TICKETS),
        ("TeamCustomerWhole.blocks", "maxItems", tickets._MOST_BLOCKS),
        ("NewModerator.name", "maxLength", LONGEST_NAME),
        ("NewModerator.mxid", "maxLength", team_api._LONGEST_ID),
        ("NewModerator.telegram_id", "maximum", LARGEST_TELEGRAM_ID),
    ],
)
def test_a_limit_is_the_codes(schema: str, key: str, value: int) -> None:
    assert get(schema)[key] == value


def test_patterns_are_the_codes() -> None:
    assert get("Cursor")["pattern"] == f"^{lists._CURSOR.pattern}$"
    assert get("Tags")["items"]["maxLength"] == ticket_requests._LONGEST_TAG


def test_the_limits_of_a_page_are_the_codes() -> None:
    limit = DOCUMENT["components"]["parameters"]["Limit"]["schema"]
    assert (limit["maximum"], limit["default"]) == (schemas.MOST_ITEMS, schemas.DEFAULT_ITEMS)


def test_what_is_said_in_words_is_the_codes() -> None:
    assert f"at most {schemas.MAX_BODY} bytes" in DOCUMENT["info"]["description"]
    stream = DOCUMENT["paths"]["/v1/events"]["get"]
    assert f"at most {MOST_STREAMS} streams a session" in stream["summary"]
    assert f"every {PING_SECONDS:g} seconds" in stream["responses"]["200"]["description"]


def test_the_streams_events_are_the_codes() -> None:
    told = DOCUMENT["paths"]["/v1/mod/events"]["get"]["x-events"]
    assert set(told) == {*get_args(TeamEventType), "reset", "session.ended"}


def test_the_codes_are_those_of_the_table() -> None:
    assert get("Problem.code")["enum"] == list(WIRE_CODES)


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ("Identity", get_args(Identity)),
        ("Message.channel", get_args(Channel)),
        ("Author.kind", get_args(AuthorKind)),
        ("Problem.kind", get_args(Kind)),
        ("Role", get_args(Role)),
        ("Moderator.source", get_args(Source)),
        ("BlockKind", get_args(BlockKind)),
    ],
)
def test_a_choice_is_the_codes(schema: str, values: tuple[str, ...]) -> None:
    assert set(get(schema)["enum"]) == set(values)


def test_every_reference_leads_somewhere_and_everything_is_used() -> None:
    used = {node["$ref"] for node in walk(DOCUMENT) if "$ref" in node}
    there = {
        f"#/components/{kind}/{name}"
        for kind, entries in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in entries
    }
    assert used == there


def test_every_operation_has_a_name_of_its_own_and_one_sentence() -> None:
    operations = [operation for _, _, operation in list_operations(DOCUMENT)]
    names = [operation["operationId"] for operation in operations]
    assert sorted(set(names)) == sorted(names)
    for operation in operations:
        assert re.fullmatch(r"[^.]+(?:\.\.\d[^.]*)?\.", operation["summary"]), operation["summary"]
        assert operation["tags"][0] in [tag["name"] for tag in DOCUMENT["tags"]]


def test_what_a_part_leaves_out_is_filled_in() -> None:
    post = DOCUMENT["paths"]["/v1/messages"]["post"]
    codes = {
        code
        for status, response in post["responses"].items()
        if status >= "400"
        for code in response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"][
            "code"
        ]["enum"]
    }
    named = {
        "conflict",
        "invalid",
        "text_empty",
        "text_too_long",
        "secret_refused",
        "secret_suspected",
        "rate_limited",
    }
    of_a_body = {"bad_json", "too_large", "unsupported_media_type"}
    assert codes == named | of_a_body | {"unauthorized", "origin_not_allowed", "unavailable"}
    assert "Retry-After" in post["responses"]["429"]["headers"]
    assert "x-codes" not in json.dumps(DOCUMENT)
    assert get("CustomerTicket")["required"] == ["number", "status", "score"]


def test_an_entry_that_stands_in_two_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [("a.yaml", {"paths": {"/v1/x": {}}}), ("b.yaml", {"paths": {"/v1/x": {}}})]
    with pytest.raises(ValueError, match=r"b\.yaml: /v1/x"):
        module._join(iter(parts))


def test_the_parts_mean_the_same_to_a_parser_without_c() -> None:
    for part in (Path(module.__file__).parent / "openapi").iterdir():
        text = part.read_text()
        assert YAML(typ="safe", pure=True).load(text) == YAML(typ="safe").load(text)
