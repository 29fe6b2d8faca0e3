"""What is known of a customer: to take away as a file, and to be erased."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from playwright.async_api import expect

from stack.system import System
from tests.browser.texts import t
from tests.browser.visitor import Visitor


async def test_the_export_is_a_file_with_the_whole_conversation(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    question, answer = f"for the record {uuid.uuid4()}", f"noted {uuid.uuid4()}"
    await widget.converse(question, answer)
    await widget.press(t("menu"))
    async with widget.page.expect_download() as started:
        await widget.press(t("export"))
    download = await started.value
    assert download.suggested_filename == "Example support.json"
    data = json.loads(Path(await download.path()).read_text(encoding="utf-8"))
    assert [message["text"] for message in data["messages"]] == [question, answer]
    customer = await widget.customer()
    assert data["customer"]["id"] == customer.session["customer"]["id"]
    assert [ticket["number"] for ticket in data["tickets"]] == [customer.session["ticket"]["number"]]
    assert customer.token not in json.dumps(data)


async def test_erase_asks_first_and_leaves_nothing(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    visitor.watch.allow("answered 401", "status of 401")
    question, answer = f"forget this {uuid.uuid4()}", f"and this {uuid.uuid4()}"
    await widget.converse(question, answer)
    await widget.keep_draft("a draft, too")
    customer = await widget.customer()
    await widget.press(t("menu"))
    await widget.press(t("erase"))
    dialog = widget.frame.get_by_role("dialog")
    sure = dialog.get_by_role("button", name=t("erase.yes"))
    await expect(sure).to_be_disabled()
    await dialog.get_by_role("button", name=t("cancel")).click()
    await expect(dialog).to_have_count(0)
    assert visitor.watch.sent("/v1/me", "DELETE") == []

    await widget.press(t("erase"))
    await dialog.get_by_label(t("erase.sure")).check()
    await sure.click()
    await expect(widget.composer).to_be_visible()
    await expect(widget.messages).to_have_count(0)
    await expect(widget.composer).to_have_value("")
    kept = str(await widget.stored())
    assert not [part for part in (question, answer, "a draft", customer.token) if part in kept]
    assert (await customer.api.request("GET", "/v1/messages")).status == 401

    await widget.converse(f"as somebody new {uuid.uuid4()}", "welcome")
    new = await widget.customer()
    assert new.session["customer"]["id"] != customer.session["customer"]["id"]
    await expect(widget.messages).to_have_count(2)
