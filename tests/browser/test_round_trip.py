"""From the page to the group and back: fast, in every tab, with edits and deletions, once and in order."""

from __future__ import annotations

import statistics
import time
import uuid

from playwright.async_api import expect

from stack.system import System
from stack.telegram_client import ALICE, BOB
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget

NOTE_WHEN_SEEN = """(text) => new Promise((resolve) => {
  const look = () => {
    const found = [...document.querySelectorAll("main li .text")].find((one) => one.textContent === text);
    if (found && found.getClientRects().length) resolve(Date.now());
    else requestAnimationFrame(look);
  };
  look();
})"""


async def reply_seconds(system: System, widget: Widget, post: int, sender: int) -> float:
    """Reply in Telegram; return how long it takes from sending to the bubble, in seconds."""
    text = f"answer {uuid.uuid4()}"
    frame = await widget.inner()
    seen = await frame.evaluate_handle(f"(text) => {{ window.sighting = ({NOTE_WHEN_SEEN})(text); }}", text)
    began = time.time()
    await system.telegram.send(sender, text, reply_to=post)
    at_ms: float = await frame.evaluate("window.sighting")
    await seen.dispose()
    return at_ms / 1000 - began


async def test_a_reply_is_seen_within_a_second(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    post = await widget.ask(f"how fast {uuid.uuid4()}")
    took = [
        await reply_seconds(system, widget, post.id, sender) for sender in (ALICE, BOB, ALICE, BOB, ALICE)
    ]
    print(f"\nfrom Telegram's Reply to the bubble: {', '.join(f'{one:.3f}' for one in took)} s")
    assert statistics.median(took) < 1


async def test_a_question_and_its_answer(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    question, answer = f"question {uuid.uuid4()}", f"answer {uuid.uuid4()}"
    post = await widget.converse(question, answer)
    assert post.text.endswith(question)
    await expect(widget.messages).to_have_count(2)
    theirs = widget.bubble(answer)
    await expect(theirs.locator(".author")).to_contain_text("Alice")
    await expect(theirs.get_by_role("img", name=t("verified"))).to_be_visible()
    await expect(widget.bubble(question).get_by_role("img")).to_have_count(0)
    await expect(widget.bubble(question).locator(".state")).to_have_text(t("sent"))
    await expect(theirs.locator("time")).to_be_visible()
    assert await widget.texts() == [question, answer]


async def test_after_a_reload_it_is_all_there_once(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    question, answer = f"before {uuid.uuid4()}", f"answer {uuid.uuid4()}"
    post = await widget.converse(question, answer)
    await widget.page.reload()
    await system.telegram.send(ALICE, "while it loads", reply_to=post.id)
    await widget.open()
    await expect(widget.bubble("while it loads")).to_be_visible()
    assert await widget.texts() == [question, answer, "while it loads"]


async def test_two_tabs_share_one_stream_and_both_show_everything(visitor: Visitor, system: System) -> None:
    first = await visitor.open()
    question, answer = f"in two tabs {uuid.uuid4()}", f"for both {uuid.uuid4()}"
    await first.converse(question, answer)
    second = await visitor.open()
    await expect(second.bubble(answer)).to_be_visible()
    for turn, (writes, hears) in enumerate([(second, first), (first, second)]):
        texts = f"turn {turn} {uuid.uuid4()}", f"answer {turn} {uuid.uuid4()}"
        await writes.converse(*texts)
        for text in texts:
            await expect(hears.bubble(text)).to_be_visible()
    assert await first.texts() == await second.texts()
    assert len(await first.texts()) == 6
    assert len(visitor.watch.sent("/v1/events", "GET")) == 1

    await first.page.close()
    last = f"alone {uuid.uuid4()}", f"still heard {uuid.uuid4()}"
    await second.converse(*last)
    assert (await second.texts())[-2:] == list(last)
    assert len(visitor.watch.sent("/v1/events", "GET")) == 2


async def test_an_edit_and_a_deletion_are_shown(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    post = await widget.ask(f"edits {uuid.uuid4()}")
    wrong, gone = f"wrong {uuid.uuid4()}", f"to be gone {uuid.uuid4()}"
    ids = [await system.telegram.send(ALICE, text, reply_to=post.id) for text in (wrong, gone)]
    await expect(widget.bubble(gone)).to_be_visible()
    right = f"right {uuid.uuid4()}"
    await system.telegram.edit(ids[0], right)
    await expect(widget.bubble(right)).to_contain_text(t("edited"))
    await expect(widget.bubble(wrong)).to_have_count(0)
    await system.telegram.delete(ids[1])
    await expect(widget.bubble(gone)).to_have_count(0)
    await expect(widget.messages).to_have_count(3)
    await expect(widget.messages.last).to_have_class("theirs goes-on deleted")
    before = await widget.texts()

    await widget.page.reload()
    await widget.open()
    await expect(widget.messages).to_have_count(3)
    assert await widget.texts() == before


async def test_what_comes_while_it_is_closed_is_counted(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    post = await widget.ask(f"counting {uuid.uuid4()}")
    await widget.close()
    for count in (1, 2):
        await system.telegram.send(ALICE, f"unread {count}", reply_to=post.id)
        await expect(widget.badge).to_have_text(str(count))
    await widget.page.reload()
    await expect(widget.badge).to_have_text("2")
    await widget.open()
    await expect(widget.badge).to_be_empty()
    await expect(widget.launcher).to_have_accessible_name("Close the chat")
    await widget.page.reload()
    await expect(widget.launcher).to_have_accessible_name("Open the chat")
