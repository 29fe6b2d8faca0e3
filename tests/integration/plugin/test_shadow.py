"""A block can't be told from its absence by any answer; for the time they take there is a measurement."""

from __future__ import annotations

import json
import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from plugin.web import limits
from stack.conditions import PATIENCE
from stack.customer import Customer, open_session
from stack.json_api import Answer, JsonApi
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import BOB, CAROL, Console, sign_in
from tests.integration.plugin.wallet import SECRET, claims, from_page
from tests.tokens import sign_token

# Ids, tickets and tokens differ between any two customers; which of them is the same as which must not.
NAMES = re.compile(
    r'"(?P<id>[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{43})"'
    r'|"(?:ticket|number)": (?P<ticket>\d+)'
)
PER_MINUTE = 12


@pytest.fixture
def config(config: dict[str, Any]) -> dict[str, Any]:
    config["moderators"] = [dict(BOB), dict(CAROL)]
    config["identity"] = {"user_secret": SECRET}
    config["limits"] = {"messages_per_minute": PER_MINUTE, "sessions_per_hour": 100}
    return config


class Witness:
    """Somebody who writes down every answer, as any two customers would get it."""

    def __init__(self, api: JsonApi, customer: Customer) -> None:
        self.api, self.customer = api, customer
        self.answers: list[Any] = []
        self._names: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: object = None) -> Answer:
        answer = await self.customer.api.request(method, path, body)
        kept = {
            name: value for name, value in answer.headers.items() if name not in ("Date", "Content-Length")
        }
        self.answers.append((method, path.split("/")[:3], answer.status, kept, self._plain(answer.text)))
        return answer

    def note(self, seen: object) -> None:
        self.answers.append(self._plain(json.dumps(seen)))

    def _plain(self, text: str) -> str:
        def name(match: re.Match[str]) -> str:
            return self._names.setdefault(match[0], f"<{len(self._names)}>")

        return NAMES.sub(name, text)

    async def write(self, text: str, **more: object) -> Answer:
        body = {"client_id": str(uuid.uuid4()), "text": text, **more}
        await self.ask("POST", "/v1/messages", body)
        # A repeat is the same message, and its id with another text a conflict.
        await self.ask("POST", "/v1/messages", {**body, "text": f"{text}!"})
        return await self.ask("POST", "/v1/messages", body)


@pytest.fixture
async def twins(
    pinned: Any, desk: Desk, api: JsonApi, monkeypatch: pytest.MonkeyPatch
) -> tuple[Witness, Witness, Console]:
    # No token comes back while the test runs, however slow that is.
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 0.0))
    people = [Witness(api, await open_session(from_page(api))) for _ in range(2)]
    return people[0], people[1], await sign_in(desk, "Carol")


async def block(carol: Console, witness: Witness) -> None:
    await carol.post("/v1/mod/blocks", {"customer": witness.customer.session["customer"]["id"]})


async def live(witness: Witness, subject: str, clock: Any) -> None:
    """Do all that a customer can, and look at it from a second browser, too."""
    async with witness.customer.stream() as stream:
        await witness.write("Hello")
        written = (await witness.write("I said too much")).json
        await witness.ask("DELETE", f"/v1/messages/{written['id']}")
        bob = (await witness.customer.moderators())["Carol"]
        await witness.write("Only for you", channel="direct", moderator=bob)
        await witness.ask("POST", "/v1/support-check", {"text": "@bob_help"})
        ticket = written["ticket"]
        await witness.ask("POST", f"/v1/tickets/{ticket}/close")
        await witness.ask("POST", f"/v1/tickets/{ticket}/rating", {"score": 1, "comment": "slow"})
        for path in (
            "/v1/session",
            "/v1/messages",
            "/v1/messages?limit=1",
            "/v1/moderators",
            "/v1/me/export",
        ):
            await witness.ask("GET", path)
        while len(stream.seen) < 6:
            assert await stream.next(within=PATIENCE) is not None
        witness.note([(event.id, event.type, event.data) for event in stream.seen])
    token = sign_token(claims(clock, sub=subject), SECRET)
    body = {"token": token, "join_conversation": True}
    answer = await witness.ask("POST", "/v1/session/identity", body)
    witness.customer = witness.customer.go_on(answer)
    second = await open_session(from_page(witness.api), identity={"token": token})
    witness.note(await second.history())
    for number in range(PER_MINUTE):
        await witness.ask("POST", "/v1/messages", {"client_id": str(uuid.uuid4()), "text": f"{number}"})
    witness.note(await second.history())


async def test_a_blocked_customer_is_answered_as_any_other(
    twins: tuple[Witness, Witness, Console], pinned: Any
) -> None:
    blocked, other, carol = twins
    await block(carol, blocked)
    for witness, subject in ((blocked, "7"), (other, "8")):
        await live(witness, subject, pinned)
    assert len(blocked.answers) == len(other.answers) > 30
    for mine, theirs in zip(blocked.answers, other.answers, strict=True):
        assert mine == theirs
    statuses = {answer[2] for answer in blocked.answers if isinstance(answer, tuple)}
    assert statuses == {200, 201, 204, 409, 429}


async def test_what_is_held_counts_as_activity(twins: tuple[Witness, Witness, Console], pinned: Any) -> None:
    """Else a blocked customer's ticket would close while they write, and the other one's would not."""
    blocked, other, carol = twins
    await block(carol, blocked)
    seen: list[dict[int, str]] = []
    for _ in range(2):
        for witness in (blocked, other):
            await witness.write("Hello")
        tickets = (await carol.get("/v1/mod/tickets"))["items"]
        seen.append({ticket["number"]: ticket["active_at"] for ticket in tickets})
        pinned.advance(3600)
    before, after = seen
    assert len(after) == 2
    assert len(set(after.values())) == 1
    assert all(after[number] > before[number] for number in after)
