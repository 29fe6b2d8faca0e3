"""The control API: what tests and the team's page make people do, and what they look at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from telethon.tl.alltlobjects import LAYER

from . import team
from .delivery import Delivery
from .forms import FieldError, Form
from .media import SAMPLE_KINDS
from .model import CHANNEL_OFFSET, Chat, User, now
from .people import People, Post
from .plain import ANONYMOUS, AS_GROUP
from .rpc import Fault, RpcServer
from .world import World

MAX_BODY = 2**20
SERVICE_ACTIONS = ("add", "remove", "title")
USER_TEXTS, USER_FLAGS = ("first_name", "last_name", "username"), ("premium", "bot", "deleted", "privacy")
CHAT_TEXTS, CHAT_FLAGS = ("title", "username", "about"), ("broadcast", "forum")

POSTS = ("send", "edit", "delete", "react", "service", "user", "chat", "fault", "reset_faults", "drop")
GETS = ("messages", "rpc", "status")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Routes of the control API."""

    def __init__(self, world: World, people: People, delivery: Delivery, rpc: RpcServer) -> None:
        self._world = world
        self._people = people
        self._delivery = delivery
        self._rpc = rpc

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application that also serves the page."""
        for name in POSTS:
            app.router.add_post(f"/{name}", getattr(self, f"post_{name}"))
        for name in GETS:
            app.router.add_get(f"/{name}", getattr(self, f"get_{name}"))

    # What people do.
    async def post_send(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        chat = form.chat()
        post = Post(
            sender=form.sender(chat),
            text=form.text("text"),
            media=form.choice("media", SAMPLE_KINDS) if form.has("media") else None,
            reply_to=form.optional_number("reply_to"),
            quote=form.optional_text("quote"),
            topic=form.optional_number("topic"),
            forward_from=form.sender(chat, "forward_from") if form.has("forward_from") else None,
            is_forward=form.has("forward_from"),
            post_author=form.optional_text("post_author"),
            via_bot=form.optional_number("via_bot"),
        )
        if not post.text and not post.media:
            raise FieldError("text", "is missing, and there is no media either")
        message_id, seen = await self._people.send(chat, post)
        return web.json_response({"id": message_id, "bot_sees": seen})

    async def post_edit(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        chat = form.chat()
        await self._people.edit(chat, form.message(chat), form.text("text", required=True))
        return _ok()

    async def post_delete(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        await self._people.delete(form.chat(), form.numbers("ids"))
        return _ok()

    async def post_react(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        chat = form.chat()
        actor = form.sender(chat)
        if actor is None:
            raise FieldError("from", "a reaction always names its sender")
        await self._people.react(chat, form.message(chat).id, actor, form.texts("old"), form.texts("new"))
        return _ok()

    async def post_service(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        chat, action = form.chat(), form.choice("action", SERVICE_ACTIONS)
        actor = form.sender(chat)
        if action == "add":
            message_id = await self._people.add_member(chat, actor, form.user("user").id)
        elif action == "remove":
            message_id = await self._people.remove_member(chat, actor, form.user("user").id)
        else:
            message_id = await self._people.change_title(chat, actor, form.text("title", required=True))
        return web.json_response({"id": message_id})

    # The world itself.
    async def post_user(self, request: web.Request) -> web.Response:
        """Make or change a user; join chats; "admin" makes or unmakes an admin of these."""
        form = await self._read_form(request)
        user_id, chats, admin = form.number("id"), form.chats("join"), form.optional_flag("admin")
        if user_id <= 0:
            raise FieldError("id", "must be above 0")
        user = dataclasses.replace(self._world.users.get(user_id) or User(id=user_id))
        _set_fields(user, form, USER_TEXTS, USER_FLAGS)
        self._world.save_user(user)
        for chat in chats:
            chat.members.add(user.id)
            if admin is not None:
                (chat.admins.add if admin else chat.admins.discard)(user.id)
            self._world.save_chat(chat)
        self._world.commit()
        return _ok()

    async def post_chat(self, request: web.Request) -> web.Response:
        """Make or change a chat; a missing field of one that exists stays as it is."""
        form = await self._read_form(request)
        chat_id = form.number("id")
        if chat_id >= 0 or chat_id == -CHANNEL_OFFSET:
            raise FieldError("id", "must be -100<id> for a channel or supergroup, -<id> for a basic group")
        chat = self._world.chats.get(chat_id)
        if chat is None:
            title, first_id = form.text("title", required=True), form.number("first_id", 1)
            created = int(now().timestamp())
            chat = Chat(id=chat_id, title=title, created=created, next_message_id=first_id)
        chat = dataclasses.replace(chat)
        _set_fields(chat, form, CHAT_TEXTS, CHAT_FLAGS)
        for name in ("members", "admins"):
            if form.has(name):
                setattr(chat, name, form.user_ids(name))
        self._world.save_chat(chat)
        self._world.commit()
        return _ok()

    # Trouble.
    async def post_fault(self, request: web.Request) -> web.Response:
        form = await self._read_form(request)
        fault = Fault(
            method=form.text("method", required=True),
            code=form.number("code", 400),
            error=form.text("error"),
            count=form.number("count", 1),
            delay=form.seconds("delay"),
            contains=form.text("contains"),
            per_minute=form.number("per_minute", 0),
        )
        if not fault.error and not fault.delay:
            raise FieldError("error", "is missing, and there is no delay either")
        self._rpc.add_fault(fault)
        return _ok()

    async def post_reset_faults(self, request: web.Request) -> web.Response:
        self._rpc.clear_faults()
        return _ok()

    async def post_drop(self, request: web.Request) -> web.Response:
        """Cut every connection: clients must come back and catch up."""
        return web.json_response({"dropped": self._delivery.drop_all()})

    # Looking.
    async def get_messages(self, request: web.Request) -> web.Response:
        """All messages of a chat, with every field that TL has."""
        chat = Form(dict(request.query), self._world).chat()
        messages = [message.to_dict() for message in self._world.get_messages(chat)]
        return _json(messages)

    async def get_rpc(self, request: web.Request) -> web.Response:
        count = Form(dict(request.query), self._world).number("n", 200)
        if count < 1:
            raise FieldError("n", "must be above 0")
        return _json(self._rpc.calls[-count:])

    async def get_status(self, request: web.Request) -> web.Response:
        status = {
            "connections": self._delivery.connection_count,
            "authed": self._delivery.authorised_count,
            "layer": LAYER,
            "rpcs": self._rpc.call_count,
        }
        return web.json_response(status)

    async def _read_form(self, request: web.Request) -> Form:
        try:
            return Form(await request.json(), self._world)
        except ValueError:
            raise FieldError("body", "must be JSON") from None


def describe_persons(world: World, chat: Chat) -> list[dict[str, Any]]:
    """Return whom one may act as in a chat: its people, and the two kinds of anonymous admin."""
    people = [world.users[user_id] for user_id in sorted(chat.members) if user_id in world.users]
    persons: list[dict[str, Any]] = [
        {
            "from": person.id,
            "name": person.name,
            "role": team.ROLES.get(person.id, "member"),
            "admin": person.id in chat.admins,
        }
        for person in people
        if not person.bot
    ]
    return [
        *persons,
        {"from": ANONYMOUS, "name": "Anonymous admin", "role": "names no sender", "admin": True},
        {"from": AS_GROUP, "name": chat.title, "role": "admin, as the group", "admin": True},
    ]


@web.middleware
async def answer_bad_fields(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a FieldError into 400 with {"error"}."""
    try:
        return await handler(request)
    except FieldError as error:
        return web.json_response({"error": str(error)}, status=400)


@web.middleware
async def refuse_other_origins(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep other web pages in the same browser from speaking for the team."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return web.json_response({"error": "Origin: is another site's"}, status=403)
    return await handler(request)


def _set_fields(thing: User | Chat, form: Form, texts: tuple[str, ...], flags: tuple[str, ...]) -> None:
    for name in texts:
        if form.has(name):
            setattr(thing, name, form.text(name))
    for name in flags:
        if form.has(name):
            setattr(thing, name, form.optional_flag(name))


def _ok() -> web.Response:
    return web.json_response({"ok": True})


def _json(value: Any) -> web.Response:
    text = json.dumps(value, ensure_ascii=False, default=_plain_value)
    return web.Response(text=text, content_type="application/json")


def _plain_value(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else str(value)
