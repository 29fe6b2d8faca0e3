"""What scripts do on the command line, at a running desk."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from console.api.client import Client
from stack.customer import Customer, open_session
from tests.integration.console.line import CutLine
from tests.integration.console.running import Done, Run
from tests.integration.plugin.desk import Desk
from tests.integration.plugin.mod.team import make_code

HOSTILE = "Hi \x1b[31m[@click=app.quit]\u202eevil[/] \x9b2J\n# second line 👩🏽\u200d👩🏻 می"

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def do(run: Run, desk: Desk, url: str, home: object) -> Run:
    """Give what runs a command as Alice, which must be done."""
    logged_in = await run("login", url, stdin=await make_code(desk, "Alice") + "\n")
    assert logged_in.exit_code == 0, logged_in.stderr

    async def must(*arguments: str, stdin: str = "") -> Done:
        done = await run(*arguments, stdin=stdin)
        assert (done.exit_code, done.stderr) == (0, ""), done
        return done

    return must


@pytest.fixture
def ask(do: Run) -> Ask:
    """Give what runs a command as Alice and returns its JSON."""

    async def read(*arguments: str, stdin: str = "") -> Any:
        printed = (await do(*arguments, "--json", stdin=stdin)).stdout
        assert printed.isascii()
        return json.loads(printed)

    return read


@pytest.fixture
async def ticket(customer: Customer) -> str:
    """Give the number of a ticket, as the command line takes it."""
    return str((await customer.send("Where is my refund?"))["ticket"])


async def texts(customer: Customer) -> list[str]:
    """Return what the customer sees."""
    return [message["text"] for message in (await customer.history())["items"]]


def refused(done: Done, why: str) -> None:
    """See that a command was refused in one sentence."""
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("headset: ")
    assert done.stderr.count("\n") == 1
    assert why in done.stderr


# Reading


async def test_tickets(do: Run, ask: Ask, ticket: str) -> None:
    line = (await do("tickets")).stdout
    assert line.startswith(f"#{ticket}  open  waits for team  ")
    assert line.endswith("  -  anonymous  Where is my refund?\n")
    (found,) = await ask("tickets")
    assert set(found) == {
        *("number", "status", "waiting", "waiting_since", "opened_at", "active_at", "closed_at", "assignee"),
        *("tags", "score", "comment", "last", "last_seq", "undelivered", "customer"),
    }
    assert (found["number"], found["status"], found["waiting"]) == (int(ticket), "open", "team")
    assert set(found["customer"]) == {"id", "name", "identity", "account", "blocked"}
    assert set(found["last"]) == {"kind", "name", "text", "created_at"}
    assert datetime.strptime(found["opened_at"], "%Y-%m-%dT%H:%M:%S.%f%z").utcoffset() == timedelta(0)
    assert found["opened_at"].endswith("Z")


@pytest.mark.parametrize(
    ("options", "is_there"),
    [
        (["--status", "all"], True),
        (["--status", "closed"], False),
        (["--waiting", "team"], True),
        (["--waiting", "customer"], False),
        (["--assignee", "none"], True),
        (["--assignee", "me"], False),
        (["--assignee", "bob"], False),
        (["--blocked"], False),
        (["--sort", "waiting"], True),
        (["--search", "refund"], True),
        (["--search", "refund", "--status", "closed"], False),
        (["--search", "banana"], False),
    ],
)
async def test_tickets_are_filtered(ask: Ask, ticket: str, options: list[str], is_there: bool) -> None:
    assert [found["number"] for found in await ask("tickets", *options)] == [int(ticket)] * is_there


async def test_a_list_may_be_of_any_length(desk: Desk, customer: Customer, ask: Ask) -> None:
    numbers = []
    for _ in range(5):
        other = await open_session(customer.api)
        numbers.append((await other.send("Hello"))["ticket"])
    assert [found["number"] for found in await ask("tickets", "--limit", "3")] == numbers[:1:-1]
    assert len(await ask("tickets")) == 5


async def test_nobody_of_that_name(do: Run, run: Run, ticket: str) -> None:
    refused(
        await run("tickets", "--assignee", "Mallory"),
        "Nobody in the team is called Mallory; there are: Alice, Bob, Carol.",
    )


async def test_no_tickets(do: Run, run: Run) -> None:
    done = await run("tickets")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No tickets.\n")


async def test_show(do: Run, ask: Ask, ticket: str, customer: Customer) -> None:
    await do("note", ticket, "Looks honest")
    await do("reply", ticket, "It is on its way")
    shown = (await do("show", f"#{ticket}")).stdout
    assert shown.startswith(f"Ticket      #{ticket}, open, since ")
    assert "\n  Where is my refund?\n" in shown
    assert "Alice (note)\n  Looks honest\n" in shown
    assert "Alice (moderator" in shown
    assert "\n  It is on its way\n" in shown
    found = await ask("show", ticket)
    assert set(found) == {"ticket", "messages", "notes"}
    assert [message["text"] for message in found["messages"]] == ["Where is my refund?", "It is on its way"]
    assert [note["text"] for note in found["notes"]] == ["Looks honest"]
    assert (await ask("show", ticket, "--limit", "1"))["messages"] == found["messages"][1:]


async def test_foreign_text_is_text(do: Run, run: Run, desk: Desk, customer: Customer) -> None:
    number = str((await customer.send(HOSTILE))["ticket"])
    await do("note", number, HOSTILE)
    for command in (["tickets"], ["show", number], ["block", number, "--reason", HOSTILE]):
        printed = (await do(*command)).stdout
        assert not set(printed) & set("\x1b\x9b\u202e")
        assert "[@click=app.quit]" in printed or command[0] == "block"
    assert "\n  # second line 👩🏽\u200d👩🏻 می\n" in (await do("show", number)).stdout


async def test_a_ticket_that_is_not_there(do: Run, run: Run) -> None:
    for command in (
        ["show", "99"],
        ["reply", "99", "x"],
        ["note", "99", "x"],
        ["close", "99"],
        ["block", "99"],
    ):
        refused(await run(*command), "There is no ticket #99.")


# Acts


async def test_reply(do: Run, ask: Ask, ticket: str, customer: Customer) -> None:
    assert (await do("reply", ticket, "Hello")).stdout == f"Answered #{ticket}.\n"
    sent = await ask("reply", ticket, "-", stdin="Two\nlines\n")
    assert (sent["text"], sent["author"]["name"], sent["ticket"]) == ("Two\nlines", "Alice", int(ticket))
    await do("reply", ticket, stdin="From a pipe\n")
    assert await texts(customer) == ["Where is my refund?", "Hello", "Two\nlines", "From a pipe"]
    (last,) = (await customer.history())["items"][-1:]
    assert (last["author"]["name"], last["author"]["verified"]) == ("Alice", True)


async def test_the_same_id_is_written_once(ask: Ask, ticket: str, customer: Customer) -> None:
    once = str(uuid.uuid4())
    first = await ask("reply", ticket, "Hello", "--id", once)
    assert await ask("reply", ticket, "Hello", "--id", once) == first
    assert await texts(customer) == ["Where is my refund?", "Hello"]
    again = str(uuid.uuid4())
    noted = await ask("note", ticket, "A note", "--id", again)
    assert await ask("note", ticket, "A note", "--id", again) == noted


async def test_what_asks_for_a_secret_is_held(
    do: Run, run: Run, ticket: str, customer: Customer, carol: Client
) -> None:
    done = await run("reply", ticket, "Please send me your seed phrase")
    refused(done, "Held, not sent: it asks for a secret. Another moderator can release it.")
    assert await texts(customer) == ["Where is my refund?"]
    (held,) = (await carol.held()).items
    assert held.text == "Please send me your seed phrase"


async def test_a_note_never_reaches_the_customer(do: Run, ticket: str, customer: Customer) -> None:
    assert (await do("note", ticket, "-", stdin="Not for them\n")).stdout == f"Noted on #{ticket}.\n"
    assert await texts(customer) == ["Where is my refund?"]


async def test_an_empty_text_is_refused(do: Run, run: Run, ticket: str) -> None:
    refused(await run("reply", ticket, "-", stdin="\n"), "empty")
    refused(await run("note", ticket, ""), "empty")
    refused(await run("reply", ticket, "x" * 4001), "4000")


async def test_close_and_reopen(do: Run, ask: Ask, ticket: str) -> None:
    assert (await do("close", ticket)).stdout == f"#{ticket} is closed.\n"
    assert [found["number"] for found in await ask("tickets", "--status", "closed")] == [int(ticket)]
    assert (await ask("reopen", f"#{ticket}"))["status"] == "open"


async def test_block_and_unblock(
    do: Run, run: Run, ask: Ask, ticket: str, customer: Customer, carol: Client
) -> None:
    made = await ask("block", ticket, "--for", "2h", "--reason", "spam")
    assert (made["kind"], made["reason"], made["by"]["name"]) == ("block", "spam", "Alice")
    length = datetime.fromisoformat(made["expires_at"][:-1]) - datetime.fromisoformat(made["created_at"][:-1])
    assert length == timedelta(hours=2)
    assert (await ask("tickets", "--blocked"))[0]["customer"]["blocked"] is True
    assert await texts(customer) == ["Where is my refund?"]
    assert "(blocked)" in (await do("show", ticket)).stdout

    assert (await do("unblock", ticket)).stdout == f"Lifted the block of anonymous (#{ticket}).\n"
    assert await ask("tickets", "--blocked") == []
    assert (await carol.blocks(active=True)).items == ()
    refused(await run("unblock", ticket), f"The customer of #{ticket} is not blocked.")


async def test_how_long_a_block_is(do: Run, run: Run, ticket: str) -> None:
    usual = (await do("block", ticket)).stdout
    assert usual.startswith(f"Blocked anonymous (#{ticket}) until 20")
    refused(await run("block", ticket, "--for", "forever"), "A block may last 4w2d, and no longer.")
    refused(await run("block", ticket, "--for", "5w"), "A block may last 4w2d, and no longer.")


# Failures


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["show"], "Missing argument 'TICKET'"),
        (["show", "x"], "'x' is no ticket's number."),
        (["show", "-1"], "No such option"),
        (["tickets", "--status", "half"], "'half' is not one of"),
        (["tickets", "--limit", "0"], "0 is not in the range"),
        (["block", "1", "--for", "soon"], "'soon' is no length: 30m, 2h, 3d, 1w or 1d12h, or forever."),
        (["reply", "1", "x", "--id", "1"], "is not a valid UUID"),
        (["dance"], "No such command 'dance'"),
    ],
)
async def test_wrong_use(run: Run, arguments: list[str], why: str) -> None:
    done = await run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr


async def test_a_desk_that_is_not_there(
    run: Run, desk: Desk, line: CutLine, home: object, customer: Customer
) -> None:
    number = str((await customer.send("Hello"))["ticket"])
    await run("login", line.url, stdin=await make_code(desk, "Alice") + "\n")
    line.is_open = False
    for command in (["tickets"], ["show", number], ["close", number], ["block", number]):
        done = await run(*command)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    lost = await run("reply", number, "Once")
    assert lost.exit_code == 3
    once = lost.stderr.partition("--id ")[2].partition(":")[0]
    line.is_open = True
    for _ in range(2):
        assert (await run("reply", number, "Once", "--id", once)).exit_code == 0
    assert await texts(customer) == ["Hello", "Once"]
