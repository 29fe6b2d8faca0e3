"""Tickets and customers, by every command of the team and by the customer's own calls."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from itertools import cycle

import pytest

from stack.customer import Customer
from stack.json_api import Answer
from stack.system import System
from stack.telegram_client import ALICE, BOB, MALLORY
from tests.e2e.acts import (
    BOT_NAME,
    FORMS,
    Case,
    find_event,
    open_case,
    said_after,
    text_after,
    written,
)

NEED_A_REPLY = [
    "block 7d",
    "timeout 2h",
    "unblock",
    "close bye",
    "reopen",
    "note text",
    "assign me",
    "info",
    "resend",
    "release",
]
COMMANDS = [*NEED_A_REPLY, "blocked", "open", "whoami", "help"]

MakeSystem = Callable[..., AbstractAsyncContextManager[System]]


@pytest.fixture
async def case(system: System) -> AsyncIterator[Case]:
    async with open_case(system) as case:
        yield case


@pytest.fixture
async def blockable(system: System) -> AsyncIterator[Case]:
    """A case whose customer is free again when the test is over."""
    async with open_case(system) as case:
        yield case
        await case.order("/unblock")


async def info(case: Case) -> list[str]:
    """Return the lines of the answer to /info."""
    return (await case.order("/info", answer="\nfirst seen ")).splitlines()


# Blocks.

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("command", "length"),
    [
        ("/block", 3 * DAY),
        ("/block 7d spam", 7 * DAY),
        ("!block 1w", 7 * DAY),
        (f"/block@{BOT_NAME} 2h", 2 * HOUR),
        ("/ban 1d12h", 1.5 * DAY),
        ("/shadowban 90m", 1.5 * HOUR),
        ("BLOCK_USER", 3 * DAY),
        ("block_user 2h scam", 2 * HOUR),
        ("/timeout", 3 * DAY),
        ("/timeout 30m calm down", HOUR / 2),
        ("!timeout 5h", 5 * HOUR),
        (f"/timeout@{BOT_NAME} 6h", 6 * HOUR),
        ("!mute 2h", 2 * HOUR),
        (f"/tban@{BOT_NAME} 2d", 2 * DAY),
        ("/tmute 2D", 2 * DAY),
    ],
)
async def test_each_word_and_form_blocks_for_its_length(
    blockable: Case, command: str, length: timedelta
) -> None:
    order = await blockable.reply(BOB, command)
    answer = await text_after(blockable.system, order, f"#{blockable.number}")
    (message,) = (m for m in await blockable.system.telegram.messages() if m.id == order)
    end = datetime.fromisoformat(message.raw["date"]) + length
    assert answer == f"✓ #{blockable.number} until {end:%d %b %H:%M} UTC"
    assert "blocked" in await info(blockable)


@pytest.mark.parametrize("command", ["/unblock", "!unblock", f"/unblock@{BOT_NAME}", "/unban", "!unban"])
async def test_each_form_of_unblock_lifts_the_block(case: Case, command: str) -> None:
    assert await case.order(command) == f"#{case.number} is not blocked"
    await case.order("/block 1d")
    assert await case.order(command) == f"✓ #{case.number} unblocked"
    assert "blocked" not in await info(case)
    await case.ask()


@pytest.mark.parametrize("form", FORMS)
async def test_blocked_lists_who_is_blocked_for_how_long_by_whom_and_why(blockable: Case, form: str) -> None:
    until = (await blockable.order("/block 2d spam and more", BOB)).removeprefix("✓ ")
    asked = await blockable.system.telegram.send(ALICE, written(form, "blocked"))
    lines = (await text_after(blockable.system, asked, until)).splitlines()
    assert f"{until} · Bob · spam and more" in lines
    await blockable.order("/unblock")
    asked = await blockable.system.telegram.send(ALICE, written(form, "blocked"))
    assert until not in "".join(await said_after(blockable.system, asked))


@pytest.mark.parametrize("form", FORMS)
async def test_what_a_block_held_is_released_once_it_has_been_lifted(case: Case, form: str) -> None:
    release = written(form, "release")
    assert await case.order(release) == f"#{case.number}: nothing is held"
    await case.order("/block 1d")
    held = [f"held {uuid.uuid4()}" for _ in range(2)]
    for text in held:
        await case.customer.send(text)
    assert await case.order(release) == f"#{case.number} is blocked. /unblock comes first."
    await case.order("/unblock")
    free = await case.ask()
    assert not [m for m in await case.system.telegram.relayed() if any(text in m.text for text in held)]
    assert re.fullmatch(rf"✓ #{case.number} [12] released", await case.order(release, answer="released"))
    posts = [await case.system.telegram.wait_for_text(text) for text in held]
    assert [post.id for post in posts] == sorted(post.id for post in posts)
    assert posts[0].id > free.id
    await case.system.telegram.send(ALICE, "now I see it", reply_to=posts[-1].id)
    await case.stream.wait_for_text("now I see it")
    assert await case.order(release) == f"#{case.number}: nothing is held"


# The life of a ticket.


@pytest.mark.parametrize("form", FORMS)
async def test_close_and_reopen(case: Case, form: str) -> None:
    number = case.number
    assert await case.order(written(form, "reopen")) == f"#{number} is open"
    assert await case.order(written(form, "close")) == f"✓ #{number} closed"
    await case.became("closed", score=None)
    assert (await info(case))[0] == f"#{number} · anonymous · closed"
    assert await case.order(written(form, "close")) == f"#{number} is closed already"
    assert await case.order(written(form, "reopen")) == f"✓ #{number} open again"
    assert (await info(case))[0] == f"#{number} · anonymous · open"
    assert await case.last_word() == [("ticket.updated", None), ("ticket.updated", None)]
    assert [event.data["status"] for event in case.stream.seen[1:3]] == ["closed", "open"]


async def test_close_with_last_words_delivers_them_and_closes(case: Case) -> None:
    answer = await case.order("/close Glad it works.\nBye!", BOB)
    assert answer == f"✓ #{case.number} closed"
    closed = await case.became("closed")
    words = case.stream.seen[1]
    assert (words.type, words.data["text"]) == ("message.created", "Glad it works.\nBye!")
    assert (words.data["author"]["name"], words.data["author"]["verified"]) == ("Bob", True)
    assert closed.id == words.id + 1
    await case.system.telegram.wait_for_message(
        lambda m: m.id == case.post.id and m.text.endswith("\n✓ Bob"), "the mark"
    )


async def test_a_customers_message_reopens_the_ticket(case: Case) -> None:
    await case.order("/close")
    await case.became("closed")
    again = await case.ask()
    await case.became("open")
    assert again.text.startswith(f"#{case.number} · ")
    assert {item["ticket"] for item in (await case.customer.history())["items"]} == {case.number}


async def test_a_reply_to_a_closed_ticket_reaches_the_customer(case: Case) -> None:
    await case.order("/close")
    await case.answer(BOB, "one more thing")
    assert (await info(case))[0].endswith("closed")


@pytest.mark.parametrize("form", FORMS)
async def test_open_lists_open_tickets_with_their_idle_time_and_who_takes_care(case: Case, form: str) -> None:
    line = rf"#{case.number} · anonymous · (now|\d+m)"
    await case.order("/assign Bob")
    assert re.search(rf"^{line} · Bob$", await open_tickets(case, form), re.MULTILINE)
    await case.order("/close")
    assert not re.search(line, await open_tickets(case, form))


async def open_tickets(case: Case, form: str) -> str:
    """Return the answer to /open; some ticket is always open."""
    async with open_case(case.system) as other:
        asked = await case.system.telegram.send(BOB, written(form, "open"))
        return await text_after(case.system, asked, f"#{other.number} · anonymous · ")


@pytest.mark.parametrize("form", FORMS)
async def test_assign(case: Case, form: str) -> None:
    number = case.number

    async def assign(who: str, sender: int = ALICE) -> str:
        return await case.order(written(form, f"assign {who}"), sender)

    assert await assign("me", BOB) == f"✓ #{number} assigned to Bob"
    assert "assigned to Bob" in await info(case)
    assert await assign("alice") == f"✓ #{number} assigned to Alice"
    assert await assign("@Bob") == f"✓ #{number} assigned to Bob"
    unknown = await assign("Nobody Known")
    assert unknown.startswith(f"#{number}: nobody is called Nobody Known. There are ")
    assert {"Alice", "Bob", "admin"} <= set(unknown.rpartition("There are ")[2].strip(".").split(", "))
    assert "assigned to Bob" in await info(case)
    assert await assign("none") == f"✓ #{number} assigned to nobody"
    assert not [line for line in await info(case) if line.startswith("assigned")]
    assert await case.last_word() == []


@pytest.mark.parametrize("form", FORMS)
async def test_note_whoami_help_info_and_resend(case: Case, form: str) -> None:
    assert await case.order(written(form, "note ask the\nbilling team")) == f"✓ #{case.number} noted"
    assert await case.order(written(form, "resend")) == f"#{case.number}: nothing to send again"
    assert "notes: 1" in (await case.order(written(form, "info"))).splitlines()
    asked = await case.system.telegram.send(BOB, written(form, "whoami"))
    assert await text_after(case.system, asked, "Bob") == "Bob, moderator: your Replies reach customers"
    asked = await case.system.telegram.send(BOB, written(form, "help"))
    text = await text_after(case.system, asked, "/whoami")
    assert set(re.findall(r"/\w+", text)) >= {f"/{command.split()[0]}" for command in COMMANDS}
    assert await case.last_word() == []


async def test_info_names_what_there_is(system: System) -> None:
    async with open_case(system, page_url="https://shop.example/cart") as case:
        await case.ask()
        await case.order("/note one")
        await case.order("/assign Bob")
        await case.order("/close")
        assert (await rate(case.customer, case.number, {"score": 2})).status == 200
        await case.order("/block 1d", answer="until")
        lines = await info(case)
        assert lines[0] == f"#{case.number} · anonymous · closed"
        assert re.fullmatch(r"first seen \d\d \w{3} \d{4} \d\d:\d\d UTC, 2 messages", lines[1])
        rest = ["page https://shop.example/cart", "assigned to Bob", "rated 2 of 5", "notes: 1", "blocked"]
        assert lines[2:] == rest
        await case.order("/unblock")


# Misuse, strangers, and orders from Matrix.


@pytest.mark.parametrize("form", FORMS)
async def test_without_a_reply_the_others_answer_with_a_hint(case: Case, form: str) -> None:
    for command in NEED_A_REPLY:
        await case.system.telegram.send(BOB, written(form, command))
    assert await said_after(case.system, case.post.id) == [
        f"Send /{command.split()[0]} as a Reply to a message of its ticket." for command in NEED_A_REPLY
    ]
    assert await case.last_word() == []


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("/block 3x", "3x is not a length of time. Write 30m, 2h, 3d, 1w or 1d12h."),
        ("/timeout 0m", "A length of 0m is none. Write 30m, 2h, 3d, 1w or 1d12h, or /unblock."),
        ("/note", "Write /note text"),
        ("!assign", "Write /assign me, none or a name"),
    ],
)
async def test_a_wrong_order_is_answered_with_what_to_write(case: Case, command: str, hint: str) -> None:
    for _ in range(2):
        assert await case.order(command) == f"#{case.number}: {hint}"
    assert "notes: 0" in await info(case)
    assert await case.last_word() == []


async def test_a_strangers_commands_do_nothing_and_show_nothing(case: Case) -> None:
    before = await info(case)
    first = await case.reply(MALLORY, "BLOCK_USER 7d")
    for command, form in zip(COMMANDS, cycle(FORMS), strict=False):
        await case.reply(MALLORY, written(form, command))
        await case.system.telegram.send(MALLORY, f"/{command}")
    await case.reply(MALLORY, "/nonsense")
    await case.reply(MALLORY, "// a note")
    assert await said_after(case.system, first) == []
    assert await info(case) == before
    assert await case.last_word() == []
    await case.ask()


async def test_a_moderator_orders_from_matrix(case: Case) -> None:
    room, number = case.system.room_id, case.number
    event_id = (await find_event(case.system, case.post.text))["event_id"]

    async def order(command: str, answer: str, *, reply: bool = True) -> str:
        before = (await case.system.telegram.messages())[-1].id
        await case.system.admin.send_text(room, command, reply_to=event_id if reply else None)
        return await text_after(case.system, before, answer)

    assert await order("/note from Matrix", f"✓ #{number}") == f"✓ #{number} noted"
    assert await order("!assign me", f"✓ #{number}") == f"✓ #{number} assigned to admin"
    assert (await order("/block 1h", f"✓ #{number}")).startswith(f"✓ #{number} until ")
    assert "notes: 1\nblocked" in await order("!info", f"#{number} · anonymous · ")
    assert await order("/unban", f"✓ #{number}") == f"✓ #{number} unblocked"
    assert await order(f"/close@{BOT_NAME} good bye", f"✓ #{number}") == f"✓ #{number} closed"
    await case.became("closed")
    whoami = await order("/whoami", "your Replies", reply=False)
    assert whoami == "admin, admin: your Replies reach customers"
    hint = "Send /reopen as a Reply to a message of its ticket."
    assert await order("!reopen", "Send", reply=False) == hint
    assert await case.last_word() == [("message.created", "good bye"), ("ticket.updated", None)]


# What the customer may do.


async def close(customer: Customer, number: int) -> Answer:
    return await customer.api.request("POST", f"/v1/tickets/{number}/close")


async def rate(customer: Customer, number: int, rating: object) -> Answer:
    return await customer.api.request("POST", f"/v1/tickets/{number}/rating", rating)


async def test_the_customer_closes_and_rates_and_the_team_sees_a_line_of_each(case: Case) -> None:
    number = case.number
    closed = await close(case.customer, number)
    assert (closed.status, closed.json) == (200, {"number": number, "status": "closed", "score": None})
    assert (await case.became("closed", score=None)).data == closed.json
    again = await close(case.customer, number)
    assert (again.status, again.json) == (200, closed.json)
    rated = await rate(case.customer, number, {"score": 4, "comment": "quick"})
    assert (rated.status, rated.json) == (200, {"number": number, "status": "closed", "score": 4})
    assert (await case.became("closed", score=4)).data == rated.json
    assert "rated 4 of 5" in await info(case)
    assert (await rate(case.customer, number, {"score": 1})).json["score"] == 1
    said = [text for text in await said_after(case.system, case.post.id) if "customer" in text]
    assert said == [f"#{number} closed by the customer", f"#{number} rated 4 of 5 by the customer"]
    assert "rated 1 of 5" in await info(case)
    assert (await case.customer.api.call("GET", "/v1/session"))["ticket"]["score"] == 1
    kinds = [event.type for event in case.stream.seen]
    assert kinds == ["message.created", *["ticket.updated"] * 3]


async def test_an_open_ticket_cant_be_rated(case: Case) -> None:
    refused = await rate(case.customer, case.number, {"score": 5})
    assert (refused.status, refused.json["code"]) == (409, "conflict")
    await close(case.customer, case.number)
    await case.ask()
    assert (await rate(case.customer, case.number, {"score": 5})).status == 409
    assert not [line for line in await info(case) if line.startswith("rated")]


async def test_another_customers_ticket_and_none_are_not_found(case: Case) -> None:
    async with open_case(case.system) as other:
        await close(other.customer, other.number)
        for number in (other.number, 999_999_999):
            for answer in (
                await close(case.customer, number),
                await rate(case.customer, number, {"score": 1}),
            ):
                assert (answer.status, answer.json["code"]) == (404, "not_found")
        assert not [line for line in await info(other) if line.startswith("rated")]
    assert (await info(case))[0].endswith("open")


async def test_a_wrong_score_is_refused(case: Case) -> None:
    await close(case.customer, case.number)
    for score in (0, 6, -1, "5", True, 4.5, None, [5]):
        refused = await rate(case.customer, case.number, {"score": score})
        assert (refused.status, refused.json["code"], refused.json["field"]) == (422, "invalid", "score")
    assert (await rate(case.customer, case.number, {})).status == 422
    assert not [line for line in await info(case) if line.startswith("rated")]


async def test_a_long_comment_and_no_token_are_refused(case: Case) -> None:
    await close(case.customer, case.number)
    long = await rate(case.customer, case.number, {"score": 5, "comment": "x" * 1001})
    assert (long.status, long.json["code"]) == (422, "invalid")
    for path in ("close", "rating"):
        answer = await case.system.api.request("POST", f"/v1/tickets/{case.number}/{path}", {"score": 5})
        assert answer.status == 401


async def test_the_team_sees_nothing_of_what_a_blocked_customer_closes_and_rates(blockable: Case) -> None:
    await blockable.order("/block 1d")
    last = (await blockable.system.telegram.messages())[-1].id
    closed = await close(blockable.customer, blockable.number)
    assert closed.json == {"number": blockable.number, "status": "closed", "score": None}
    assert (await rate(blockable.customer, blockable.number, {"score": 1})).json["score"] == 1
    await blockable.became("closed", score=1)
    assert await said_after(blockable.system, last) == []


# A new number for each case.


async def test_per_case_a_number_is_reopened_for_a_while_and_then_never_comes_again(
    private_system: MakeSystem,
) -> None:
    async with private_system() as system:
        policy = {"policy": "per_case", "reopen_within": "1d"}
        await system.configure({"tickets": policy})
        async with open_case(system) as case:
            await case.order("/close")
            assert (await case.ask()).text.startswith(f"#{case.number} · ")
            await case.became("open")

            await system.configure({"tickets": policy | {"reopen_within": "0s"}})
            numbers = [case.number]
            for closed_by_customer in (True, False, True):
                if closed_by_customer:
                    assert (await close(case.customer, numbers[-1])).status == 200
                else:
                    await case.order("/close", answer="closed")
                asked = await case.ask()
                numbers.append(int(re.findall(r"^#(\d+) · ", asked.text)[0]))
                case.post, case.number = asked, numbers[-1]
            async with open_case(system) as other:
                numbers.append(other.number)
            assert numbers == sorted(set(numbers))

            tickets = [item["ticket"] for item in (await case.customer.history())["items"]]
            assert tickets == [numbers[0], *numbers[:-1]]
            assert (await case.customer.api.call("GET", "/v1/session"))["ticket"]["number"] == numbers[-2]
            await answer_to_an_old_case(case, numbers[0])


async def answer_to_an_old_case(case: Case, old: int) -> None:
    """A Reply to an old case's post goes out under the old number."""
    post = await case.system.telegram.wait_for_text(f"#{old} · ")
    await case.system.telegram.send(BOB, "about the old one", reply_to=post.id)
    answer = await case.stream.wait_for_text("about the old one")
    assert (answer["ticket"], answer["author"]["name"]) == (old, "Bob")
