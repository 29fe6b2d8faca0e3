"""A message reaches the Telegram group; only a moderator's Reply comes back."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from stack.customer import Customer, EventStream, Message
from stack.instance import ghost
from stack.system import System
from stack.telegram_client import ALICE, BOB, GROUP, MALLORY
from tests.e2e.acts import send_as_ghost

NEWS_CHANNEL = {"channel": -1001900000009}


@dataclass(kw_only=True)
class Case:
    """A customer whose first message has reached the group."""

    customer: Customer
    stream: EventStream
    post: int
    """Telegram's id of the post."""

    def answers(self) -> list[Message]:
        """What came from the team, in order."""
        return [event.data for event in self.stream.seen if event.data["author"]["kind"] != "customer"]


@pytest.fixture
async def case(system: System) -> AsyncIterator[Case]:
    customer = await system.customer()
    async with customer.stream() as stream:
        text = f"hello {uuid.uuid4()}"
        await customer.send(text)
        post = await system.telegram.wait_for_text(text)
        yield Case(customer=customer, stream=stream, post=post.id)


async def close_with_an_answer(system: System, case: Case) -> list[Message]:
    """Let Alice answer last, and return all that the customer had got from the team by then.

    The inbox handles events in the room's order: whatever came before hers has been dealt with.
    """
    await system.telegram.send(ALICE, "last word", reply_to=case.post)
    await case.stream.wait_for_text("last word")
    return case.answers()


async def test_the_post_is_headed_by_the_ticket_and_starts_with_nothing_of_the_customer(
    system: System, case: Case
) -> None:
    post = next(m for m in await system.telegram.messages() if m.id == case.post)
    (message,) = (await case.customer.history())["items"]
    assert post.text == f"#{message['ticket']} · anonymous\n{message['text']}"


async def test_a_moderators_reply_reaches_the_customer_with_name_and_mark(system: System, case: Case) -> None:
    await system.telegram.send(ALICE, "fixed!", reply_to=case.post)
    answer = await case.stream.wait_for_text("fixed!")
    assert answer["author"] == {
        "kind": "moderator",
        "id": answer["author"]["id"],
        "name": "Alice",
        "verified": True,
    }
    assert str(ALICE) not in str(answer)
    assert [item["seq"] for item in (await case.customer.history())["items"]] == [1, 2]


async def test_a_second_moderator_may_answer_the_first_ones_reply(system: System, case: Case) -> None:
    first = await system.telegram.send(ALICE, "have you tried turning it off", reply_to=case.post)
    await case.stream.wait_for_text("turning it off")
    second = await system.telegram.send(BOB, "and on again", reply_to=first)
    answer = await case.stream.wait_for_text("and on again")
    assert answer["author"]["name"] == "Bob"
    await system.telegram.send(ALICE, "thanks Bob", reply_to=second)
    await case.stream.wait_for_text("thanks Bob")


@pytest.mark.parametrize(
    "sender",
    [MALLORY, "anonymous", "anonymous-channel", NEWS_CHANNEL],
    ids=["stranger", "anonymous admin", "anonymous admin as the group", "as a channel"],
)
async def test_a_strangers_reply_is_not_delivered(system: System, case: Case, sender: Any) -> None:
    await system.telegram.send(sender, "send me your seed phrase", reply_to=case.post)
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["last word"]


async def test_a_strangers_reply_to_a_moderators_reply_is_not_delivered(system: System, case: Case) -> None:
    first = await system.telegram.send(ALICE, "we look into it", reply_to=case.post)
    await system.telegram.send(MALLORY, "I look into it too", reply_to=first)
    texts = [m["text"] for m in await close_with_an_answer(system, case)]
    assert texts == ["we look into it", "last word"]


async def test_a_reply_to_a_strangers_reply_is_talk_in_the_team(system: System, case: Case) -> None:
    strange = await system.telegram.send(MALLORY, "who are you?", reply_to=case.post)
    await system.telegram.send(ALICE, "please stop that, Mallory", reply_to=strange)
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["last word"]


async def test_a_stranger_with_a_moderators_name_is_a_stranger(system: System, case: Case) -> None:
    impostor = 5550099
    await system.telegram.api.call(
        "POST",
        "/user",
        {
            "id": impostor,
            "first_name": "Alice",
            "last_name": "Example",
            "username": "alice_example",
            "join": [str(GROUP)],
        },
    )
    await system.telegram.send(impostor, "I am Alice", reply_to=case.post)
    await system.admin.wait_for_event(
        system.room_id, lambda event: event["sender"] == ghost(impostor), "the impostor's message"
    )
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["last word"]


async def test_talk_in_the_group_is_not_delivered(system: System, case: Case) -> None:
    await system.telegram.send(ALICE, "lunch?")
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["last word"]


@pytest.mark.parametrize(
    "text", ["/nonsense", "!nonsense now", "/start@support_relay_bot", "// he sounds angry"]
)
async def test_what_looks_like_a_command_or_a_note_is_not_delivered(
    system: System, case: Case, text: str
) -> None:
    await system.telegram.send(ALICE, text, reply_to=case.post)
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["last word"]


async def test_a_matrix_moderator_answers_and_a_matrix_stranger_does_not(system: System, case: Case) -> None:
    (message,) = (await case.customer.history())["items"]
    post = await system.admin.wait_for_event(
        system.room_id, lambda event: message["text"] in event["content"].get("body", ""), "the post"
    )
    stranger = await system.new_user(f"alice{uuid.uuid4().hex[:6]}")
    await system.admin.invite(system.room_id, stranger.mxid)
    await stranger.join(system.room_id)
    await stranger.send_text(system.room_id, "I am Alice", reply_to=post["event_id"])
    await system.admin.send_text(system.room_id, "from Matrix", reply_to=post["event_id"])
    await case.stream.wait_for_text("from Matrix")
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["from Matrix", "last word"]


async def test_a_ghosts_event_with_another_authors_profile_is_not_delivered(
    system: System, case: Case
) -> None:
    (message,) = (await case.customer.history())["items"]
    post = await system.admin.wait_for_event(
        system.room_id, lambda event: message["text"] in event["content"].get("body", ""), "the post"
    )
    reply = {"m.in_reply_to": {"event_id": post["event_id"]}}
    profile = {"id": "5550003", "displayname": "Mallory"}
    content = {"msgtype": "m.text", "body": "as Alice", "m.relates_to": reply}
    await send_as_ghost(system, ALICE, {**content, "com.beeper.per_message_profile": profile})
    await send_as_ghost(system, ALICE, {**content, "body": "really Alice"})
    await case.stream.wait_for_text("really Alice")
    assert [m["text"] for m in await close_with_an_answer(system, case)] == ["really Alice", "last word"]


async def test_a_customers_text_makes_no_mention_and_no_command_in_telegram(
    system: System, case: Case
) -> None:
    nonce = uuid.uuid4().hex
    await case.customer.send(
        f"@alice_team /start https://matrix.to/#/@admin:hs.test jane@example.com {nonce}"
    )
    post = await system.telegram.wait_for_text(nonce)
    kinds = {entity["_"] for entity in post.raw["entities"] or []}
    assert kinds <= {"MessageEntityUrl"}
    assert "jane@example.com" in post.text


async def test_a_long_text_arrives_whole_in_numbered_posts(system: System, case: Case) -> None:
    words = " ".join(f"w{n:04d}" for n in range(660))
    assert len(words) < 4000
    text = words.replace("w", "\U0001f600")  # 2 UTF-16 units each: past what one post can hold
    await case.customer.send(text)
    await system.telegram.wait_for_text("\U0001f6000659")
    posts = [m for m in await system.telegram.relayed() if "\U0001f600" in m.text]
    assert len(posts) == 2
    assert [post.text.splitlines()[0][-5:] for post in posts] == ["(1/2)", "(2/2)"]
    assert " ".join(post.text.split("\n", 1)[1] for post in posts) == text
    await system.telegram.send(BOB, "about the first part", reply_to=posts[0].id)
    await case.stream.wait_for_text("about the first part")
