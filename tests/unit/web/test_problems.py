"""Refusals on the wire."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from plugin.domain.errors import WIRE_CODES, HeadsetError, RateLimited, TextTooLong, Unavailable
from plugin.web.problems import from_aiohttp, problem_response


def document(response: web.Response) -> dict[str, object]:
    assert isinstance(response.body, bytes)
    data: dict[str, object] = json.loads(response.body)
    return data


@pytest.mark.parametrize("cls", WIRE_CODES.values(), ids=list(WIRE_CODES))
def test_each_refusal_is_a_problem_document(cls: type[HeadsetError]) -> None:
    response = problem_response(cls())
    assert response.status == cls.status
    assert response.content_type == "application/problem+json"
    assert document(response) == {
        "type": "about:blank",
        "title": cls().title,
        "status": cls.status,
        "code": cls.code,
        "detail": cls().title,
    }


def test_what_else_is_known_stands_in_the_document() -> None:
    problem = document(problem_response(TextTooLong("4001 characters, 4000 are allowed.", limit=4000)))
    assert problem["detail"] == "4001 characters, 4000 are allowed."
    assert problem["title"] == "The text is too long."
    assert problem["limit"] == 4000


@pytest.mark.parametrize("cls", [RateLimited, Unavailable])
def test_when_to_come_again_stands_in_the_header_too(cls: type[HeadsetError]) -> None:
    response = problem_response(cls(retry_after=7))
    assert response.headers["Retry-After"] == "7"
    assert document(response)["retry_after"] == 7


def test_other_refusals_have_no_such_header() -> None:
    assert "Retry-After" not in problem_response(TextTooLong(limit=4000)).headers


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (web.HTTPNotFound(), "not_found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method_not_allowed"),
        (web.HTTPRequestEntityTooLarge(1), "too_large"),
    ],
)
def test_a_refusal_of_aiohttps_own_has_the_same_code_and_status(error: web.HTTPException, code: str) -> None:
    refusal = from_aiohttp(error)
    assert refusal.code == code
    assert refusal.status == error.status


@pytest.mark.parametrize("error", [web.HTTPBadRequest(), web.HTTPServiceUnavailable(), web.HTTPBadGateway()])
def test_any_other_one_is_a_problem_document_that_says_when_to_come_again_if_it_is_a_503(
    error: web.HTTPException,
) -> None:
    response = problem_response(from_aiohttp(error))
    assert response.status != 503 or "Retry-After" in response.headers
