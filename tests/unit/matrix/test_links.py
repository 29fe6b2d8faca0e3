"""Links in what a moderator wrote: the customer sees text, and a link must be shown whole."""

from __future__ import annotations

import pytest

from plugin.domain.model import RoomEvent
from plugin.domain.replies import Correction
from plugin.matrix.events import MatrixEventReader
from tests.unit.matrix.room import Interpret, LoadCapture, altered, event_with

reader = MatrixEventReader()


def formatted(event: RoomEvent, body: str, html: str) -> RoomEvent:
    return altered(event, body=body, format="org.matrix.custom.html", formatted_body=html)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("> <@bot:hs.test> #1042 · anonymous\n> My question\n\nMy answer", "My answer"),
        ("> <@bot:hs.test> One\n\n> a quote of my own\n\nMy answer", "> a quote of my own\n\nMy answer"),
        ("> * <@bot:hs.test> waves\n\nMy answer\n> not a quote", "My answer\n> not a quote"),
        ("> I quote by hand\n\nMy answer", "> I quote by hand\n\nMy answer"),
        ("> <@bot:hs.test> all that there is", "> <@bot:hs.test> all that there is"),
        ("My answer", "My answer"),
    ],
)
def test_what_older_clients_quote_in_front_of_a_reply_is_no_word_of_the_moderators(
    body: str, text: str
) -> None:
    content: dict[str, object] = {"msgtype": "m.text", "body": body}
    assert reader.read_reply(event_with(content)).text == body
    relation = {"m.in_reply_to": {"event_id": "$post"}}
    assert reader.read_reply(event_with({**content, "m.relates_to": relation})).text == text


def test_a_command_behind_a_quote_is_a_command() -> None:
    relation = {"m.in_reply_to": {"event_id": "$post"}}
    body = "> <@bot:hs.test> hello\n\n/block"
    reply = reader.read_reply(event_with({"msgtype": "m.text", "body": body, "m.relates_to": relation}))
    assert reply.words == "/block"


@pytest.mark.parametrize(
    ("body", "html", "text"),
    [
        pytest.param(
            "read this",
            "read <a href='https://example.com/a?x=1&amp;y=2'>this</a>",
            "read this\nhttps://example.com/a?x=1&y=2",
            id="hidden behind words",
        ),
        pytest.param(
            "https://bank.example",
            "<a href='https://evil.example/login'>https://bank.example</a>",
            "https://bank.example\nhttps://evil.example/login",
            id="hidden behind another address",
        ),
        pytest.param(
            "https://example.com/a",
            "<a href='https://example.com/a'>https://example.com/a</a>",
            "https://example.com/a",
            id="shown already",
        ),
        pytest.param(
            "example.com/a",
            "<a href='http://example.com/a'><b>example</b>.com<i>/a</i></a>",
            "example.com/a",
            id="shown in several styles",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/a'>one</a> <a href='https://example.com/a'>two</a>",
            "one two\nhttps://example.com/a",
            id="twice the same",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/1'>one</a> <a href='http://example.com/2'>two</a>",
            "one two\nhttps://example.com/1\nhttp://example.com/2",
            id="two",
        ),
        pytest.param(
            "@bob",
            "<a href='https://matrix.to/#/@telegram_5550002:hs.test'>@bob</a>",
            "@bob",
            id="mention",
        ),
        pytest.param(
            "me@example.org", "<a href='mailto:me@example.org'>me@example.org</a>", "me@example.org"
        ),
        pytest.param("a < b", "a &lt; b <img src='https://example.com/x'>", "a < b", id="no link"),
        pytest.param("a b", "a <q href='https://example.com/x'><a href=''>b</a>", "a b", id="another tag"),
        pytest.param("a", "<a>a</a><a href=''>b</a><a href>c</a>", "a", id="links without an address"),
    ],
)
def test_a_link_is_shown_whole(load_capture: LoadCapture, body: str, html: str, text: str) -> None:
    assert reader.read_reply(formatted(load_capture("20_reply_plain"), body, html)).text == text


def test_an_address_that_is_only_part_of_a_shown_one_is_shown_too(load_capture: LoadCapture) -> None:
    event = formatted(
        load_capture("20_reply_plain"),
        "https://bank.example.org/x",
        "<a href='https://bank.example'>https://bank.example.org/x</a>",
    )
    assert reader.read_reply(event).text == "https://bank.example.org/x\nhttps://bank.example"


def test_an_address_written_without_http_is_not_shown_twice(load_capture: LoadCapture) -> None:
    # The bridge puts http:// in front of the address of a bare domain.
    event = formatted(
        load_capture("20_reply_plain"),
        "see example.com/help",
        "see <a href='http://example.com/help'>example.com/help</a>",
    )
    assert reader.read_reply(event).text == "see example.com/help"


def test_a_link_in_the_quoted_part_is_not_in_the_answer(load_capture: LoadCapture) -> None:
    event = load_capture("28_reply_partial_quote")
    html = (
        "<blockquote data-telegram-partial-reply>see <a href='https://customer.example/x'>this</a></blockquote>"
        "about this part"
    )
    assert reader.read_reply(altered(event, formatted_body=html)).text == "about this part"


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote data-telegram-partial-reply><a href='https://quoted.example'>x</a></blockquote>",
        "<blockquote data-telegram-partial-reply><blockquote>a</blockquote>"
        "<a href='https://quoted.example'>x</a></blockquote>",
        "<mx-reply><blockquote><a href='https://quoted.example'>x</a></blockquote></mx-reply>",
        "<mx-reply><blockquote>a</blockquote><a href='https://quoted.example'>x</a></mx-reply>",
    ],
)
def test_of_a_quote_and_an_answer_only_the_answers_links_are_shown(
    load_capture: LoadCapture, quote: str
) -> None:
    html = f"{quote}<blockquote><a href='https://example.com/a'>read</a></blockquote> this"
    event = formatted(load_capture("20_reply_plain"), "read this", html)
    assert reader.read_reply(event).text == "read this\nhttps://example.com/a"


def test_html_of_another_format_is_not_looked_at(load_capture: LoadCapture) -> None:
    event = altered(
        load_capture("20_reply_plain"), format="x", formatted_body="<a href='https://example.com'>x</a>"
    )
    assert reader.read_reply(event).text == "Hi Jane, fixed!"


@pytest.mark.parametrize(
    "html", ["<a href='", "<", "<!--", "</", "<!DOCTYPE [", "<![CDATA[", "<![x[y]]>", "&#x;"]
)
def test_html_of_any_shape_can_be_read(html: str) -> None:
    event = event_with(
        {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": html}
    )
    assert reader.read_reply(event).text == "x"


@pytest.mark.parametrize(
    ("body", "html", "text"),
    [
        pytest.param(
            "read this", "read <a href='https://example.com/a'>this", "read this\nhttps://example.com/a",
            id="at the end",
        ),
        pytest.param(
            "read this", "<b>read <a href='https://example.com/a'>this</b>", "read this\nhttps://example.com/a",
            id="in another tag",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/1'>one <a href='https://example.com/2'>two</a>",
            "one two\nhttps://example.com/1\nhttps://example.com/2",
            id="before another",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/1'>one <a href='https://matrix.to/#/@bob:hs.test'>two</a>",
            "one two\nhttps://example.com/1",
            id="before a mention",
        ),
        pytest.param(
            "https://example.com/a", "<a href='https://example.com/a'>https://example.com/a", "https://example.com/a",
            id="shown already",
        ),
        pytest.param("nothing", "<a href='https://example.com/a", "nothing", id="not even begun"),
    ],
)  # fmt: skip
def test_a_link_that_nobody_closed_is_shown_too(
    load_capture: LoadCapture, body: str, html: str, text: str
) -> None:
    assert reader.read_reply(formatted(load_capture("20_reply_plain"), body, html)).text == text


@pytest.mark.parametrize("capture", ["30_photo_reply", "34_document"])
def test_a_link_in_a_caption_is_shown_whole(load_capture: LoadCapture, capture: str) -> None:
    html = "read <a href='https://example.com/a'>this</a>"
    reply = reader.read_reply(formatted(load_capture(capture), "read this", html))
    assert reply.text.endswith("] read this\nhttps://example.com/a")


def test_a_link_in_an_edit_is_shown_whole(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    content = {
        "msgtype": "m.text",
        "body": "read this",
        "format": "org.matrix.custom.html",
        "formatted_body": "read <a href='https://example.com/a'>this</a>",
    }
    meaning = meaning_of(altered(load_capture("40_edit"), **{"m.new_content": content}))
    assert isinstance(meaning, Correction)
    assert meaning.text == "read this\nhttps://example.com/a"
