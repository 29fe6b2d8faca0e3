"""`!headset token`: where a code is told, to whom, and that it does not stay there."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from plugin.domain.errors import Unauthorized
from plugin.services.matrix_commands import Asked, MatrixCommand, MatrixCommands
from plugin.services.mod.access import AccessService
from plugin.services.mod.code_posts import CodePosts
from plugin.services.mod.team import TeamService
from plugin.services.ports import MatrixFailed
from plugin.services.private_rooms import PrivateRooms
from plugin.services.token_orders import TokenOrders
from tests.integration.services.desk import Desk, Host
from tests.integration.services.gateway import Gateway
from tests.integration.services.homeserver import PrivateRoom
from tests.integration.services.settings import BOT, CAROL, DAVE, ROOM

ROOT = "@root:example.org"
CODE = re.compile(r"^[A-Z2-7]{32}$", re.MULTILINE)
ELSEWHERE = "The answer is in our private room."


@dataclass(kw_only=True)
class Talk:
    """People in Matrix who write to the bot."""

    desk: Desk
    host: Host
    access: AccessService
    posts: CodePosts
    commands: MatrixCommands

    async def ask(self, sender: str, command: str, room_id: str = ROOM) -> str | None:
        """Say `!headset …` in a room, and return what the bot answers there."""
        return await self.commands.answer(room_id, sender, f"!headset {command}".strip())

    def room(self, name: str, **members: str) -> str:
        """Let there be a room of these people and the bot."""
        everybody = {BOT: "join"} | {f"@{who}:example.org": how for who, how in members.items()}
        self.desk.server.rooms[name] = PrivateRoom(
            id=name, direct_id=name, name=name, members=everybody, asked=[]
        )
        return name

    def code(self, room_id: str) -> str:
        """Return the newest code that was told in a room."""
        (code,) = CODE.findall(self.desk.server.said_in(room_id)[-1])
        return str(code)

    async def new_room(self, mxid: str) -> str:
        """Return the room that the bot has made for somebody, where they are invited and nobody else is."""
        rooms = self.desk.server.rooms.values()
        (room,) = [room for room in rooms if mxid in room.members and room.id != ROOM]
        assert room.members == {BOT: "join", mxid: "invite"}
        return room.id

    async def redactions(self) -> int:
        """Carry out the redactions that are due; return how many posts were taken back so far."""
        self.host.redactions.worker.start()
        now = round(self.desk.clock.now().timestamp() * 1000)

        async def none_due() -> bool:
            query = f"SELECT 1 FROM redaction WHERE done_at IS NULL AND due_at <= {now}"
            return not await self.desk.store.look(query)

        await self.desk.eventually(none_due, "what is due is redacted")
        await self.host.redactions.worker.stop()
        return len(self.desk.server.redacted)

    async def look_for_posts(self, *, still_lost: int = 0) -> None:
        """Let the lost posts be looked for, once."""
        self.posts.worker.start()

        async def found() -> bool:
            lost = await self.desk.store.look("SELECT 1 FROM moderator_code WHERE event_id IS NULL")
            return len(lost) <= still_lost

        await self.desk.eventually(found, "the posts are known")
        lost = await self.desk.store.look("SELECT 1 FROM moderator_code WHERE event_id IS NULL")
        assert len(lost) == still_lost
        await self.posts.worker.stop()


def wire(desk: Desk, host: Host) -> Talk:
    """Wire the commands as the plugin does."""
    gateway, database = Gateway(desk.server), host.database
    team = TeamService(database, desk.clock)
    access = AccessService(database, desk.clock, host.redactions.worker.wake)
    posts = CodePosts(database, gateway, desk.clock, host.redactions, desk.log)
    orders = TokenOrders(
        team=team,
        access=access,
        rooms=PrivateRooms(database, gateway, host.room),
        posts=posts,
        gateway=gateway,
    )

    async def status(_: Asked) -> str:
        return "well"

    operators = {"status": MatrixCommand(usage="status", does="is all well", run=status)}
    commands = MatrixCommands(team, lambda: desk.settings, operators, orders.commands)
    return Talk(desk=desk, host=host, access=access, posts=posts, commands=commands)


@pytest.fixture
async def talk(desk) -> AsyncIterator[Talk]:
    """Give a desk with an operator, and somebody else in the group's room."""
    desk.configure(admins=(ROOT,))
    talk = wire(desk, await desk.start_host())
    talk.room(ROOM, carol="join", root="join")
    yield talk
    await talk.posts.worker.stop()


async def test_a_code_asked_for_in_the_group_is_told_in_a_room_of_two(talk) -> None:
    assert await talk.ask(CAROL, "token") == ELSEWHERE
    room_id = await talk.new_room(CAROL)
    assert talk.desk.server.said_in(ROOM) == []
    said = talk.desk.server.said_in(room_id)[0]
    code = talk.code(room_id)
    assert said.splitlines()[-1] == code
    _, caller = await talk.access.exchange(code)
    assert caller.moderator.name == "Carol"
    # The same room again.
    assert await talk.ask(CAROL, "token") == ELSEWHERE
    assert talk.code(await talk.new_room(CAROL)) != code


async def test_a_code_asked_for_in_a_room_of_two_is_told_there(talk) -> None:
    room_id = talk.room("!two", carol="join")
    assert await talk.ask(CAROL, "token", room_id) is None
    assert (await talk.access.exchange(talk.code(room_id)))[1].moderator.name == "Carol"
    assert len(talk.desk.server.rooms) == 2


@pytest.mark.parametrize("third", ["join", "invite", "knock"])
async def test_a_third_one_in_the_room_gets_no_code(talk, third) -> None:
    room_id = talk.room("!three", carol="join", mallory=third)
    assert await talk.ask(CAROL, "token", room_id) == ELSEWHERE
    assert talk.desk.server.said_in(room_id) == []


async def test_the_group_s_room_gets_no_code_even_when_it_is_of_two(talk) -> None:
    talk.room(ROOM, carol="join")
    assert await talk.ask(CAROL, "token") == ELSEWHERE
    assert talk.desk.server.said_in(ROOM) == []


async def test_a_conversation_with_a_customer_gets_no_code(talk) -> None:
    customer = await talk.desk.customer(talk.host)
    room_id = await talk.desk.private_room(talk.host, "Carol", customer)
    said = talk.desk.server.said_in(room_id)
    assert await talk.ask(CAROL, "token", room_id) == ELSEWHERE
    assert talk.desk.server.said_in(room_id) == said


async def test_whoever_came_into_our_room_is_put_out_before_the_code_is_told(talk) -> None:
    await talk.ask(CAROL, "tokens")
    room_id = await talk.new_room(CAROL)
    talk.desk.server.rooms[room_id].members |= {CAROL: "leave", "@mallory:example.org": "join"}
    await talk.ask(CAROL, "token")
    assert talk.desk.server.rooms[room_id].members == {
        BOT: "join", CAROL: "invite", "@mallory:example.org": "leave",
    }  # fmt: skip


async def test_an_operator_makes_a_code_for_somebody_else(talk) -> None:
    room_id = talk.room("!two", root="join")
    for words in ("Alice", "1"):
        assert await talk.ask(ROOT, f"token {words}", room_id) is None
        _, caller = await talk.access.exchange(talk.code(room_id))
        assert (caller.moderator.name, caller.moderator.role) == ("Alice", "moderator")
    assert await talk.ask(ROOT, "token Mallory", room_id) == "Nobody on the allow-list is Mallory."


async def test_a_moderator_makes_a_code_for_nobody_else(talk) -> None:
    room_id = talk.room("!two", carol="join")
    refusal = "Only one of admins makes a code for somebody else."
    for words in ("Alice", "1", DAVE, "Mallory"):
        assert await talk.ask(CAROL, f"token {words}", room_id) == refusal
    assert await talk.ask(CAROL, "token Carol", room_id) is None
    assert await talk.desk.store.look("SELECT COUNT(*) FROM moderator_code") == [(1,)]


@pytest.mark.parametrize("sender", ["@telegram_1:example.org", "@mallory:example.org", BOT])
@pytest.mark.parametrize("command", ["token", "tokens", "revoke 1", "help", ""])
async def test_to_anybody_else_the_bot_says_nothing(talk, sender, command) -> None:
    assert await talk.ask(sender, command) is None
    assert await talk.desk.store.look("SELECT COUNT(*) FROM moderator_code") == [(0,)]


async def test_what_is_operators_is_no_command_to_a_moderator(talk) -> None:
    helped = await talk.ask(CAROL, "help")
    assert helped is not None
    assert [line.split()[1] for line in helped.splitlines()] == ["token", "tokens", "revoke", "help"]
    assert await talk.ask(CAROL, "status") == f"status is not a command.\n{helped}"
    assert await talk.ask(ROOT, "status") == "well"
    assert await talk.ask(ROOT, "help") == f"!headset status - is all well\n{helped}"


async def test_tokens_are_listed_and_revoked(talk) -> None:
    room_id = talk.room("!two", carol="join")
    theirs = talk.room("!other", root="join")
    assert await talk.ask(CAROL, "tokens", room_id) == "No console is signed in."
    await talk.ask(CAROL, "token", room_id)
    token, caller = await talk.access.exchange(talk.code(room_id))
    await talk.ask(ROOT, "token", theirs)
    root_token, root = await talk.access.exchange(talk.code(theirs))
    listed = await talk.ask(CAROL, "tokens", room_id)
    assert listed == f"{caller.token_id} Carol: made 01 Mar 12:00 UTC, never used"
    assert len(str(await talk.ask(ROOT, "tokens", theirs)).splitlines()) == 2
    assert await talk.ask(CAROL, "tokens") == ELSEWHERE
    refused = await talk.ask(CAROL, f"revoke {root.token_id}", room_id)
    assert refused == f"There is no token {root.token_id}. See tokens."
    assert (await talk.access.authenticate(root_token)).moderator.name == "root"
    revoked = await talk.ask(CAROL, f"revoke {caller.token_id.lower()}", room_id)
    assert revoked == "✓ a console of Carol is signed out"
    with pytest.raises(Unauthorized):
        await talk.access.authenticate(token)


async def test_a_used_code_is_taken_back_at_once(talk) -> None:
    room_id = talk.room("!two", carol="join")
    await talk.ask(CAROL, "token", room_id)
    assert await talk.redactions() == 0
    await talk.access.exchange(talk.code(room_id))
    assert await talk.redactions() == 1
    assert talk.desk.server.said_in(room_id) == []


async def test_an_unused_code_is_taken_back_after_its_time_by_whoever_runs_then(talk) -> None:
    room_id = talk.room("!two", carol="join")
    await talk.ask(CAROL, "token", room_id)
    talk.desk.clock.advance(timedelta(minutes=15) - timedelta(milliseconds=1))
    assert await talk.redactions() == 0
    talk.desk.clock.advance(timedelta(milliseconds=1))
    again = wire(talk.desk, await talk.desk.start_host())
    assert await again.redactions() == 1


@pytest.mark.parametrize("is_used", [False, True])
async def test_a_post_whose_answer_was_lost_is_found_and_taken_back(talk, is_used) -> None:
    """As after a crash between the post and the note of it."""
    room_id = talk.room("!two", carol="join")
    talk.desk.server.lost_answers = 1
    assert "the answer was lost" in str(await talk.ask(CAROL, "token", room_id))
    code = talk.code(room_id)
    if is_used:
        await talk.access.exchange(code)
    talk.desk.clock.advance(60)
    again = wire(talk.desk, await talk.desk.start_host())
    await again.look_for_posts()
    # Nothing more was said: the transaction id is the same.
    assert len(talk.desk.server.said_in(room_id)) == 1
    assert await again.redactions() == (1 if is_used else 0)
    talk.desk.clock.advance(timedelta(minutes=15))
    assert await again.redactions() == 1


async def test_while_a_code_is_being_told_nobody_else_looks_for_it(talk) -> None:
    """Another host would say something else under the transaction id of the code."""
    room_id = talk.room("!two", carol="join")
    talk.desk.server.lost_answers = 2
    await talk.ask(CAROL, "token", room_id)
    talk.desk.clock.advance(1)
    await talk.ask(CAROL, "token", room_id)
    talk.desk.clock.advance(59)
    await talk.look_for_posts(still_lost=1)


async def test_a_code_that_can_not_be_told_is_void(talk) -> None:
    room_id = talk.room("!two", carol="join")
    talk.desk.server.room_failures.extend([None, MatrixFailed("M_FORBIDDEN", permanent=True)])
    assert "M_FORBIDDEN" in str(await talk.ask(CAROL, "token", room_id))
    assert await talk.desk.store.look("SELECT COUNT(*) FROM moderator_code") == [(0,)]


async def test_without_a_private_room_the_asker_is_told_so(talk) -> None:
    talk.desk.server.rooms_down = MatrixFailed("no rooms today")
    assert "no rooms today" in str(await talk.ask(CAROL, "token"))
    assert await talk.desk.store.look("SELECT COUNT(*) FROM moderator_code") == [(0,)]


async def test_no_log_holds_a_code_or_a_token(talk, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    room_id = talk.room("!two", carol="join")
    talk.desk.server.lost_answers = 1
    await talk.ask(CAROL, "token", room_id)
    code = talk.code(room_id)
    token, _ = await talk.access.exchange(code)
    with pytest.raises(Unauthorized):
        await talk.access.exchange(code)
    assert code not in caplog.text
    assert token not in caplog.text
