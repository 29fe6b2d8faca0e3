"""Commands that change something: answer, note, close, reopen, block, unblock."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import TypeVar

import click

from ..api.client import UNSET, Client, Unset
from ..api.errors import ApiError, Unreachable
from ..api.messages import Held
from ..api.models import Block, CustomerDetail, Status
from ..state.desk import name_of
from ..state.lengths import EXAMPLES, parse_length
from .output import local, print_json, say
from .reading import TICKET
from .running import Refused, Session

T = TypeVar("T")

FOREVER = "forever"

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_ID = click.option(
    "--id",
    "client_id",
    type=click.UUID,
    help="A UUID of your own: the same text with the same id again is not written twice.",
)


@click.command()
@click.argument("ticket", type=TICKET)
@click.argument("text", required=False)
@_ID
@_JSON
@click.pass_obj
def reply(
    session: Session,
    ticket: int,
    text: str | None,
    client_id: uuid.UUID | None,
    as_json: bool,
) -> None:
    """Answer a customer.

    Without TEXT, or where it is -, the answer is read from the standard input.
    """
    words, once = _read_text(text), str(client_id or uuid.uuid4())
    sent = session.ask(_repeatable(once, lambda desk: desk.answer(ticket, client_id=once, text=words)))
    if as_json:
        print_json(sent)
    if isinstance(sent, Held):
        why = f"{sent.why}. " if sent.why else ""
        raise Refused(f"Held, not sent: {why}Another moderator can release it.")
    if not as_json:
        click.echo(f"Answered #{ticket}.")


@click.command()
@click.argument("ticket", type=TICKET)
@click.argument("text", required=False)
@_ID
@_JSON
@click.pass_obj
def note(session: Session, ticket: int, text: str | None, client_id: uuid.UUID | None, as_json: bool) -> None:
    """Write a note for the team.

    The customer never sees it. Without TEXT, or where it is -, it is read from the standard input.
    """
    words, once = _read_text(text), str(client_id or uuid.uuid4())
    made = session.ask(_repeatable(once, lambda client: client.add_note(ticket, client_id=once, text=words)))
    _report(made, f"Noted on #{ticket}.", as_json)


@click.command()
@click.argument("ticket", type=TICKET)
@_JSON
@click.pass_obj
def close(session: Session, ticket: int, as_json: bool) -> None:
    """Close a ticket."""
    _set_status(session, ticket, "closed", as_json)


@click.command()
@click.argument("ticket", type=TICKET)
@_JSON
@click.pass_obj
def reopen(session: Session, ticket: int, as_json: bool) -> None:
    """Open a closed ticket again."""
    _set_status(session, ticket, "open", as_json)


def _set_status(session: Session, ticket: int, status: Status, as_json: bool) -> None:
    changed = session.ask(lambda client: client.change_ticket(ticket, status=status))
    _report(changed, f"#{ticket} is {changed.status}.", as_json)


def _check_length(_ctx: click.Context, _option: click.Parameter, length: str | None) -> str | None:
    if length is not None and length != FOREVER and parse_length(length) is None:
        raise click.BadParameter(f"{length!r} is no length: {EXAMPLES}, or {FOREVER}.")
    return length


@click.command()
@click.argument("ticket", type=TICKET)
@click.option(
    "--for",
    "length",
    metavar="LENGTH",
    callback=_check_length,
    help=f"{EXAMPLES}, or {FOREVER}; else the desk's usual one.",
)
@click.option("--reason", metavar="TEXT", help="For the team; the customer never sees it.")
@_JSON
@click.pass_obj
def block(session: Session, ticket: int, length: str | None, reason: str | None, as_json: bool) -> None:
    """Block a customer, for a while or for good.

    It is the customer of TICKET, who does not notice.
    """
    duration: str | Unset | None = UNSET if length is None else None if length == FOREVER else length

    async def act(client: Client) -> Block:
        customer = (await client.ticket(ticket)).customer
        return await client.block(customer.id, duration=duration, reason=reason)

    made = session.ask(act)
    until = f"until {local(made.expires_at)}" if made.expires_at else "until it is lifted"
    _report(made, f"Blocked {name_of(made.customer)} (#{ticket}) {until}.", as_json)


@click.command()
@click.argument("ticket", type=TICKET)
@_JSON
@click.pass_obj
def unblock(session: Session, ticket: int, as_json: bool) -> None:
    """Lift the block of a ticket's customer."""

    async def act(client: Client) -> Block:
        running = _running((await client.ticket(ticket)).customer)
        if not running:
            raise ApiError(f"The customer of #{ticket} is not blocked.", code="conflict", status=409)
        lifted = [await client.lift_block(one.id) for one in running]
        return lifted[0]

    lifted = session.ask(act)
    _report(lifted, f"Lifted the block of {name_of(lifted.customer)} (#{ticket}).", as_json)


def _running(customer: CustomerDetail) -> list[Block]:
    """Return the blocks that hold now."""
    if not customer.blocked:
        return []
    now = datetime.now(timezone.utc)
    unlifted = [one for one in customer.blocks if one.lifted_at is None]
    # The desk's clock counts, not this one: it says that there is one, so it is the newest at least.
    return [one for one in unlifted if one.expires_at is None or one.expires_at > now] or unlifted[:1]


def _read_text(text: str | None) -> str:
    """Return the words of the command line or, where there are none, of the standard input."""
    if text is None or text == "-":
        text = sys.stdin.read().rstrip("\n")
    return text


def _repeatable(once: str, make: Callable[[Client], Awaitable[T]]) -> Callable[[Client], Awaitable[T]]:
    """Say, where no answer comes, how the same words can be sent again without being sent twice."""

    async def act(client: Client) -> T:
        try:
            return await make(client)
        except Unreachable as error:
            again = f"Repeat it with --id {once}: it is never written twice."
            raise Unreachable(f"{error.detail} {again}") from error

    return act


def _report(value: object, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        say(sentence)
