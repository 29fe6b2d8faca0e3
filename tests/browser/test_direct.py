"""A private conversation with a moderator: on the page, in the moderator's room, and nowhere else."""

from __future__ import annotations

import uuid

from playwright.async_api import Locator, expect

from stack.conditions import until
from stack.matrix import CLIENT, MatrixUser
from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget


def people_button(widget: Widget) -> Locator:
    """The button that leads to the moderators, whatever it says is unread."""
    return widget.frame.locator("header").get_by_role("button", name=t("people"))


async def open_direct(widget: Widget, name: str = "Carol") -> None:
    """Go to the moderators and open the conversation with one."""
    await people_button(widget).click()
    await widget.view.get_by_role("button", name=name).click()
    await expect(widget.heading).to_contain_text(name)


async def find_room(moderator: MatrixUser, text: str) -> str:
    """Join the rooms to which the moderator is invited; return the one in which this is said."""

    async def find() -> str | None:
        rooms = (await moderator.api.call("GET", f"{CLIENT}/sync?timeout=0")).get("rooms", {})
        for room_id in rooms.get("invite", {}):
            await moderator.join(room_id)
        for room_id in rooms.get("join", {}):
            if any(text in str(event["content"].get("body")) for event in await moderator.events(room_id)):
                return str(room_id)
        return None

    return await until(find, f"{text!r} in a room of {moderator.mxid}")


async def assert_not_in_the_group(system: System, *texts: str) -> None:
    """Check that nothing of this is in the group or its room, after all that went before."""
    customer = await system.customer()
    await customer.send(last := f"last {uuid.uuid4()}")
    await system.telegram.wait_for_text(last)
    group = [message.text for message in await system.telegram.messages()]
    room = [str(event["content"]) for event in await system.admin.events(system.room_id, limit=500)]
    for text in texts:
        assert not [one for one in (*group, *room) if text in one]


async def test_who_can_be_written_to_is_listed_with_the_mark(visitor: Visitor, carol: MatrixUser) -> None:
    widget = await visitor.open()
    await widget.press(t("people"))
    people = widget.view.locator("button[data-moderator]")
    await expect(people).to_have_count(1)
    await expect(people).to_contain_text("Carol")
    await expect(people.get_by_role("img", name=t("verified"))).to_be_visible()
    assert carol.mxid not in await widget.view.inner_html()


async def test_a_private_conversation(visitor: Visitor, system: System, carol: MatrixUser) -> None:
    widget = await visitor.open()
    await widget.converse(team := f"to the team {uuid.uuid4()}", "from the team")
    await open_direct(widget)
    await expect(widget.view.get_by_text(t("direct.safety"))).to_be_visible()
    await expect(widget.frame.locator("header").get_by_role("img", name=t("verified"))).to_be_visible()
    await expect(widget.messages).to_have_count(0)
    question, answer = f"in private {uuid.uuid4()}", f"to you alone {uuid.uuid4()}"
    await widget.write(question)
    room = await find_room(carol, question)
    await carol.send_text(room, answer)
    await expect(widget.bubble(answer)).to_be_visible()
    await expect(widget.bubble(answer).locator(".author")).to_contain_text("Carol")
    await expect(widget.bubble(answer).get_by_role("img", name=t("verified"))).to_be_visible()
    await expect(widget.view.get_by_text(t("direct.safety"))).to_be_visible()
    assert await widget.texts() == [question, answer]
    await widget.press(t("back"))
    await widget.press(t("back"))
    assert await widget.texts() == [team, "from the team"]

    await widget.page.reload()
    await widget.open()
    assert await widget.texts() == [team, "from the team"]
    await open_direct(widget)
    await expect(widget.bubble(answer)).to_be_visible()
    assert await widget.texts() == [question, answer]
    await assert_not_in_the_group(system, question, answer)


async def test_an_unread_private_answer_is_shown_where_it_belongs(
    visitor: Visitor, system: System, carol: MatrixUser
) -> None:
    widget = await visitor.open()
    await open_direct(widget)
    await widget.write(question := f"tell me later {uuid.uuid4()}")
    room = await find_room(carol, question)
    await widget.press(t("back"))
    await widget.press(t("back"))
    await carol.send_text(room, answer := f"later {uuid.uuid4()}")
    badge = people_button(widget).locator(".badge")
    await expect(badge).to_have_text("1")
    await expect(widget.bubble(answer)).to_have_count(0)
    await open_direct(widget)
    await expect(widget.bubble(answer)).to_be_visible()
    await widget.press(t("back"))
    await widget.press(t("back"))
    await expect(badge).to_be_empty()


async def test_a_secret_is_refused_in_private_too(visitor: Visitor, carol: MatrixUser) -> None:
    widget = await visitor.open()
    await open_direct(widget)
    await widget.write("legal winner thank year wave sausage worth useful legal winner thank yellow")
    await expect(widget.view.get_by_text(t("secret.phrase"))).to_be_visible()
    assert visitor.watch.sent("/v1/messages") == []


async def test_moderators_without_a_way_to_read_it_are_not_offered(visitor: Visitor, system: System) -> None:
    """Alice and Bob are known by Telegram only, and Telegram is where a private word must not go."""
    widget = await visitor.open()
    await widget.press(t("people"))
    await expect(widget.view.locator("button[data-moderator]").first).to_be_visible()
    await expect(widget.view.get_by_text("Alice")).to_have_count(0)
    await expect(widget.view.get_by_text("Bob")).to_have_count(0)
    assert str(ALICE) not in await widget.view.inner_html()
