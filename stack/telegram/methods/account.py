"""help.*, auth.*, users.*, contacts.*, updates.* and bots.*: who the client is, and what it missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from telethon.tl import types as t

from ..media import DC_ID
from ..model import now
from ..rpc import Caller, RefusalError, answers
from ..updates import UpdateLog
from ..views import Views
from ..world import World
from .messages import CAPTION_LIMIT, MESSAGE_LIMIT
from .peers import require_channel

CHANNEL_POLL_SECONDS = 300


class AccountMethods:
    """Methods about the bot's account and its update boxes."""

    def __init__(self, world: World, views: Views, updates: UpdateLog, host: str, port: int) -> None:
        self._world = world
        self._views = views
        self._updates = updates
        self._address = (host, port)

    @answers("help.GetConfig")
    def get_config(self, caller: Caller, request: Any) -> t.Config:
        return make_config(*self._address)

    @answers("auth.ImportBotAuthorization")
    def import_bot_authorization(self, caller: Caller, request: Any) -> t.auth.Authorization:
        if request.bot_auth_token != self._world.account.bot_token:
            raise RefusalError(400, "ACCESS_TOKEN_INVALID")
        caller.authorise()
        return t.auth.Authorization(user=self._views.user(self._world.bot))

    @answers("auth.LogOut")
    def log_out(self, caller: Caller, request: Any) -> t.auth.LoggedOut:
        return t.auth.LoggedOut()

    @answers("users.GetUsers")
    def get_users(self, caller: Caller, request: Any) -> list[t.TypeUser]:
        return [self._get_user(peer) for peer in request.id]

    def _get_user(self, peer: t.TypeInputUser) -> t.TypeUser:
        is_self = isinstance(peer, t.InputUserSelf)
        user_id = self._world.account.bot_id if is_self else getattr(peer, "user_id", 0)
        user = self._world.users.get(user_id)
        return self._views.user(user) if user else t.UserEmpty(user_id)

    @answers("contacts.ResolveUsername")
    def resolve_username(self, caller: Caller, request: Any) -> t.contacts.ResolvedPeer:
        for user in self._world.users.values():
            if (user.username or "").lower() == request.username.lower():
                return t.contacts.ResolvedPeer(t.PeerUser(user.id), [], [self._views.user(user)])
        raise RefusalError(400, "USERNAME_NOT_OCCUPIED")

    @answers("bots.SetBotCommands")
    def set_bot_commands(self, caller: Caller, request: Any) -> bool:
        return True

    @answers("updates.GetState")
    def get_state(self, caller: Caller, request: Any) -> t.updates.State:
        account = self._world.account
        return t.updates.State(pts=account.pts, qts=account.qts, date=now(), seq=0, unread_count=0)

    @answers("updates.GetDifference")
    def get_difference(self, caller: Caller, request: Any) -> t.updates.TypeDifference:
        caller.forget_missed_updates()
        missed = self._updates.account_difference(request.pts, request.qts, request.date)
        if not missed:
            return t.updates.DifferenceEmpty(date=now(), seq=0)
        messages = [update.message for update in missed if isinstance(update, t.UpdateNewMessage)]
        others = [update for update in missed if not isinstance(update, t.UpdateNewMessage)]
        edited = [update.message for update in others if hasattr(update, "message")]
        users, chats = self._views.related(*messages, *others, *edited)
        return t.updates.Difference(
            new_messages=messages,
            new_encrypted_messages=[],
            other_updates=others,
            chats=chats,
            users=users,
            state=self.get_state(caller, request),
        )

    @answers("updates.GetChannelDifference")
    def get_channel_difference(self, caller: Caller, request: Any) -> t.updates.TypeChannelDifference:
        chat = require_channel(self._world, request.channel)
        missed = self._updates.channel_difference(chat, request.pts)
        if not missed:
            return t.updates.ChannelDifferenceEmpty(pts=chat.pts, final=True, timeout=CHANNEL_POLL_SECONDS)
        messages = [update.message for update in missed if isinstance(update, t.UpdateNewChannelMessage)]
        others = [update for update in missed if not isinstance(update, t.UpdateNewChannelMessage)]
        edited = [update.message for update in others if hasattr(update, "message")]
        users, chats = self._views.related(chat.peer, *messages, *edited)
        return t.updates.ChannelDifference(
            pts=chat.pts,
            new_messages=messages,
            other_updates=others,
            chats=chats,
            users=users,
            final=True,
            timeout=CHANNEL_POLL_SECONDS,
        )


def make_config(host: str, port: int) -> t.Config:
    """Return the configuration that every client asks for first: one data centre, Telegram's limits."""
    return t.Config(
        date=now(),
        expires=now() + timedelta(hours=1),
        test_mode=False,
        this_dc=DC_ID,
        dc_options=[t.DcOption(DC_ID, host, port)],
        dc_txt_domain_name="localhost",
        chat_size_max=200,
        megagroup_size_max=200000,
        forwarded_count_max=100,
        online_update_period_ms=120000,
        offline_blur_timeout_ms=5000,
        offline_idle_timeout_ms=30000,
        online_cloud_timeout_ms=300000,
        notify_cloud_delay_ms=30000,
        notify_default_delay_ms=1500,
        push_chat_period_ms=60000,
        push_chat_limit=2,
        edit_time_limit=172800,
        revoke_time_limit=2147483647,
        revoke_pm_time_limit=2147483647,
        rating_e_decay=2419200,
        stickers_recent_limit=200,
        channels_read_media_period=604800,
        call_receive_timeout_ms=20000,
        call_ring_timeout_ms=90000,
        call_connect_timeout_ms=30000,
        call_packet_timeout_ms=10000,
        me_url_prefix="https://t.me/",
        caption_length_max=CAPTION_LIMIT,
        message_length_max=MESSAGE_LIMIT,
        webfile_dc_id=4,
    )
