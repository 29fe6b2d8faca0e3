"""No secret passes, neither a customer's nor the team's; what is taken back is gone from Telegram, too."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stack.conditions import until
from stack.system import System
from stack.telegram_client import ALICE, BOB, MALLORY
from tests.e2e.acts import Case, find_event, open_case, post, said_after, text_after

PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
WORDS_24 = (
    "hamster diagram private dutch cause delay private meat slide toddler razor book"
    " happy fancy gospel tennis maple dilemma loan word shrug inflict delay length"
)
MARKS = (
    "sausage",
    "dilemma",
    "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
    "xprv9s21ZrQH143K3QTDL4LXw2",
    "5318b4d5bcd28de6",
)
"""Of each secret of these tests something that stands nowhere else."""

KEYSTORE = json.dumps(
    {
        "version": 3,
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "crypto": {
            "cipher": "aes-128-ctr",
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "kdf": "pbkdf2",
            "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256", "salt": "ae3cd4e7013836a3"},
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
    }
)
SECRETS = {
    "12 words": PHRASE,
    "24 words": WORDS_24,
    "numbered": "\n".join(f"{n}. {word}" for n, word in enumerate(WORDS_24.split(), start=1)),
    "commas": PHRASE.replace(" ", ", "),
    "newlines": WORDS_24.replace(" ", "\n"),
    "in a sentence": f"my wallet is broken, here it is: {PHRASE}. please help",
    "WIF": MARKS[2],
    "xprv": "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGt"
    "RBeJgk33yuGBxrMPHi",
    "keystore": KEYSTORE,
}


def kept(system: System) -> set[str]:
    """Which of the secrets stand in a file of maubot's: its databases with their journals, and its log."""
    files = [path for path in Path(system.maubot.log).parent.rglob("*") if path.is_file()]
    # The plugin itself has all words.
    files = [path for path in files if path.suffix != ".mbp"]
    assert {".db", ".log"} <= {path.suffix for path in files}
    contents = [path.read_bytes() for path in files]
    return {mark for mark in MARKS for content in contents if mark.encode() in content}


async def in_room(system: System, *words: str) -> set[str]:
    """Which words stand in an event of the support room as the homeserver gives it out now."""
    events = str(await system.admin.events(system.room_id, limit=500))
    return {word for word in words if word in events}


async def in_telegram(system: System, *words: str) -> set[str]:
    messages = " ".join(message.text for message in await system.telegram.messages())
    return {word for word in words if word in messages}


async def vanished(system: System, *words: str) -> None:
    """Return once none of the words stands in the room nor in Telegram any more."""

    async def gone() -> bool:
        return not (await in_room(system, *words) or await in_telegram(system, *words))

    await until(gone, f"{words} are gone from the room and from Telegram")


@pytest.mark.parametrize("secret", SECRETS.values(), ids=list(SECRETS))
async def test_a_secret_is_kept_nowhere(system: System, secret: str) -> None:
    async with open_case(system) as case:
        for more in ({}, {"confirmed": True}):
            answer = await case.customer.post(secret, **more)
            assert (answer.status, answer.json["code"]) == (422, "secret_refused")
            assert answer.json["earlier"] is False
            assert not any(mark in answer.text for mark in MARKS)
        # Whatever was on its way has come to the group with the next message.
        await case.ask()
        assert len((await case.customer.history())["items"]) == 2
    assert kept(system) == set()
    assert await in_room(system, *MARKS) == set()
    assert await in_telegram(system, *MARKS) == set()


async def test_over_three_messages_the_earlier_parts_are_taken_back(system: System) -> None:
    words = WORDS_24.split()
    thirds = [" ".join(words[at : at + 4]) for at in (0, 4, 8)]
    async with open_case(system) as case:
        # Both are in the group before the third comes, the first of them with a delivered mark.
        first = await post(system, case.customer, thirds[0])
        await system.telegram.send(ALICE, "what is this?", reply_to=first.id)
        await system.telegram.wait_for_message(
            lambda m: m.id == first.id and m.text.endswith("✓ Alice"), "the mark"
        )
        second = await post(system, case.customer, thirds[1])
        answer = await case.customer.post(thirds[2])
        assert (answer.status, answer.json["code"]) == (422, "secret_refused")
        assert (answer.json["kind"], answer.json["earlier"]) == ("phrase", True)
        await vanished(system, *thirds)
        ids = {message.id for message in await system.telegram.messages()}
        assert not {first.id, second.id} & ids
        await text_after(system, second.id, f"#{case.number}: parts of messages were taken back")
        # The page and every other tab are told.
        notice = await case.stream.wait_for_text("move your funds")
        assert notice["author"]["kind"] == "system"
        await case.stream.wait_for(lambda event: event.type == "message.deleted", "message.deleted")
        texts = [item["text"] for item in (await case.customer.history())["items"]]
        assert not set(thirds) & set(texts)
        await forgotten(system, thirds)
        # The ticket goes on, for both sides.
        await case.answer(BOB, f"do not send that, {uuid.uuid4()}")


async def forgotten(system: System, words: Sequence[str]) -> None:
    """Return once none of these stands in the database's files: they are scrubbed soon after, not at once."""
    folder = Path(system.maubot.log).parent / "databases"

    async def all_gone() -> bool:
        kept = b"".join(path.read_bytes() for path in folder.glob("*"))
        return not any(word.encode() in kept for word in words)

    await until(all_gone, f"none of {words} is in the database")


async def test_what_telegram_lets_the_bridge_send_only_later_is_deleted_all_the_same(system: System) -> None:
    """The bridge passes over the redaction of what it has not sent yet."""
    words = PHRASE.split()
    half, rest = " ".join(words[:6]), " ".join(["yellow", "cherry", "damage", "dance", "danger", "daring"])
    async with open_case(system) as case:
        await system.telegram.fault("messages.SendMessage", "FLOOD_WAIT_4", code=420)
        await case.customer.send(half)
        await find_event(system, half)
        assert (await case.customer.post(rest)).json["earlier"] is True

        async def redacted() -> bool:
            return not await in_room(system, half)

        await until(redacted, "the redaction")
        # It comes, and it goes again.
        await system.telegram.wait_for_message(lambda m: half in m.text, "the late message")
        await vanished(system, half)


async def test_a_reply_that_asks_for_a_secret_waits_for_another_moderator(system: System) -> None:
    async with open_case(system) as case:
        asks = f"Please send me your seed phrase {uuid.uuid4()}"
        reply = await case.reply(ALICE, asks)
        told = await text_after(system, reply, f"#{case.number}")
        assert told == (
            f"⚠ #{case.number}: Alice's Reply was not sent: it asks for a secret."
            " Another moderator may reply /release to it."
        )
        for sender in (ALICE, MALLORY):
            await system.telegram.send(sender, "/release", reply_to=reply)
        assert await case.last_word() == []
        released = await system.telegram.send(BOB, "/release", reply_to=reply)
        await text_after(system, released, f"✓ #{case.number}: sent as Alice's")
        message = await case.stream.wait_for_text(asks)
        assert (message["author"]["name"], message["author"]["verified"]) == ("Alice", True)


async def test_an_edit_that_asks_is_held_until_it_asks_no_more(system: System) -> None:
    async with open_case(system) as case:
        reply, message = await case.answer(ALICE, f"hello {uuid.uuid4()}")
        await system.telegram.edit(reply, "Tell me your private key")
        await text_after(system, reply, f"⚠ #{case.number}: Alice's edit was not passed on")
        await system.telegram.edit(reply, "Never tell anybody your private key")
        edited = await case.changed("message.edited", "Never tell anybody your private key")
        assert edited.data["id"] == message["id"]
        held = await case.reply(ALICE, "What is your private key?")
        await text_after(system, held, "Reply was not sent")
        await system.telegram.edit(held, "What is your address?")
        await case.stream.wait_for_text("What is your address?")
        assert "What is your private key?" not in str([event.data for event in case.stream.seen])


async def test_a_held_reply_that_is_deleted_is_never_sent(system: System) -> None:
    async with open_case(system) as case:
        reply = await case.reply(ALICE, "Please send me your seed phrase")
        await text_after(system, reply, "Reply was not sent")
        event = await find_event(system, "Please send me your seed phrase")
        await system.telegram.delete(reply)

        async def redacted() -> bool:
            events = await system.admin.events(system.room_id)
            return any(e["type"] == "m.room.redaction" and event["event_id"] in str(e) for e in events)

        await until(redacted, "the redaction by the bridge")
        await said_after(system, reply)
        assert await case.last_word() == []


async def test_erasing_takes_everything_out_of_the_room_and_of_telegram(system: System) -> None:
    words = [
        f"{name}-{uuid.uuid4().hex}" for name in ("asked", "answered", "edited", "noted", "strange", "url")
    ]
    asked, answered, edited, noted, strange, url = words
    async with open_case(system, page_url=f"https://app.example.org/{url}") as case:
        question = await case.ask(asked)
        reply, _ = await case.answer(ALICE, answered)
        await system.telegram.edit(reply, edited)
        await case.changed("message.edited", edited)
        await marked(case, question.id)
        await case.reply(ALICE, f"/note {noted}")
        await case.reply(MALLORY, strange)
        await case.order("/info")
        await until(lambda: in_room_all(system, words), "all of it is in the room")
        exported = await case.customer.api.call("GET", "/v1/me/export")
        assert [message["text"] for message in exported["messages"]][1:] == [asked, edited]
        assert (await case.customer.api.request("DELETE", "/v1/me")).status == 202
        assert (await case.customer.api.request("GET", "/v1/session")).status == 401
        await vanished(system, *words)
        await system.telegram.wait_for_text(f"#{case.number} was erased, as the customer asked")
        await forgotten(system, words)


async def in_room_all(system: System, words: list[str]) -> bool:
    return await in_room(system, *words) == set(words)


async def marked(case: Case, post_id: int) -> None:
    await case.system.telegram.wait_for_message(
        lambda m: m.id == post_id and m.text.endswith("✓ Alice"), "the mark"
    )


async def test_without_the_power_others_words_stay_and_the_bots_own_go(
    private_system: Any,
) -> None:
    async with private_system() as system, open_case(system) as case:
        answer = f"answer {uuid.uuid4()}"
        await case.answer(ALICE, answer)
        path = f"/_matrix/client/v3/rooms/{system.room_id}/state/m.room.power_levels"
        levels = await system.admin.api.call("GET", path)
        levels["users"].pop(system.support_bot.mxid)
        await system.admin.api.call("PUT", path, levels)
        text = case.post.text.splitlines()[1]
        assert (await case.customer.api.request("DELETE", "/v1/me")).status == 202
        await vanished(system, text)
        assert await in_room(system, answer) == {answer}
