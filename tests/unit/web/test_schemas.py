"""JSON in and out."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.errors import BadJson, HeadsetError, Invalid, TooLarge, UnsupportedMediaType
from plugin.web import schemas

NOON = datetime(2026, 3, 1, 12, 0, 0, 7000, tzinfo=timezone.utc)
ID = "01234567-89ab-4def-8123-456789abcdef"


def refusal(read: Callable[[], object]) -> HeadsetError:
    with pytest.raises(HeadsetError) as caught:
        read()
    return caught.value


def assert_names(read: Callable[[], object], field: str) -> None:
    """Assert that a value is refused with the name of its field, for machines and for people."""
    error = refusal(read)
    assert isinstance(error, Invalid)
    assert error.members["field"] == field
    assert error.detail.startswith(field)


# The body


def request_with(body: bytes, content_type: str | None = "application/json", **headers: str) -> web.Request:
    """Return a request whose body came in already, without a length unless one is given."""
    payload = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16, loop=asyncio.get_running_loop())
    payload.feed_data(body)
    payload.feed_eof()
    if content_type is not None:
        headers["Content-Type"] = content_type
    return make_mocked_request("POST", "/v1/messages", headers=headers, payload=payload)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"]
)
async def test_an_object_is_read(content_type: str) -> None:
    assert await schemas.read_json(request_with('{"text": "é😀"}'.encode(), content_type)) == {"text": "é😀"}


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/problem+json", "json"],
)
async def test_another_content_type_is_refused(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        await schemas.read_json(request_with(b"{}", content_type))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b"[]",
        b'"text"',
        b"5",
        b"null",
        b"true",
        b"{} {}",
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * 3000,
        b"[" * 30000,
    ],
    ids=lambda body: repr(body[:12]),
)
async def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadJson):
        await schemas.read_json(request_with(body))


def padded(size: int) -> bytes:
    return b"{}" + b" " * (size - 2)


@pytest.mark.parametrize("size", [2, schemas.MAX_BODY])
async def test_a_body_up_to_the_limit_is_read(size: int) -> None:
    assert await schemas.read_json(request_with(padded(size))) == {}


async def test_a_body_that_says_that_it_has_just_the_limit_is_read() -> None:
    request = request_with(padded(schemas.MAX_BODY), **{"Content-Length": str(schemas.MAX_BODY)})
    assert await schemas.read_json(request) == {}


@pytest.mark.parametrize("size", [schemas.MAX_BODY + 1, schemas.MAX_BODY * 3])
async def test_a_body_over_the_limit_is_refused_with_the_limit(size: int) -> None:
    with pytest.raises(TooLarge) as caught:
        await schemas.read_json(request_with(padded(size)))
    assert caught.value.members == {"limit": 32 * 1024}


async def test_a_body_over_the_limit_is_not_read_to_the_end() -> None:
    request = request_with(padded(schemas.MAX_BODY + 1000))
    with pytest.raises(TooLarge):
        await schemas.read_json(request)
    assert len(await request.content.read()) == 999


async def test_a_body_that_says_that_it_is_over_the_limit_is_not_read_at_all() -> None:
    request = request_with(padded(100), **{"Content-Length": str(schemas.MAX_BODY + 1)})
    with pytest.raises(TooLarge):
        await schemas.read_json(request)
    assert len(await request.content.read()) == 100


async def test_a_body_that_says_less_than_it_has_is_refused_all_the_same() -> None:
    with pytest.raises(TooLarge):
        await schemas.read_json(request_with(padded(schemas.MAX_BODY + 1), **{"Content-Length": "2"}))


# Fields


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [], {}, ["x"]])
def test_a_text_must_be_a_string(value: object) -> None:
    assert_names(lambda: schemas.get_text({"text": value}, "text"), "text")


def test_a_text_must_be_there() -> None:
    assert_names(lambda: schemas.get_text({}, "text"), "text")
    assert_names(lambda: schemas.get_text({"text": "x"}, "other"), "other")


def test_a_text_is_given_as_it_came() -> None:
    assert schemas.get_text({"text": " x\n"}, "text") == " x\n"
    assert schemas.get_text({"text": ""}, "text") == ""


def test_an_optional_text_may_be_absent_or_null_or_as_long_as_allowed() -> None:
    assert schemas.get_optional_text({}, "x", 3) is None
    assert schemas.get_optional_text({"x": None}, "x", 3) is None
    assert schemas.get_optional_text({"x": "abc"}, "x", 3) == "abc"


@pytest.mark.parametrize("value", ["abcd", 5, [], False])
def test_an_optional_text_that_is_longer_or_no_string_is_refused(value: object) -> None:
    assert_names(lambda: schemas.get_optional_text({"x": value}, "x", 3), "x")


def test_the_limit_of_an_optional_text_is_said() -> None:
    error = refusal(lambda: schemas.get_optional_text({"x": "abcd"}, "x", 3))
    assert error.members["limit"] == 3


@pytest.mark.parametrize("text", [ID, ID.upper(), f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "")])
def test_a_client_id_has_one_usual_form(text: str) -> None:
    assert schemas.get_client_id({"client_id": text}) == ID


@pytest.mark.parametrize("value", [None, 5, "", "x", ID[:-1], ID + "0", ID.replace("0", "g"), [ID], "é" * 32])
def test_anything_else_is_no_client_id(value: object) -> None:
    assert_names(lambda: schemas.get_client_id({"client_id": value}), "client_id")


@given(st.text())
def test_no_client_id_is_too_odd_to_be_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        client_id = schemas.get_client_id({"client_id": text})
        assert str(uuid.UUID(client_id)) == client_id


def test_a_session_may_say_locale_and_page() -> None:
    assert schemas.get_session_fields({}) == (None, None)
    data = {"locale": "de-AT", "page_url": "https://app.example.org/x?y#z"}
    assert schemas.get_session_fields(data) == ("de-AT", "https://app.example.org/x?y#z")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("locale", 5),
        ("locale", "x" * 36),
        ("page_url", {}),
        ("page_url", "x" * 2001),
    ],
)
def test_a_wrong_field_of_a_session_is_named(field: str, value: object) -> None:
    assert_names(lambda: schemas.get_session_fields({field: value}), field)


def test_no_identity_is_none() -> None:
    assert schemas.get_session_fields({"identity": None, "locale": "de"}) == ("de", None)


@pytest.mark.parametrize("field", ["locale", "page_url"])
@pytest.mark.parametrize("char", ["\x00", "\ud800"])
def test_what_no_database_can_store_is_refused_or_dropped(field: str, char: str) -> None:
    with contextlib.suppress(Invalid):
        fields = schemas.get_session_fields({field: f"a{char}b"})
        assert char not in "".join(filter(None, fields))


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_a_rating_is_one_to_five_with_or_without_words(score: int) -> None:
    assert schemas.get_rating({"score": score}) == (score, None)
    assert schemas.get_rating({"score": score, "comment": None}) == (score, None)
    assert schemas.get_rating({"score": score, "comment": " Quick \u200bhelp "}) == (score, "Quick help")


@pytest.mark.parametrize("score", [0, 6, -1, 2**70, 4.0, 4.5, "5", "", None, True, [], {}])
def test_any_other_rating_is_refused(score: object) -> None:
    assert_names(lambda: schemas.get_rating({"score": score}), "score")
    assert_names(lambda: schemas.get_rating({"comment": "none given"}), "score")


@pytest.mark.parametrize("comment", [5, [], False, "x" * 1001])
def test_words_with_a_rating_that_are_too_many_or_no_string_are_refused(comment: object) -> None:
    assert_names(lambda: schemas.get_rating({"score": 5, "comment": comment}), "comment")


def test_words_with_a_rating_may_be_a_thousand_characters() -> None:
    assert schemas.get_rating({"score": 5, "comment": "x" * 1000}) == (5, "x" * 1000)


@pytest.mark.parametrize("value", ["", 5, [], False, "TEAM"])
def test_a_channel_that_is_not_here_is_refused(value: object) -> None:
    assert_names(lambda: schemas.get_moderator({"channel": value, "moderator": "M"}), "channel")


@pytest.mark.parametrize("channel", [{}, {"channel": None}, {"channel": "team"}])
@pytest.mark.parametrize("moderator", [{}, {"moderator": None}])
def test_the_channel_is_the_teams_unless_another_is_named(
    channel: dict[str, Any], moderator: dict[str, Any]
) -> None:
    assert schemas.get_moderator(channel | moderator) is None


@pytest.mark.parametrize("channel", [{}, {"channel": "team"}])
def test_words_for_one_person_never_go_to_the_team(channel: dict[str, Any]) -> None:
    assert_names(lambda: schemas.get_moderator(channel | {"moderator": "MOD-A"}), "moderator")


@pytest.mark.parametrize("moderator", [{}, {"moderator": None}, {"moderator": 5}, {"moderator": ["MOD-A"]}])
def test_a_direct_message_names_its_moderator(moderator: dict[str, Any]) -> None:
    assert_names(lambda: schemas.get_moderator({"channel": "direct", **moderator}), "moderator")
    assert schemas.get_moderator({"channel": "direct", "moderator": "MOD-A"}) == "MOD-A"


# Query and headers


def query(text: str) -> web.Request:
    return make_mocked_request("GET", f"/v1/messages?{text}")


@pytest.mark.parametrize(("text", "number"), [("", None), ("after=0", 0), ("after=17", 17), ("after=007", 7)])
def test_a_number_is_read_from_the_query(text: str, number: int | None) -> None:
    assert schemas.get_number(query(text), "after") == number


def test_the_largest_number_is_the_largest_that_every_client_knows() -> None:
    assert schemas.get_number(query(f"after={2**53}"), "after") == 2**53
    assert_names(lambda: schemas.get_number(query(f"after={2**53 + 1}"), "after"), "after")


NO_NUMBERS = [
    "",
    "-1",
    "+1",
    "1.5",
    "x",
    "0x1",
    "1e3",
    "1_0",
    "%20",
    "%D9%A3",
    "%C2%B2",
    "9" * 17,
    "9" * 5000,
]


@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: text[:8])
def test_anything_else_in_the_query_is_refused(text: str) -> None:
    assert_names(lambda: schemas.get_number(query(f"after={text}"), "after"), "after")
    assert_names(lambda: schemas.get_limit(query(f"limit={text}")), "limit")


@pytest.mark.parametrize(("text", "limit"), [("", 50), ("limit=1", 1), ("limit=200", 200)])
def test_a_page_has_one_to_two_hundred_items(text: str, limit: int) -> None:
    assert schemas.get_limit(query(text)) == limit


@pytest.mark.parametrize("text", ["limit=0", "limit=201"])
def test_a_page_of_none_or_of_more_is_refused(text: str) -> None:
    assert_names(lambda: schemas.get_limit(query(text)), "limit")


def with_last_event(text: str) -> web.Request:
    return make_mocked_request("GET", "/v1/events", headers={"Last-Event-ID": text})


def test_the_last_event_is_read_from_its_header() -> None:
    assert schemas.get_last_event_id(with_last_event("17")) == 17
    assert schemas.get_last_event_id(with_last_event("0")) == 0
    assert schemas.get_last_event_id(query("")) is None


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5", "9" * 17])
def test_a_last_event_that_is_no_number_is_refused(text: str) -> None:
    assert_names(lambda: schemas.get_last_event_id(with_last_event(text)), "Last-Event-ID")
