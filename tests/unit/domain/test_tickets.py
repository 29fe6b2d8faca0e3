"""Which ticket a customer's message belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.model import Ticket
from plugin.domain.tickets import Step, TicketRules, step_for_message

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
TICK = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

PER_CUSTOMER = TicketRules(policy="per_customer", close_after=7 * DAY, reopen_within=2 * DAY)
PER_CASE = replace(PER_CUSTOMER, policy="per_case")
BOTH = pytest.mark.parametrize("rules", [PER_CUSTOMER, PER_CASE], ids=lambda rules: rules.policy)

OPEN = Ticket(number=1042, customer_id="CUST-1", status="open", opened_at=NOON - 30 * DAY, active_at=NOON)
CLOSED = replace(OPEN, status="closed", active_at=NOON - DAY, closed_at=NOON)
LATER = [timedelta(), TICK, HOUR, 2 * DAY, 2 * DAY + TICK, 7 * DAY, 3650 * DAY]


@BOTH
@pytest.mark.parametrize("later", LATER)
def test_the_first_message_makes_a_ticket(rules: TicketRules, later: timedelta) -> None:
    assert step_for_message(None, rules, NOON + later) == "new"


@BOTH
@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("opened_at", [NOON - 30 * DAY, NOON])
def test_an_open_ticket_is_kept_however_old(
    rules: TicketRules, later: timedelta, opened_at: datetime
) -> None:
    assert step_for_message(replace(OPEN, opened_at=opened_at), rules, NOON + later) == "keep"


@BOTH
def test_a_ticket_that_was_closed_and_opened_again_is_an_open_one(rules: TicketRules) -> None:
    reopened = replace(CLOSED, status="open", closed_at=None)
    assert step_for_message(reopened, rules, NOON + 30 * DAY) == "keep"
    assert step_for_message(replace(CLOSED, status="open"), rules, NOON + 30 * DAY) == "keep"


@pytest.mark.parametrize("later", LATER)
def test_per_customer_a_closed_ticket_is_opened_again_however_long_ago(later: timedelta) -> None:
    assert step_for_message(CLOSED, PER_CUSTOMER, NOON + later) == "reopen"


@pytest.mark.parametrize(
    ("later", "step"),
    [
        (-HOUR, "reopen"),
        (timedelta(), "reopen"),
        (HOUR, "reopen"),
        (2 * DAY - TICK, "reopen"),
        (2 * DAY, "reopen"),
        (2 * DAY + TICK, "new"),
        (7 * DAY, "new"),
        (3650 * DAY, "new"),
    ],
)
def test_per_case_a_closed_ticket_is_opened_again_only_within_the_time_of_grace(
    later: timedelta, step: Step
) -> None:
    assert step_for_message(CLOSED, PER_CASE, NOON + later) == step


def test_the_time_of_grace_counts_from_the_close_and_not_from_the_last_message() -> None:
    quiet = replace(CLOSED, active_at=NOON - 20 * DAY)
    assert step_for_message(quiet, PER_CASE, NOON + DAY) == "reopen"
    busy = replace(CLOSED, active_at=NOON + 2 * DAY)
    assert step_for_message(busy, PER_CASE, NOON + 2 * DAY + TICK) == "new"


@pytest.mark.parametrize(("later", "step"), [(timedelta(), "reopen"), (TICK, "new")])
def test_without_a_time_of_grace_the_next_message_is_a_new_case(later: timedelta, step: Step) -> None:
    rules = replace(PER_CASE, reopen_within=timedelta())
    assert step_for_message(CLOSED, rules, NOON + later) == step


@pytest.mark.parametrize(
    ("policy", "later", "step"),
    [
        ("per_customer", DAY, "reopen"),
        ("per_customer", 3 * DAY, "reopen"),
        ("per_case", DAY, "reopen"),
        ("per_case", 3 * DAY, "new"),
    ],
)
def test_a_closed_ticket_without_a_time_of_closing_counts_from_its_opening(
    policy: str, later: timedelta, step: Step
) -> None:
    rules = replace(PER_CUSTOMER, policy=policy)  # type: ignore[arg-type]
    ticket = replace(CLOSED, opened_at=NOON, active_at=NOON + 2 * DAY, closed_at=None)
    assert step_for_message(ticket, rules, NOON + later) == step


@BOTH
@pytest.mark.parametrize("ticket", [OPEN, CLOSED])
@pytest.mark.parametrize(("assignee", "score"), [("MOD-A", None), (None, 1), ("MOD-A", 5)])
def test_neither_rating_nor_assignment_changes_where_a_message_belongs(
    rules: TicketRules, ticket: Ticket, assignee: str | None, score: int | None
) -> None:
    marked = replace(ticket, assignee=assignee, score=score)
    assert step_for_message(marked, rules, NOON + 5 * DAY) == step_for_message(ticket, rules, NOON + 5 * DAY)


TIMES = st.integers(-10_000, 10_000_000).map(lambda seconds: timedelta(seconds=seconds))


@given(TIMES, st.integers(0, 5_000_000).map(lambda seconds: timedelta(seconds=seconds)))
def test_per_case_there_is_one_moment_from_which_on_a_message_is_a_new_case(
    later: timedelta, grace: timedelta
) -> None:
    step = step_for_message(CLOSED, replace(PER_CASE, reopen_within=grace), NOON + later)
    assert step == ("reopen" if later <= grace else "new")


@given(TIMES, st.integers(0, 5_000_000), st.sampled_from([OPEN, CLOSED]))
def test_per_customer_there_is_never_a_second_number(later: timedelta, grace: int, ticket: Ticket) -> None:
    rules = replace(PER_CUSTOMER, reopen_within=timedelta(seconds=grace))
    assert step_for_message(ticket, rules, NOON + later) != "new"
