"""The rooms of private conversations: made once, and with nobody in them but the one moderator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugin.services.ports import MatrixFailed
from tests.integration.services.direct_talk import DOWN, is_tried, say


async def test_while_no_room_can_be_made_the_group_gets_its_messages(desk, host, customer) -> None:
    desk.configure(join_within=0)
    desk.server.rooms_down = DOWN
    await desk.write_to(host, "Carol", customer, "Psst")
    host.direct_relay.worker.start()
    await desk.eventually(lambda: is_tried(desk), "a room was asked for")
    host.relay.worker.start()
    for number in range(1, 4):
        await desk.write(host, customer, f"to all {number}")
        await desk.eventually(lambda n=number: len(desk.server.bodies) == n, "the group's message")
        desk.clock.advance(20)
        host.direct_relay.worker.wake()
    assert "Psst" not in str([post.body for _, post in desk.server.requests])
    desk.server.rooms_down = None

    def arrives() -> bool:
        desk.clock.advance(1)
        host.direct_relay.worker.wake()
        return desk.server.said_in("!direct0") == ["anonymous\nPsst"]

    await desk.eventually(arrives, "it arrives")


async def test_a_room_that_fails_holds_up_no_other(desk, host, customer) -> None:
    desk.configure(join_within=0)
    daves = await desk.private_room(host, "Dave", customer)
    desk.server.room_failures.append(DOWN)
    await desk.write_to(host, "Carol", customer, "first")
    await desk.carry_direct(host)
    assert await is_tried(desk)
    await desk.write_to(host, "Dave", customer, "second")
    await desk.carry_direct(host)
    assert desk.server.said_in(daves)[1:] == ["anonymous\nsecond"]


async def test_a_crash_after_the_room_is_made_makes_no_second_one(desk, host, customer) -> None:
    desk.server.lost_rooms = 1
    await desk.write_to(host, "Carol", customer, "Psst")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert len(desk.server.rooms) == 1
    assert desk.server.said_in("!direct0") == []
    await host.stop()
    later = await desk.start_host()
    desk.clock.advance(20)
    await desk.carry_direct(later)
    assert list(desk.server.rooms) == ["!direct0"]
    assert desk.server.said_in("!direct0") == ["anonymous\nPsst"]


@pytest.mark.parametrize("membership", ["leave", None])
async def test_a_moderator_who_left_is_invited_again(desk, host, customer, room, membership) -> None:
    members = desk.server.rooms[room].members
    if membership:
        members[desk.carol] = membership
    else:
        del members[desk.carol]
    await desk.private_room(host, "Carol", customer, "Are you there?")
    assert desk.server.rooms[room].asked == [("invite", desk.carol)] * 2
    assert desk.server.said_in(room)[1:] == ["anonymous\nAre you there?"]


async def test_nobody_else_stays_in_the_room(desk, host, customer, room) -> None:
    members = desk.server.rooms[room].members
    members.update({desk.dave: "join", desk.bridge_bot: "invite", "@gone:example.org": "leave"})
    await desk.private_room(host, "Carol", customer, "only for Carol")
    removed = [who for what, who in desk.server.rooms[room].asked if what == "remove"]
    assert sorted(removed) == sorted([desk.dave, desk.bridge_bot])


async def test_while_somebody_else_stays_nothing_is_sent(desk, host, customer, room) -> None:
    desk.server.rooms[room].members[desk.dave] = "join"
    desk.server.room_failures.extend([None, MatrixFailed("M_FORBIDDEN (403)")])
    await desk.write_to(host, "Carol", customer, "only for Carol")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert await is_tried(desk)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]


async def test_another_matrix_id_of_the_moderator_takes_the_place_of_the_former(desk, host, customer, room):
    team = [replace(m, mxid="@carol:new.example") if m.mxid == desk.carol else m for m in _team(desk)]
    async with host.database.transaction() as tx:
        carol = next(m for m in await tx.moderators.list_active() if m.mxid == desk.carol)
        await tx.moderators.update(replace(carol, mxid="@carol:new.example"))
    desk.configure(moderators=tuple(team))
    await desk.write_to(host, "Carol", customer, "for the new one")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.rooms[room].asked[1:] == [("remove", desk.carol), ("invite", "@carol:new.example")]


def _team(desk):
    return desk.settings.moderators


async def test_a_room_that_the_bot_was_put_out_of_is_given_up_for_another(desk, host, customer, room) -> None:
    desk.server.rooms[room].members[desk.bot] = "leave"
    desk.server.rooms[room].direct_id = "gone"
    await desk.write_to(host, "Carol", customer, "Are you there?")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    desk.clock.advance(20)
    await desk.carry_direct(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
    assert desk.server.said_in("!direct1") == ["anonymous\nAre you there?"]


async def test_for_who_is_off_the_allow_list_nothing_is_sent_and_the_group_hears_nothing(
    desk, host, customer, room
) -> None:
    await desk.write_to(host, "Carol", customer, "too late")
    async with host.database.transaction() as tx:
        await tx.moderators.retire_configured()
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
    assert await desk.answers() == []
    assert set(await desk.states()) == {"delivered", "failed"}
    await say(desk, host, desk.carol, room, "still me?")
    assert (await desk.outcomes())[-1] == "stranger"


async def test_what_the_homeserver_refuses_for_good_is_said_in_the_room_alone(
    desk, host, customer, room
) -> None:
    desk.server.failures.append(MatrixFailed("M_TOO_LARGE (413)", permanent=True))
    await desk.write_to(host, "Carol", customer, "too large")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[1:] == [
        "⚠ A message of this customer did not get through (M_TOO_LARGE (413))."
    ]
    assert await desk.answers() == []


async def test_nobody_is_invited_to_a_room_that_is_not_known_yet(desk, host, customer) -> None:
    """What is said in a room before it is stored would be passed over for good."""
    gateway, known = host.inbox._gateway, []
    invite = gateway.invite

    async def look_first(room_id: str, mxid: str) -> None:
        async with host.database.snapshot() as tx:
            known.append(await tx.directs.get_by_room(room_id))
        await invite(room_id, mxid)

    gateway.invite = look_first
    await desk.private_room(host, "Carol", customer)
    assert [direct.room_id for direct in known] == ["!direct0"]
