"""Finding the chat that a request names."""

from __future__ import annotations

from telethon.tl import types as t

from ..model import Chat
from ..rpc import RefusalError
from ..world import World


def require_chat(world: World, peer: t.TypeInputPeer) -> Chat:
    """Return the chat of a peer, or refuse as Telegram does."""
    if isinstance(peer, (t.InputPeerChannel, t.PeerChannel, t.InputChannel)):
        return require_channel(world, peer)
    if not isinstance(peer, (t.InputPeerChat, t.PeerChat)):
        raise RefusalError(400, "PEER_ID_INVALID")
    chat = world.get_chat_by_peer(peer)
    if chat is None:
        raise RefusalError(400, "CHAT_ID_INVALID")
    return chat


def require_channel(world: World, peer: t.TypeInputChannel) -> Chat:
    """Return the channel or supergroup of a peer, or refuse."""
    chat = world.get_chat_by_peer(peer)
    if chat is None or not chat.is_channel:
        raise RefusalError(400, "CHANNEL_INVALID")
    return chat
