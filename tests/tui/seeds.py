"""What happens at a desk before somebody looks: customers, held texts, strangers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from plugin.services.ids import new_ulid
from stack.customer import Customer, open_session
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.acts import Acts
from tests.integration.plugin.wallet import SECRET, claims, from_page
from tests.tokens import sign_token

HOSTILE = "[/] [@click=app.quit]x[/] [red]r[/red] \x1b[31mred\x1b]0;t\x07 \u202eolleh\u202c 👩‍👩‍👧 مرحبا 漢字"
"""What a terminal, or a markup, would obey."""

MANY_LINES = "\n".join(f"line {n}" for n in range(400)) + "\n" + "\n" * 3400
"""As many lines as a message may have."""

ASKS = "Please send me your seed phrase, so that I can look into your wallet."


class Seeds:
    """Things to look at."""

    def __init__(self, desk: Desk, api: Any, clock: Any) -> None:
        self.desk, self.api, self.clock = desk, api, clock
        self.database = desk.plugin._database
        self._users = 0

    async def customer(self, name: str | None = None, text: str | None = "Hello") -> Customer:
        """Give a customer, named by the host site if a name is given, who has written a text."""
        browser = await open_session(from_page(self.api))
        if name is not None:
            self._users += 1
            who = claims(self.clock, sub=f"u{self._users}", jti=f"j{self._users}", name=name)
            browser = browser.go_on(await browser.identify(sign_token(who, SECRET)))
        if text is not None:
            await browser.send(text)
        return browser

    async def acts(self, name: str = "Alice") -> Acts:
        """Give what a moderator does in the group."""
        async with self.database.snapshot() as tx:
            team = await tx.moderators.list_active()
        return Acts(self.desk, next(one for one in team if one.name == name))

    async def stranger(
        self, ticket: int, text: str, *, name: str | None = "Mallory", telegram_id: int = 5559999
    ) -> None:
        """Let somebody who is not on the allow-list reply."""
        at = self.clock.now()
        async with self.database.transaction() as tx:
            record = new_ulid(at)
            await tx.records.add_stranger_reply(
                record,
                event_id=f"${record}",
                sender=f"@telegram_{telegram_id}:example.org",
                ticket=ticket,
                text=text,
                sent_at=at,
            )
            if name is not None:
                await tx.records.name_strangers({record: name})

    async def hold_message(self, customer: Customer) -> None:
        """Let a block keep what a customer has written."""
        await (await self.acts()).send_all(id_of(customer), "held")

    def later(self, **length: float) -> None:
        """Move the clock on."""
        self.clock.advance(timedelta(**length))


def id_of(customer: Customer) -> str:
    """Return a customer's id."""
    return str(customer.session["customer"]["id"])
