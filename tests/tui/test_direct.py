"""Direct: the moderator's own private conversations, and nobody else's."""

from __future__ import annotations

import pytest

from console.screens.direct_conversation import STANDING, DirectConversationScreen
from tests.integration.plugin.wallet import SECRET, claims
from tests.tokens import sign_token
from tests.tui.conftest import Sit
from tests.tui.seat import LARGE, SIZES, THEMES
from tests.tui.seeds import Seeds, id_of


async def texts_of(customer) -> list[tuple[str | None, str, str]]:
    items = (await customer.history())["items"]
    return [(item["author"]["name"], item["channel"], item["text"]) for item in items]


async def test_nobody_has_written(sit: Sit) -> None:
    async with sit() as seat:
        await seat.press("2")
        await seat.sees("Nobody has written to you in private.")


async def test_a_direct_message_shows_by_itself_is_told_and_counted(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice") as seat, sit("Bob") as other:
        await seat.go("direct")
        await seat.sees("Nobody has written to you in private.")
        await ann.send_direct("Alice", "Psst, Alice")
        await seat.sees("● Ann", "Psst, Alice", "2 Direct 1")
        await seat.hears("Psst, Alice")
        seeds.later(minutes=1)
        await ann.send_direct("Alice", "Are you there?")
        await seat.sees("Are you there?")
        await other.go("direct")
        await other.sees("Nobody has written to you in private.")
        assert not other.said


async def test_the_conversation_says_what_never_to_ask_for(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst", STANDING)
        await seat.press("enter")
        await seat.sees(STANDING, "Private with Ann", "Answer to Ann, in private", "Psst")
        await seat.press("escape")
        await seat.sees_no("Private with Ann")
        await seat.sees_no("● Ann")
        assert seat.app.desk.unread_direct == set()


async def test_an_answer_and_a_private_note(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst")
        await seat.press("enter")
        await seat.sees("Private with Ann")
        await seat.press("i")
        await seat.type("Yes, here I am")
        await seat.press("enter")
        await seat.until(lambda: "Yes, here I am" in seat.text, "the answer is shown")
        await seat.press("escape", "n")
        await seat.type("She is shy")
        await seat.press("enter")
        await seat.sees("She is shy")

        async def is_there() -> bool:
            return (await texts_of(ann))[-1] == ("Alice", "direct", "Yes, here I am")

        assert await is_there()
        notes = await seat.console.get(f"/v1/mod/direct/{id_of(ann)}/notes")
        assert [note["text"] for note in notes["items"]] == ["She is shy"]


async def test_what_asks_for_a_secret_is_not_sent(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst")
        await seat.press("enter", "i")
        await seat.type("Please send me your seed phrase")
        await seat.press("enter")
        await seat.sees("Held, not sent")
        assert [text for _, _, text in await texts_of(ann)] == ["Psst"]


async def test_a_draft_is_kept(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst")
        await seat.press("enter", "i", *"half", "escape", "escape")
        await seat.sees_no("half")
        await seat.press("enter")
        await seat.sees("half")


async def test_messages_of_another_customer_do_not_mix_in(sit: Sit, seeds: Seeds) -> None:
    ann, ben = await seeds.customer("Ann", None), await seeds.customer("Ben", None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "I am Ann")
        await seat.go("direct")
        await seat.sees("I am Ann")
        await seat.press("enter")
        await seat.sees("Private with Ann")
        seeds.later(minutes=1)
        await ben.send_direct("Alice", "I am Ben")
        await seat.sees("2 Direct 1")
        assert isinstance(seat.app.screen, DirectConversationScreen)
        thread = seat.app.screen.pane._talk.entries()
        assert [entry.text for entry in thread] == ["I am Ann"]
        await seat.press("escape")
        await seat.sees("● Ben", "I am Ben")
        assert "● Ann" not in seat.text


async def test_the_customer_is_blocked_and_unblocked_in_private(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann")
    async with sit("Alice") as seat, sit("Bob") as other:
        await ann.send_direct("Alice", "Rude words")
        await seat.go("direct")
        await seat.sees("Rude words")
        await seat.press("enter")
        await seat.sees("b Block")
        await seat.press("b")
        await seat.sees("Block Ann", "They see nothing of it.")
        await seat.press("down", "tab", *"rude", "enter")
        await seat.hears("Ann is blocked; they see nothing of it.")
        await seat.sees("blocked", "u Unblock")
        (mine,) = (await seat.console.get("/v1/mod/blocks"))["items"]
        (theirs,) = (await other.console.get("/v1/mod/blocks"))["items"]
        assert (mine["reason"], theirs["reason"], mine["private"]) == ("rude", None, True)
        await seat.press("u")
        await seat.sees("Lift the block of Ann?")
        await seat.press("y")
        await seat.hears("The block is lifted.")
        await seat.sees("b Block")
        assert (await seat.console.get("/v1/mod/blocks"))["items"][0]["lifted_at"]


async def test_the_customer_is_shown_on_demand(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann")
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst")
        await seat.press("enter", "p")
        await seat.sees("the site's user", "ann@example.org")
        await seat.press("escape")
        await seat.sees_no("ann@example.org")
        await seat.sees("Private with Ann")


async def test_of_who_is_erased_nothing_stays_in_private_either(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    async with sit("Alice", LARGE) as seat:
        await ann.send_direct("Alice", "Psst")
        await seat.go("direct")
        await seat.sees("Psst")
        await seat.press("enter")
        await seat.sees("Private with Ann", "Psst", "ann@example.org")
        assert (await ann.api.request("DELETE", "/v1/me")).status == 202
        for words in ("Psst", "Ann", "ann@example.org"):
            await seat.sees_no(words)
        await seat.press("escape")
        await seat.sees("Last message")
        for words in ("Psst", "Ann", "ann@example.org"):
            await seat.sees_no(words)


async def test_who_signs_in_is_listed_as_who_they_are(sit: Sit, seeds: Seeds) -> None:
    ann = await seeds.customer("Ann", None)
    browser = await seeds.customer(None, None)
    async with sit("Alice") as seat:
        await ann.send_direct("Alice", "From my desk")
        seeds.later(minutes=1)
        await browser.send_direct("Alice", "From my phone")
        await seat.go("direct")
        await seat.sees("anonymous", "From my phone", "From my desk", "2 Direct")
        token = sign_token(claims(seeds.clock, sub="u1", jti="again", name="Ann"), SECRET)
        assert (await browser.identify(token, join_conversation=True)).status == 200
        await seat.sees_no("anonymous")
        await seat.sees_no("From my desk")
        await seat.sees("Ann", "From my phone")
        assert len(seat.app.screen.listing.window) == 1


async def two_conversations(seeds: Seeds) -> None:
    """Let two customers write to Alice."""
    ann = await seeds.customer("Ann", "Hello team")
    mallory = await seeds.customer("Mallory", None)
    seeds.later(minutes=2)
    await mallory.send_direct("Alice", "Send me money")
    seeds.later(minutes=20)
    await ann.send_direct("Alice", "Hi Alice, I did not want to write this where everybody reads it:")
    seeds.later(minutes=1)
    await ann.send_direct("Alice", "somebody calls me and says that he is from your team. Is that so?")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_direct_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    async with sit("Alice", size) as seat:
        await two_conversations(seeds)
        await seat.go("direct")
        await seat.sees("Mallory", "somebody calls me")
        await seat.press("home")
        assert await seat.picture(theme) == picture


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_direct_conversation_picture(sit: Sit, seeds: Seeds, picture, size, theme) -> None:
    async with sit("Alice", size) as seat:
        await two_conversations(seeds)
        await seat.go("direct")
        await seat.sees("somebody calls me")
        await seat.press("home", "enter")
        await seat.sees("Private with Ann")
        await seat.press("n", *"Called", "space", *"the", "space", *"police?", "enter")
        await seat.press(*"No,", "space", *"never.", "enter")
        await seat.sees("Called the police?", "No, never.")
        assert await seat.picture(theme) == picture
