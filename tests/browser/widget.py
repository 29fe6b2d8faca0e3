"""The widget in one tab, driven as a person would, by what is to be seen and read."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import Frame, Locator, Page, expect

from stack.conditions import until
from stack.customer import Customer
from stack.system import System
from stack.telegram_client import ALICE, Sender, TelegramMessage

TOP = "main > :not([inert])"
"""The view on top; what lies below it can't be reached."""


class Widget:
    """The launcher in a host page and the chat in its frame."""

    def __init__(self, page: Page, system: System) -> None:
        self.page, self.system = page, system
        self.launcher = page.locator("headset-widget button")
        self.badge = self.launcher.locator("span")
        self.panel = page.locator("headset-widget #panel")
        self.frame = page.frame_locator("headset-widget iframe")
        self.view = self.frame.locator(TOP)
        self.composer = self.view.locator(".composer textarea")
        self.messages = self.view.locator("li.own, li.theirs")
        self.heading = self.frame.locator("header h1")

    async def open(self) -> None:
        """Open the chat with a click and wait until one can write."""
        await self.launcher.click()
        await expect(self.composer).to_be_visible()

    async def close(self) -> None:
        """Close the chat."""
        await self.api("close")
        await expect(self.panel).not_to_be_visible()

    async def api(self, method: str, *arguments: Any) -> None:
        """Call a method of `window.Headset` as the host page's script does."""
        await self.page.evaluate(
            "([method, args]) => void Headset[method](...args)", [method, list(arguments)]
        )

    async def press(self, name: str) -> None:
        """Press the button of this name."""
        await self.frame.get_by_role("button", name=name, exact=True).click()

    async def write(self, text: str) -> None:
        """Write a message and send it with Enter."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    def bubble(self, text: str | re.Pattern[str]) -> Locator:
        """The message with this in its text."""
        return self.messages.filter(has=self.frame.locator(".text").filter(has_text=text))

    async def ask(self, text: str) -> TelegramMessage:
        """Write, and return the post in the group."""
        await self.write(text)
        return await self.system.telegram.wait_for_text(text)

    async def converse(self, question: str, answer: str, sender: Sender = ALICE) -> TelegramMessage:
        """Ask, let a moderator answer with Reply, and wait until the answer is to be seen."""
        post = await self.ask(question)
        await self.system.telegram.send(sender, answer, reply_to=post.id)
        await expect(self.bubble(answer)).to_be_visible()
        return post

    async def texts(self) -> list[str]:
        """What the messages say, in order."""
        return await self.messages.locator(".text").all_inner_texts()

    async def inner(self) -> Frame:
        """The frame itself, for what no person can see."""

        async def find() -> Frame | None:
            return next((frame for frame in self.page.frames if re.search(r"/widget#", frame.url)), None)

        return await until(find, "the widget's frame")

    async def keep_draft(self, text: str) -> None:
        """Write without sending, and return once the browser has it."""
        await self.composer.fill(text)

        async def is_kept() -> bool:
            return text in str(await self.stored())

        await until(is_kept, f"the draft {text!r} in the browser's storage")

    async def stored(self) -> dict[str, str]:
        """What the frame's origin keeps in this browser."""
        kept: dict[str, str] = await (await self.inner()).evaluate("({ ...localStorage, ...sessionStorage })")
        return kept

    async def customer(self) -> Customer:
        """The same customer on another device: what comes from there comes from nowhere in this browser."""

        async def find() -> str | None:
            kept = await self.stored()
            return next((text for key, text in kept.items() if key.endswith(":session")), None)

        token = json.loads(await until(find, "a session in the browser"))["token"]
        customer = Customer(self.system.api, {"token": token, "session": {}})
        customer.session = await customer.api.call("GET", "/v1/session")
        return customer
