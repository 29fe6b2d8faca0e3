"""Which failed request is worth another try, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.domain.retry import backoff, is_permanent


@pytest.mark.parametrize("errcode", ["M_TOO_LARGE", "M_BAD_JSON", "M_NOT_JSON", "M_INVALID_PARAM"])
def test_an_event_at_fault_is_never_sent_again(errcode: str) -> None:
    assert is_permanent(errcode)


@pytest.mark.parametrize(
    "errcode",
    [
        None,
        "",
        "M_LIMIT_EXCEEDED",
        "M_FORBIDDEN",
        "M_UNKNOWN_TOKEN",
        "M_MISSING_TOKEN",
        "M_UNKNOWN",
        "M_NOT_FOUND",
    ],
)
def test_what_the_operator_or_time_can_mend_is_tried_again(errcode: str | None) -> None:
    assert not is_permanent(errcode)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0.5), (1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 15), (7, 15), (31, 15), (32, 15), (10**9, 15)],
)
def test_the_wait_doubles_up_to_fifteen_seconds(failures: int, seconds: float) -> None:
    assert backoff(failures) == timedelta(seconds=seconds)
