"""The ticket on the page: its number and state, closing it, saying how it was, going on."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import expect

from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget


async def ticket_of(widget: Widget) -> int:
    """Return the number of the customer's ticket."""
    number: int = (await (await widget.customer()).api.call("GET", "/v1/session"))["ticket"]["number"]
    return number


async def test_number_and_state_stand_in_the_header(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    note = widget.frame.locator("header .note")
    await expect(note).to_have_text(t("header.note"))
    post = await widget.ask(f"a case {uuid.uuid4()}")
    number = await ticket_of(widget)
    await expect(note).to_have_text(t("ticket.open", number=number))
    await system.telegram.send(ALICE, "/close bye", reply_to=post.id)
    await expect(note).to_have_text(t("ticket.closed", number=number))
    await expect(widget.bubble("bye")).to_be_visible()
    await system.telegram.send(ALICE, "/reopen", reply_to=post.id)
    await expect(note).to_have_text(t("ticket.open", number=number))


@pytest.mark.parametrize("comment", ["", "  very <b>kind</b>  "])
async def test_close_rate_and_go_on(visitor: Visitor, system: System, comment: str) -> None:
    widget = await visitor.open()
    await widget.converse(f"a case {uuid.uuid4()}", "solved")
    number = await ticket_of(widget)
    await widget.press(t("menu"))
    await widget.press(t("ticket.close", number=number))
    dialog = widget.frame.get_by_role("dialog")
    await dialog.get_by_role("button", name=t("cancel")).click()
    await expect(dialog).to_have_count(0)
    await widget.press(t("ticket.close", number=number))
    await dialog.get_by_role("button", name=t("ticket.close.yes")).click()
    note = widget.frame.locator("header .note")
    await expect(note).to_have_text(t("ticket.closed", number=number))

    rating = widget.view.locator("form.rating")
    await expect(rating.get_by_role("button", name=t("rate.send"))).to_be_disabled()
    await rating.get_by_role("radio", name=t("rate.score", score=4, most=5)).check(force=True)
    await rating.get_by_label(t("rate.comment")).fill(comment)
    await rating.get_by_role("button", name=t("rate.send")).click()
    await expect(widget.view.get_by_text(t("rate.thanks", score=4, most=5))).to_be_visible()
    sent = visitor.watch.sent(f"/v1/tickets/{number}/rating")
    assert [request.post_data_json["score"] for request in sent] == [4]
    await widget.page.reload()
    await widget.open()
    await expect(widget.view.get_by_text(t("rate.thanks", score=4, most=5))).to_be_visible()

    await widget.converse(f"once more {uuid.uuid4()}", "welcome back")
    await expect(note).to_have_text(t("ticket.open", number=number))
    await expect(rating).to_have_count(0)
