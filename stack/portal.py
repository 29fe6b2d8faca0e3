"""Makes the support room and bridges it to the team's group, as an operator does."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .matrix import Event, MatrixUser

# Without this the bridge puts the support bot's name before each message that it relays.
MESSAGE_FORMATS = {"m.text": "$message", "m.image": "$message", "m.file": "$message"}


@dataclass(frozen=True, kw_only=True)
class PortalMembers:
    """Who is in the support room: the admin who bridges it, the bots and the team's ghosts."""

    admin: MatrixUser
    support_bot: MatrixUser
    bridge_bot: str
    ghosts: frozenset[str]


async def make_room(members: PortalMembers, name: str) -> str:
    """Makes the unencrypted support room with both bots in it, and returns its id."""
    room_id = await members.admin.create_room(
        name=name,
        preset="private_chat",
        invite=[members.bridge_bot, members.support_bot.mxid],
        # The admin made the room, and room version 12 refuses to name its creator here.
        power_level_content_override={"users": {members.bridge_bot: 100, members.support_bot.mxid: 50}},
    )
    await members.support_bot.join(room_id)
    await members.admin.wait_for_members(room_id, {members.bridge_bot, members.support_bot.mxid})
    return room_id


async def bridge_room(members: PortalMembers, room_id: str, chat_id: int) -> None:
    """Bridges the room to the group and returns once messages pass.

    What is sent while the portal is being made is lost, so this waits for the ghosts.
    """
    await _command(members, room_id, f"bridge {chat_id}", "To confirm bridging the chat to this room")
    await _command(members, room_id, "continue", "Bridging complete")
    await members.admin.wait_for_members(room_id, set(members.ghosts))
    await _command(
        members,
        room_id,
        f"config set message_formats {json.dumps(MESSAGE_FORMATS)}",
        "Successfully set the value of `message_formats`",
    )


async def _command(members: PortalMembers, room_id: str, command: str, answer: str) -> None:
    await members.admin.send_text(room_id, f"!tg {command}")

    def is_answer(event: Event) -> bool:
        return event["sender"] == members.bridge_bot and answer in event["content"].get("body", "")

    await members.admin.wait_for_event(room_id, is_answer, f"the bridge's answer to !tg {command}")
