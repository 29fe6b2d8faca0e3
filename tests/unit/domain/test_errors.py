"""The one table of wire codes."""

from __future__ import annotations

import pytest

from plugin.domain.errors import WIRE_CODES, ConfigError, HeadsetError

TABLE = {
    "bad_json": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "origin_not_allowed": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "text_empty": 422,
    "text_too_long": 422,
    "secret_refused": 422,
    "secret_suspected": 422,
    "invalid": 422,
    "rate_limited": 429,
    "unavailable": 503,
}


def test_these_are_all_the_codes_with_their_status() -> None:
    assert {code: cls.status for code, cls in WIRE_CODES.items()} == TABLE


def test_no_two_refusals_share_a_code() -> None:
    assert len(HeadsetError.__subclasses__()) == len(WIRE_CODES)


@pytest.mark.parametrize("cls", WIRE_CODES.values(), ids=list(WIRE_CODES))
def test_a_refusal_says_what_it_is_without_being_told(cls: type[HeadsetError]) -> None:
    error = cls()
    assert error.title.endswith(".")
    assert "\n" not in error.title
    assert error.detail == error.title
    assert error.members == {}
    assert str(error) == error.title


def test_a_refusal_may_say_more() -> None:
    error = WIRE_CODES["text_too_long"]("4001 characters.", limit=4000)
    assert error.title == "The text is too long."
    assert error.detail == str(error) == "4001 characters."
    assert error.members == {"limit": 4000}


def test_a_configuration_error_lists_each_problem() -> None:
    error = ConfigError(["a: wrong", "b: missing"])
    assert error.problems == ["a: wrong", "b: missing"]
    assert str(error) == "a: wrong; b: missing"
