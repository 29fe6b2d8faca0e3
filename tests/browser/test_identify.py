"""A host site that says who its user is."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import expect

from stack.system import System
from tests.browser.texts import t
from tests.browser.tokens import make_jwt
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget


def someone() -> str:
    """Return a user id that nobody had before."""
    return f"user-{uuid.uuid4()}"


async def assert_user(widget: Widget, name: str) -> None:
    """Check who the page's customer is for the server."""
    customer = (await widget.customer()).session["customer"]
    assert (customer["identity"], customer["name"]) == ("user", name)


async def test_a_users_history_is_there_on_another_device(
    visitor: Visitor, other_visitor: Visitor, system: System
) -> None:
    user = someone()
    widget = await visitor.visit()
    await widget.api("identify", {"jwt": make_jwt(user, name="Dora")})
    await widget.open()
    question, answer = f"as a user {uuid.uuid4()}", f"hello Dora {uuid.uuid4()}"
    post = await widget.converse(question, answer)
    assert "Dora" in post.text
    await assert_user(widget, "Dora")
    elsewhere = await other_visitor.visit()
    await elsewhere.api("identify", {"jwt": make_jwt(user, name="Dora")})
    await elsewhere.open()
    await expect(elsewhere.bubble(answer)).to_be_visible()
    assert await elsewhere.texts() == [question, answer]


async def test_said_again_on_each_page_it_changes_nothing(visitor: Visitor) -> None:
    user = someone()
    widget = await visitor.visit()
    for turn in range(2):
        await widget.api("identify", {"jwt": make_jwt(user, name="Dora")})
        await widget.open()
        await widget.ask(f"page {turn} {uuid.uuid4()}")
        await widget.page.reload()
    await widget.open()
    await expect(widget.messages).to_have_count(2)
    assert len(visitor.watch.sent("/v1/sessions")) == 1


@pytest.mark.parametrize("join", [True, False])
async def test_an_anonymous_conversation_comes_along_only_when_the_customer_says_so(
    visitor: Visitor, join: bool
) -> None:
    widget = await visitor.open()
    await widget.ask(before := f"before {uuid.uuid4()}")
    await widget.api("identify", {"jwt": make_jwt(someone(), name="Dora")})
    dialog = widget.frame.get_by_role("dialog")
    await dialog.get_by_role("button", name=t("join.yes" if join else "join.no"), exact=True).click()
    await expect(dialog).to_have_count(0)
    await expect(widget.bubble(before)).to_have_count(1 if join else 0)
    await widget.ask(f"after {uuid.uuid4()}")
    await assert_user(widget, "Dora")


async def test_another_user_of_the_same_browser_sees_nothing_of_the_first(visitor: Visitor) -> None:
    widget = await visitor.visit()
    await widget.api("identify", {"jwt": make_jwt(someone(), name="Dora")})
    await widget.open()
    await widget.ask(private := f"Dora's {uuid.uuid4()}")
    await widget.api("identify", {"jwt": make_jwt(someone(), name="Emil")})
    await expect(widget.bubble(private)).to_have_count(0)
    await widget.ask(f"Emil's {uuid.uuid4()}")
    await assert_user(widget, "Emil")
    await expect(widget.messages).to_have_count(1)


async def test_logout_leaves_nothing_in_the_browser(visitor: Visitor) -> None:
    widget = await visitor.visit()
    visitor.watch.allow("answered 401", "status of 401")
    await widget.api("identify", {"jwt": make_jwt(someone(), name="Dora")})
    await widget.open()
    await widget.ask(private := f"Dora's {uuid.uuid4()}")
    await widget.keep_draft("a draft of hers")
    customer = await widget.customer()
    await widget.api("logout")
    await expect(widget.bubble(private)).to_have_count(0)
    await expect(widget.composer).to_have_value("")
    kept = str(await widget.stored())
    assert "token" not in kept
    assert "draft of hers" not in kept
    assert (await customer.api.request("GET", "/v1/session")).status == 401


async def test_a_token_that_is_not_the_sites_is_refused(visitor: Visitor) -> None:
    widget = await visitor.open()
    visitor.watch.allow("answered 403", "status of 403", "identify was refused")
    await widget.ask(before := f"before {uuid.uuid4()}")
    await widget.api("identify", {"jwt": make_jwt(someone(), secret="somebody else's", name="Dora")})
    await widget.frame.get_by_role("dialog").get_by_role("button", name=t("join.yes"), exact=True).click()
    await visitor.watch.wait_for("answered 403")
    await expect(widget.frame.get_by_text(t("identify.failed")).first).to_be_attached()
    await expect(widget.bubble(before)).to_be_visible()
    assert (await widget.customer()).session["customer"]["identity"] == "anonymous"
