"""Offline and back, restarts, cut answers, long absences, ended sessions: nothing lost, nothing double."""

from __future__ import annotations

import asyncio
import uuid

from playwright.async_api import Route, expect

from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget

DOWN = (
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_NETWORK",
)
"""What a browser says about a server or a network that is away."""

FIND = "[...document.querySelectorAll('li .text')].find((one) => one.textContent === text).parentNode"
PLACE = f"{FIND}.getBoundingClientRect().top"
"""In one step, as the element of a message may be made anew at any time."""

ABSENT = 230
"""More messages than any page of the conversation holds."""


async def assert_once(widget: Widget, *texts: str) -> None:
    """Check that these texts are on the page, at the server and in the group, each once and in order."""
    shown = await widget.texts()
    assert [text for text in shown if text in texts] == list(texts)
    assert len(set(shown)) == len(shown)
    items = (await (await widget.customer()).history())["items"]
    assert [item["text"] for item in items if item["text"] in texts] == list(texts)
    posts = " ".join(message.text for message in await widget.system.telegram.relayed())
    assert [posts.count(text) for text in texts] == [1] * len(texts)


async def test_what_is_written_offline_is_sent_once_when_the_connection_is_back(
    visitor: Visitor, system: System
) -> None:
    widget = await visitor.open()
    visitor.watch.allow(*DOWN)
    post = await widget.ask(f"online {uuid.uuid4()}")
    await visitor.context.set_offline(True)
    texts = [f"offline {n} {uuid.uuid4()}" for n in range(3)]
    for text in texts:
        await widget.write(text)
        await expect(widget.bubble(text)).to_be_visible()
    await expect(widget.bubble(texts[-1]).locator(".state")).to_have_text(t("waiting"))
    await system.telegram.send(ALICE, "meanwhile", reply_to=post.id)
    assert await (await widget.inner()).evaluate("navigator.onLine") is False
    arrived = [item["text"] for item in (await (await widget.customer()).history())["items"]][1:]
    assert set(arrived) <= {"meanwhile"}
    await visitor.context.set_offline(False)
    for text in texts:
        await system.telegram.wait_for_text(text)
    await expect(widget.bubble("meanwhile")).to_be_visible()
    await expect(widget.bubble(texts[-1]).locator(".state")).to_have_text(t("sent"))
    await assert_once(widget, *texts)


async def test_what_is_written_offline_outlives_the_tab(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    visitor.watch.allow(*DOWN)
    await widget.ask(f"online {uuid.uuid4()}")
    await visitor.context.set_offline(True)
    text = f"in a tab that was closed {uuid.uuid4()}"
    await widget.write(text)
    await expect(widget.bubble(text)).to_be_visible()
    await widget.page.close()
    await visitor.context.set_offline(False)
    again = await visitor.open()
    await system.telegram.wait_for_text(text)
    await expect(again.bubble(text).locator(".state")).to_have_text(t("sent"))
    await assert_once(again, text)


async def test_a_desk_that_can_not_be_reached_at_first_is_there_when_it_can(visitor: Visitor) -> None:
    await visitor.begin()
    visitor.watch.allow("ERR_FAILED")
    await visitor.context.route("**/v1/config*", lambda route: route.abort())
    widget = await visitor.visit()
    await widget.launcher.click()
    await expect(widget.frame.get_by_role("alert")).to_be_visible()
    await visitor.context.unroute("**/v1/config*")
    await expect(widget.composer).to_be_visible()
    await expect(widget.frame.get_by_role("alert")).to_have_count(0)


async def test_a_restart_of_the_server(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    # maubot listens before it has started the plugin, and answers 404 till then.
    visitor.watch.allow(*DOWN, "answered (404|50[234])", "status of (404|50[234])")
    post = await widget.ask(f"before the restart {uuid.uuid4()}")
    await system.stop_maubot()
    text, answer = f"while it is down {uuid.uuid4()}", f"answer while it is down {uuid.uuid4()}"
    await widget.write(text)
    await system.telegram.send(ALICE, answer, reply_to=post.id)
    await system.start_maubot()
    await system.telegram.wait_for_text(text)
    await expect(widget.bubble(answer)).to_be_visible()
    await widget.converse(f"after it {uuid.uuid4()}", f"answer after it {uuid.uuid4()}")
    assert sorted(await widget.texts()) == sorted(set(await widget.texts()))
    await expect(widget.messages).to_have_count(5)


async def test_a_reload_of_the_plugin(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    visitor.watch.allow(*DOWN, "answered (404|50[234])", "status of (404|50[234])")
    await widget.ask(f"before the reload {uuid.uuid4()}")
    plugin = (await system.maubot.get_instance("support"))["type"]
    for turn in range(2):
        await system.maubot.reload_plugin(plugin)
        await widget.converse(f"after reload {turn} {uuid.uuid4()}", f"answer {turn} {uuid.uuid4()}")
    await expect(widget.messages).to_have_count(5)


async def test_a_cut_answer_leads_to_no_second_message(visitor: Visitor, system: System) -> None:
    """The server has taken it, the page can't know: it sends the same `client_id` again."""
    widget = await visitor.open()
    visitor.watch.allow("ERR_CONNECTION_RESET")
    await widget.ask(f"before {uuid.uuid4()}")
    statuses: list[int] = []

    async def cut(route: Route) -> None:
        if route.request.method != "POST":
            return await route.fallback()
        answer = await route.fetch()
        statuses.append(answer.status)
        if len(statuses) < 3:
            return await route.abort("connectionreset")
        return await route.fulfill(response=answer)

    await visitor.context.route("**/v1/messages", cut)
    text = f"cut off {uuid.uuid4()}"
    await widget.ask(text)
    await expect(widget.bubble(text).locator(".state")).to_have_text(t("sent"))
    await expect(widget.bubble(text)).to_have_count(1)
    # Brought by the stream, too; once the next has gone out, nothing of this one is waiting any more.
    await visitor.context.unroute("**/v1/messages")
    await widget.converse(f"next {uuid.uuid4()}", f"answer {uuid.uuid4()}")
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {200}
    assert (await widget.texts()).count(text) == 1
    ids = {request.post_data_json["client_id"] for request in visitor.watch.sent("/v1/messages")}
    assert len(ids) == 3


async def test_a_draft_outlives_a_reload(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.keep_draft("unfinished")
    await widget.composer.press_sequentially(" business")
    await widget.page.reload()
    await widget.open()
    await expect(widget.composer).to_have_value("unfinished business")
    await widget.composer.press("Enter")
    await expect(widget.bubble("unfinished business")).to_be_visible()
    await widget.page.reload()
    await widget.open()
    await expect(widget.bubble("unfinished business")).to_be_visible()
    await expect(widget.composer).to_have_value("")


async def test_a_long_absence_is_made_up_for(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    visitor.watch.allow(*DOWN)
    first = f"long ago {uuid.uuid4()}"
    post = await widget.ask(first)
    # A blocked customer's messages are kept like any other's, and this test is not about Telegram.
    await system.telegram.send(ALICE, "/block 1h", reply_to=post.id)
    other_device = await widget.customer()
    await visitor.context.set_offline(True)
    written = await write_many(other_device)
    await visitor.context.set_offline(False)
    await expect(widget.bubble(written[-1])).to_be_visible()
    await expect(widget.messages).to_have_count(ABSENT + 1)
    assert await widget.texts() == [first, *written]


async def write_many(customer: Customer) -> list[str]:
    """Write more than any page holds, all at once; return the texts in the order they got."""
    messages = await asyncio.gather(*(customer.send(f"{n} of many {uuid.uuid4()}") for n in range(ABSENT)))
    return [message["text"] for message in sorted(messages, key=lambda message: message["seq"])]


async def test_the_history_comes_while_scrolling_and_nothing_jumps(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    first = f"long ago {uuid.uuid4()}"
    post = await widget.ask(first)
    await system.telegram.send(ALICE, "/block 1h", reply_to=post.id)
    written = await write_many(await widget.customer())
    await widget.page.reload()
    await widget.open()
    await expect(widget.bubble(written[-1])).to_be_in_viewport()
    assert len(await widget.texts()) < ABSENT
    frame, scroller = await widget.inner(), widget.view.locator(".scroller")
    while first not in (texts := await widget.texts()):
        place = await frame.evaluate(f"(text) => {{ {FIND}.scrollIntoView(); return {PLACE}; }}", texts[0])
        await expect(widget.messages).not_to_have_count(len(texts))
        moved = await frame.evaluate(f"(text) => {PLACE}", texts[0]) - place
        assert abs(moved) < 2, f"what was being read moved by {moved} px"
    assert await widget.texts() == [first, *written]
    await scroller.evaluate("(one) => one.scrollTo(0, 0)")
    await expect(widget.bubble(first)).to_be_in_viewport()
    # Something new while reading old things does not take the reader away from them.
    text = f"new {uuid.uuid4()}"
    await system.telegram.send(ALICE, text, reply_to=post.id)
    await expect(widget.bubble(text)).to_have_count(1)
    await expect(widget.bubble(first)).to_be_in_viewport()
    await widget.view.get_by_role("button", name=t("jump.new.one", count=1)).click()
    await expect(widget.bubble(text)).to_be_in_viewport()


async def test_a_session_that_has_ended_goes_on_as_a_new_one_with_the_draft(
    visitor: Visitor, system: System
) -> None:
    widget = await visitor.open()
    visitor.watch.allow("answered 401", "status of 401")
    old = f"of the old session {uuid.uuid4()}"
    await widget.ask(old)
    await widget.composer.fill("still being written")
    await (await widget.customer()).api.call("DELETE", "/v1/session")
    await expect(widget.bubble(old)).to_have_count(0)
    await expect(widget.composer).to_have_value("still being written")
    await widget.composer.press("Enter")
    await system.telegram.wait_for_text("still being written")
    await widget.converse(f"and on {uuid.uuid4()}", f"with an answer {uuid.uuid4()}")
    await expect(widget.messages).to_have_count(3)


async def test_a_token_that_is_void_at_start_goes_on_with_the_draft(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    visitor.watch.allow("answered 401", "status of 401")
    await widget.ask(f"of the old session {uuid.uuid4()}")
    await widget.keep_draft("a draft")
    customer = await widget.customer()
    await widget.page.goto("about:blank")
    await customer.api.call("DELETE", "/v1/session")
    again = await visitor.open()
    await expect(again.composer).to_have_value("a draft")
    await again.composer.press("Enter")
    await again.converse(f"new {uuid.uuid4()}", f"answer {uuid.uuid4()}")
    await expect(again.messages).to_have_count(3)
