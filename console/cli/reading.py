"""Commands that read: the list of tickets, and one ticket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar, cast

import click

from ..api.client import Client
from ..api.errors import ApiError
from ..api.messages import Message, Note
from ..api.models import Side, Status, Ticket, TicketDetail
from ..api.records import Page
from ..state.desk import name_of
from ..state.plain import plain
from .output import indented, local, print_json, print_table
from .running import Session

T = TypeVar("T")
_PAGE = 200


class TicketNumber(click.ParamType):  # type: ignore[type-arg] # click 8.1 has none
    """A ticket as people write it: `1042` or `#1042`."""

    name = "ticket"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        text = str(value).strip().removeprefix("#")
        if not (text.isascii() and text.isdigit()) or len(text) > 15:
            self.fail(f"{value!r} is no ticket's number.", param, ctx)
        return int(text)


TICKET = TicketNumber()


@click.command()
@click.option(
    "--status",
    type=click.Choice(["open", "closed", "all"]),
    default="open",
    show_default=True,
    help="Which tickets.",
)
@click.option("--waiting", type=click.Choice(["team", "customer"]), help="Whose answer is awaited.")
@click.option("--assignee", metavar="WHO", help="me, none, or the name of a moderator.")
@click.option("--blocked", is_flag=True, help="Only those of blocked customers.")
@click.option(
    "--sort",
    type=click.Choice(["activity", "waiting", "number"]),
    default="activity",
    show_default=True,
    help="In which order; waiting: the longest first.",
)
@click.option("--search", metavar="TEXT", help="Only those in which this was said, newest first.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", default=50, show_default=True, help="How many, at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def tickets(
    session: Session,
    status: str,
    waiting: Side | None,
    assignee: str | None,
    blocked: bool,
    sort: Literal["activity", "waiting", "number"],
    search: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List tickets.

    Those with the newest activity stand first.
    """
    wished = None if status == "all" else cast(Status, status)

    async def read(client: Client) -> list[Ticket]:
        who = await _find_assignee(client, assignee)

        async def page(after: str | None, size: int) -> Page[Any]:
            listed: dict[str, Any] = {
                "status": wished,
                "waiting": waiting,
                "assignee": who,
                "blocked": blocked,
            }
            if search is not None:
                return await client.search(search, **listed, after=after, limit=size)
            return await client.tickets(**listed, sort=sort, after=after, limit=size)

        return await _gather(page, limit)

    found = session.ask(read)
    if as_json:
        print_json(found)
    elif found:
        print_table([_row(ticket) for ticket in found])
    else:
        click.echo("No tickets.", err=True)


async def _find_assignee(client: Client, wished: str | None) -> str | None:
    """Return what the desk calls a moderator whom somebody named. Raises ApiError."""
    if wished in (None, "me", "none"):
        return wished
    team = (await client.me()).team
    for person in team:
        if wished.casefold() in (person.name.casefold(), person.id.casefold()):
            return person.id
    names = ", ".join(person.name for person in team)
    raise ApiError(f"Nobody in the team is called {wished}; there are: {names}.", code="invalid", status=422)


async def _gather(page: Callable[[str | None, int], Awaitable[Page[T]]], limit: int) -> list[T]:
    """Return the first `limit` items of a list, page by page."""
    items: list[T] = []
    after = None
    while len(items) < limit:
        part = await page(after, min(_PAGE, limit - len(items)))
        items += part.items
        after = part.next
        if after is None:
            break
    return items[:limit]


def _row(ticket: Ticket) -> list[str]:
    waiting = f"waits for {ticket.waiting}" if ticket.waiting else ""
    who = name_of(ticket.customer) + (" (blocked)" if ticket.customer.blocked else "")
    assignee = ticket.assignee.name if ticket.assignee else "-"
    last = ticket.last.text if ticket.last else ""
    return [f"#{ticket.number}", ticket.status, waiting, local(ticket.active_at), assignee, who, last]


@click.command()
@click.argument("ticket", type=TICKET)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    default=100,
    show_default=True,
    help="How many messages, at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(session: Session, ticket: int, limit: int, as_json: bool) -> None:
    """Show a ticket.

    Its customer, its newest messages, and the team's notes.
    """

    async def read(client: Client) -> tuple[TicketDetail, list[Message], list[Note]]:
        detail = await client.ticket(ticket)
        notes = await _gather(lambda after, size: client.notes(ticket, after=after, limit=size), limit)
        return detail, await _newest(client, ticket, limit), notes

    detail, messages, notes = session.ask(read)
    if as_json:
        print_json({"ticket": detail, "messages": messages, "notes": notes})
        return
    _print_head(detail)
    for at, text in sorted([*map(_message, messages), *map(_note, notes)]):
        click.echo(f"\n{at} {text}")


async def _newest(client: Client, ticket: int, limit: int) -> list[Message]:
    """Return the newest messages of a ticket, oldest first."""
    messages: list[Message] = []
    before = None
    while len(messages) < limit:
        size = min(_PAGE, limit - len(messages))
        part = await client.messages(ticket, before=before, limit=size)
        messages = [*part.items, *messages]
        before = part.next
        if before is None:
            break
    return messages[-limit:]


def _print_head(detail: TicketDetail) -> None:
    customer = detail.customer
    rows = [
        ("Ticket", f"#{detail.number}, {detail.status}, since {local(detail.opened_at)}"),
        ("Waits for", detail.waiting),
        ("Assignee", detail.assignee.name if detail.assignee else None),
        ("Tags", ", ".join(detail.tags)),
        ("Rating", f"{detail.score} of 5 {detail.comment or ''}" if detail.score else None),
        ("Customer", name_of(customer) + (" (blocked)" if customer.blocked else "")),
        ("Account", customer.account),
        ("Mail", customer.email),
        ("Page", customer.page_url or customer.origin),
        ("First seen", local(customer.created_at)),
    ]
    print_table([(name, value) for name, value in rows if value])


def _message(message: Message) -> tuple[str, str]:
    author = message.author
    marks: list[str] = [author.kind] if author.kind != "customer" or author.name else []
    marks += ["edited"] if message.edited_at else []
    marks += ["deleted"] if message.deleted_at else []
    marks += [message.delivery] if message.delivery not in ("sent", "delivered") else []
    head = f"{plain(author.name or author.kind)}" + (f" ({', '.join(marks)})" if marks else "")
    return local(message.created_at), f"{head}\n{indented(message.text)}"


def _note(note: Note) -> tuple[str, str]:
    return local(note.created_at), f"{plain(note.by.name)} (note)\n{indented(note.text)}"
