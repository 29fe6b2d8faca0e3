"""Who one writes with: all that the team may know of a customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ..api.models import Block, Customer, CustomerDetail, Ticket
from ..state import times
from ..state.desk import name_of
from ..state.plain import plain

_IDENTITIES = {"wallet": "wallet, proven", "user": "the site's user", "anonymous": "anonymous"}


class CustomerPanel(VerticalScroll, can_focus=True):
    """A column of facts."""

    KEYS_TITLE = "The customer's panel"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_down", "Down", show=False, tooltip="Shows more of it"),
        Binding("up,k", "scroll_up", "Up", show=False, tooltip="Shows what was above"),
    ]
    DEFAULT_CSS = """
    CustomerPanel { width: 38; height: 1fr; background: $surface; padding: 0 1;
        border-left: vkey $border-blurred; scrollbar-size-vertical: 1; }
    CustomerPanel Static { height: auto; width: 100%; }
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._facts = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Show the facts."""
        yield self._facts

    def show(self, ticket: Ticket) -> None:
        """Show a ticket and its customer; what is not known yet is left out."""
        now = self._now()
        self._say([*_ticket(ticket, now), Content(""), *_customer(ticket.customer, now)])

    def show_customer(self, customer: Customer) -> None:
        """Show a customer where there is no ticket."""
        self._say(_customer(customer, self._now()))

    def _say(self, lines: list[Content]) -> None:
        self._facts.update(Content("\n").join(lines))


def _title(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _fact(name: str, value: str, style: str = "") -> Content:
    return Content.assemble((f"{name}  ", "$text-muted"), (value, style))


def _ticket(ticket: Ticket, now: datetime) -> list[Content]:
    lines = [_title(f"Ticket #{ticket.number}")]
    if ticket.status == "closed":
        lines.append(_fact("Status", "✓ closed"))
    elif ticket.waiting_since is not None and ticket.waiting is not None:
        who = "for us" if ticket.waiting == "team" else "for the customer"
        lines.append(_fact("Waiting", f"{who}, {times.length(now - ticket.waiting_since)}"))
    else:
        lines.append(_fact("Status", "open"))
    lines.append(_fact("With", plain(ticket.assignee.name) if ticket.assignee else "nobody"))
    lines.append(_fact("Tags", " ".join(f"#{plain(tag)}" for tag in ticket.tags) or "none"))
    lines.append(_fact("Opened", times.moment(ticket.opened_at, now)))
    if ticket.score is not None:
        lines.append(_fact("Rating", f"{'★' * ticket.score}{'☆' * (5 - ticket.score)}", "$text-warning"))
    if ticket.comment:
        lines.append(Content(plain(ticket.comment)))
    return lines


def _customer(customer: Customer, now: datetime) -> list[Content]:
    lines = [_title("Customer"), Content.styled(name_of(customer), "bold"), *_identity(customer)]
    return [*lines, *_detail(customer, now)] if isinstance(customer, CustomerDetail) else lines


def _identity(customer: Customer) -> list[Content]:
    lines = []
    if customer.blocked:
        lines.append(Content.styled("⊘ blocked; the customer can't tell", "bold $text-error"))
    identity = _IDENTITIES.get(customer.identity, plain(customer.identity))
    lines.append(_fact("Identity", identity))
    if customer.account:
        lines.append(Content(plain(customer.account)))
    return lines


def _detail(customer: CustomerDetail, now: datetime) -> list[Content]:
    facts = [
        ("Mail", customer.email),
        ("Site", customer.origin),
        ("Page", customer.page_url),
        ("Speaks", customer.locale),
        ("First seen", times.moment(customer.created_at, now)),
    ]
    lines = [_fact(name, plain(value)) for name, value in facts if value]
    if len(customer.tickets) > 1:
        lines += [Content(""), _title("All tickets")]
        lines += [
            Content.assemble(
                f"#{each.number} ", (f"{each.status} · {times.moment(each.opened_at, now)}", "$text-muted")
            )
            for each in customer.tickets
        ]
    if customer.blocks:
        lines += [Content(""), _title("Blocks")]
        lines += [_block(block, now) for block in customer.blocks]
    return lines


def _block(block: Block, now: datetime) -> Content:
    if block.lifted_at is not None:
        state = f"lifted {times.moment(block.lifted_at, now)}"
    elif block.expires_at is None:
        state = "until it is lifted"
    elif block.expires_at > now:
        state = f"ends in {times.length(block.expires_at - now)}"
    else:
        state = f"ended {times.moment(block.expires_at, now)}"
    said = f"{block.kind} by {plain(block.by.name)}, {times.moment(block.created_at, now)}: {state}"
    reason = f"\n  {plain(block.reason)}" if block.reason else ""
    return Content.assemble(said, (reason, "$text-muted"))
