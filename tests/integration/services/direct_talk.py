"""What tests of private conversations share: a failure, and words said in their rooms."""

from __future__ import annotations

from plugin.services.ports import MatrixFailed

DOWN = MatrixFailed("M_UNKNOWN (502)")


async def say(desk, host, sender: str, room: str, text: str, **more: object) -> str:
    """Let somebody say something in a private room, have it read, and return the event's id."""
    event_id = desk.server.reply(sender, None, text, room_id=room, **more)
    await host.inbox.catch_up()
    return event_id


async def order(desk, host, room: str, text: str) -> list[str]:
    """Let Carol write a command; return what the bot says to it in the room."""
    before = len(desk.server.said_in(room))
    await say(desk, host, desk.carol, room, text)
    await desk.carry_direct(host)
    return desk.server.said_in(room)[before:]


async def is_tried(desk) -> bool:
    """Tell whether a private batch could not be sent and waits to be tried again."""
    return bool(await desk.store.look("SELECT 1 FROM batch WHERE direct_id IS NOT NULL AND tries > 0"))
