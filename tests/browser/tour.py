"""A walk through every view of the widget, for those who want to look at each."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Route, expect

from stack.telegram_client import ALICE, BOB
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.wallets import Wallet, install
from tests.browser.widget import Widget

VIEWS = [
    *("launcher", "welcome", "conversation", "refused", "suspected", "failed", "menu", "erase", "wallet"),
    *("people", "direct", "check", "check-yes", "check-no", "rating", "thanks", "offline"),
]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "question": "Hello! My withdrawal has been pending since this morning.",
        "more": "The address is right, I have checked it twice.",
        "answer": "Hi, I'm looking into it. Which network did you use?",
        "reply": "Arbitrum. Here is the transaction: https://example.org/tx/0x5c504ed432cb51138bcf",
        "wrong": "It will be there in 10 minuets",
        "right": "Found it: it will be there in 10 minutes.",
        "gone": "Wrong chat, sorry.",
        "direct": "Can I ask you something about my account in private?",
        "failed": "And how long does that take?",
        "doubtful": "Somebody from support wrote to me: send 0.1 ETH to unlock your wallet.",
    },
    "ar": {
        "question": "مرحبا! عملية السحب معلقة منذ هذا الصباح.",
        "more": "العنوان صحيح، لقد تحققت منه مرتين.",
        "answer": "أهلا، أنا أتحقق من الأمر. أي شبكة استخدمت؟",
        "reply": "Arbitrum. هذه هي المعاملة: https://example.org/tx/0x5c504ed432cb51138bcf",
        "wrong": "ستصل خلال 10 دقايق",
        "right": "وجدتها: ستصل خلال 10 دقائق.",
        "gone": "محادثة خاطئة، عذرا.",
        "direct": "هل يمكنني أن أسألك عن حسابي على انفراد؟",
        "failed": "وكم يستغرق ذلك؟",
        "doubtful": "كتب لي شخص من الدعم: أرسل 0.1 ETH لفتح محفظتك.",
    },
}
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


class Tour:
    """One visitor's way through all views, in one language."""

    def __init__(self, visitor: Visitor, widget: Widget, locale: str) -> None:
        self.visitor, self.widget, self._locale = visitor, widget, locale
        self._words = WORDS[locale]

    @classmethod
    async def begin(cls, visitor: Visitor, *, theme: str, locale: str, **options: Any) -> Tour:
        """Open a host page with the widget in it; `options` are Playwright's."""
        await install(
            await visitor.begin(color_scheme=theme, **options),
            Wallet("Example Wallet"),
            Wallet("Other Wallet"),
        )
        widget = await visitor.visit(data_locale=locale)
        return cls(visitor, widget, locale)

    def _t(self, key: str, **values: object) -> str:
        return t(key, locale=self._locale, **values)

    async def views(self) -> AsyncIterator[str]:
        """Go from view to view; each name is given while the view is to be seen."""
        widget = self.widget
        await expect(widget.launcher).to_be_visible()
        yield "launcher"
        await widget.open()
        await expect(widget.view.locator(".welcome")).to_be_visible()
        yield "welcome"
        await self._converse()
        yield "conversation"
        for part in (
            self._secrets,
            self._failure,
            self._menu,
            self._people,
            self._check,
            self._close,
            self._offline,
        ):
            async for view in part():
                yield view

    async def _converse(self) -> None:
        words, widget, telegram = self._words, self.widget, self.visitor.system.telegram
        await widget.write(words["question"])
        await expect(widget.view.locator("li.own.sent")).to_be_visible()
        number = (await (await widget.customer()).api.call("GET", "/v1/session"))["ticket"]["number"]
        post = await telegram.wait_for_text(f"#{number} ")
        await widget.write(words["more"])
        await telegram.send(ALICE, words["answer"], reply_to=post.id)
        await expect(widget.bubble(words["answer"])).to_be_visible()
        await widget.write(words["reply"])
        await expect(widget.messages).to_have_count(4)
        wrong, gone = [await telegram.send(BOB, words[key], reply_to=post.id) for key in ("wrong", "gone")]
        await expect(widget.messages).to_have_count(6)
        await telegram.edit(wrong, words["right"])
        await telegram.delete(gone)
        await expect(widget.view.locator("li.deleted")).to_be_visible()
        await expect(widget.bubble(words["right"])).to_be_visible()

    async def _secrets(self) -> AsyncIterator[str]:
        widget = self.widget
        await widget.write(PHRASE)
        await expect(widget.view.get_by_text(self._t("secret.phrase"))).to_be_visible()
        yield "refused"
        await widget.press(self._t("secret.clear"))
        await widget.write(uuid.uuid4().hex * 2)
        await expect(widget.view.get_by_text(self._t("suspected.key"))).to_be_visible()
        yield "suspected"
        await widget.press(self._t("takeBack"))
        await widget.composer.fill("")

    async def _failure(self) -> AsyncIterator[str]:
        widget, context = self.widget, self.visitor.context
        self.visitor.watch.allow("answered 422", "status of 422")
        problem = json.dumps({"status": 422, "code": "invalid", "title": "no"})

        async def refuse(route: Route) -> None:
            await route.fulfill(status=422, body=problem, content_type="application/problem+json")

        await context.route("**/v1/messages", refuse)
        await widget.write(self._words["failed"])
        await expect(widget.view.locator("li.failed")).to_be_visible()
        yield "failed"
        await context.unroute("**/v1/messages")
        await widget.press(self._t("takeBack"))
        await widget.composer.fill("")

    async def _menu(self) -> AsyncIterator[str]:
        widget = self.widget
        await widget.press(self._t("menu"))
        erase = widget.view.get_by_role("button", name=self._t("erase"))
        await expect(erase).to_be_visible()
        yield "menu"
        await erase.click()
        dialog = widget.frame.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        yield "erase"
        await dialog.get_by_role("button", name=self._t("cancel")).click()
        await widget.press(self._t("wallet"))
        await expect(widget.view.get_by_role("button", name="Example Wallet")).to_be_visible()
        yield "wallet"
        await widget.press(self._t("back"))
        await widget.press(self._t("back"))

    async def _people(self) -> AsyncIterator[str]:
        widget = self.widget
        await widget.press(self._t("people"))
        carol = widget.view.get_by_role("button", name="Carol")
        await expect(carol).to_be_visible()
        yield "people"
        await carol.click()
        await expect(widget.view.get_by_text(self._t("direct.safety"))).to_be_visible()
        await widget.write(self._words["direct"])
        await expect(widget.view.locator("li.own.sent")).to_be_visible()
        yield "direct"
        await widget.press(self._t("back"))
        await widget.press(self._t("back"))

    async def _check(self) -> AsyncIterator[str]:
        widget = self.widget
        await widget.press(self._t("check"))
        yield "check"
        # The server allows few checks an hour, and this walk is made often.
        for is_ours, text in ((True, self._words["answer"]), (False, self._words["doubtful"])):
            await self.visitor.context.route("**/v1/support-check", _answer_check(is_ours))
            await widget.view.get_by_label(self._t("check.label")).fill(text)
            await widget.press(self._t("check.button"))
            await expect(widget.view.locator(f".card.{'yes' if is_ours else 'no'}")).to_be_visible()
            yield "check-yes" if is_ours else "check-no"
            await self.visitor.context.unroute("**/v1/support-check")
        await widget.press(self._t("back"))

    async def _close(self) -> AsyncIterator[str]:
        widget = self.widget
        customer = await widget.customer()
        number = customer.session["ticket"]["number"]
        await customer.api.call("POST", f"/v1/tickets/{number}/close", {})
        await expect(widget.view.locator("form.rating")).to_be_visible()
        await widget.view.locator(".stars label").nth(3).click()
        yield "rating"
        await widget.press(self._t("rate.send"))
        await expect(widget.view.locator(".thanks")).to_be_visible()
        yield "thanks"

    async def _offline(self) -> AsyncIterator[str]:
        self.visitor.watch.allow("ERR_INTERNET_DISCONNECTED")
        await self.visitor.context.set_offline(True)
        await self.widget.write(self._words["failed"])
        await expect(self.widget.view.locator("li.waiting")).to_be_visible()
        yield "offline"
        await self.visitor.context.set_offline(False)
        await expect(self.widget.view.locator("li.waiting")).to_have_count(0)


def _answer_check(is_ours: bool) -> Any:
    async def answer(route: Route) -> None:
        await route.fulfill(json={"kind": "message", "in_conversation": is_ours})

    return answer
