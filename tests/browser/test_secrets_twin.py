"""The browser's search for secrets says what the server's says."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from plugin.domain.secrets import judge
from plugin.domain.wordlists import read

ROOT = Path(__file__).resolve().parents[2]
WIDGET = ROOT / "plugin" / "widget"
ORIGIN = "https://widget.example"
SECRETS_BYTES = 9_000
"""Gzip, the words included."""

CASES: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/secrets.json").read_text("utf-8"))["cases"]

JUDGE_ALL = """async (cases) => {
  const { judge } = await import("/secrets.js");
  return cases.map(({ text, earlier }) => judge(text, earlier));
}"""


async def serve(route: Route) -> None:
    """Answer with an empty page, or with a module."""
    name = route.request.url.removeprefix(f"{ORIGIN}/")
    if not name:
        await route.fulfill(body="<!doctype html>", content_type="text/html")
    else:
        await route.fulfill(path=WIDGET / name, content_type="text/javascript")


@pytest.fixture
async def blank(page: Page) -> AsyncIterator[Page]:
    """A page that can load the widget's modules, and fails where one throws."""
    errors: list[Exception] = []
    page.on("pageerror", lambda error: errors.append(error))
    await page.route(f"{ORIGIN}/**", serve)
    await page.goto(f"{ORIGIN}/")
    yield page
    assert errors == []


async def judged_there(page: Page, cases: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    sent = [{"text": case["text"], "earlier": case.get("earlier", [])} for case in cases]
    answer: list[dict[str, Any] | None] = await page.evaluate(JUDGE_ALL, sent)
    return answer


def judged_here(case: dict[str, Any]) -> dict[str, Any] | None:
    finding = judge(case["text"], earlier=case.get("earlier", ()))
    return finding and {
        "kind": finding.kind,
        "certainty": finding.certainty,
        "earlier": finding.earlier,
    }


async def test_the_table(blank: Page) -> None:
    answers = await judged_there(blank, CASES)
    wrong = {
        case["name"]: answer
        for case, answer in zip(CASES, answers, strict=True)
        if answer != case.get("browser", case["expect"])
    }
    assert wrong == {}


async def test_the_words(blank: Page) -> None:
    words = await blank.evaluate("async () => [...(await import('/words.js')).WORDS]")
    assert sorted(words) == read("english")


def random_case(chance: random.Random) -> dict[str, Any]:
    """Give messages near the rules' edges: listed words with few others between, numbered, cut, joined."""
    listed = chance.sample(read("english"), 30)
    others = [
        "the",
        "und",
        "xqzzy",
        "word",
        "don't",
        "3",
        "7th",
        "a)",
        "No. 4",
        "my_seed",
        "🙂",
        "0x1f",
        "é",
        "is:",
    ]
    separators = [" ", ", ", "\n", "_", " - ", ".", "\u3000", "\u200b ", ' "', " | ", "/", "\t"]
    size = chance.randrange(4, 34)
    words = [
        chance.choice(others) if chance.random() < chance.choice((0, 0.02, 0.2)) else chance.choice(listed)
        for _ in range(size)
    ]
    if chance.random() < 0.3:
        words = [f"{n}{chance.choice(('. ', ') ', ' ', ''))}{word}" for n, word in enumerate(words, 1)]
    looks = chance.choice((str, str.upper, str.title))
    separator = chance.choice(separators)
    cuts = sorted(chance.choices(range(size + 1), k=chance.randrange(4)))
    parts = [words[start:end] for start, end in zip([0, *cuts], [*cuts, size], strict=True)]
    *earlier, text = [separator.join(map(looks, part)) for part in parts]
    return {"text": text, "earlier": earlier}


def random_number(chance: random.Random) -> dict[str, Any]:
    """Give a number that may be a key, and something around it."""
    base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    made = chance.choice(
        [
            chance.randbytes(32).hex(),
            "0x" + chance.randbytes(32).hex().upper(),
            "".join(chance.choices(base58, k=chance.choice((50, 51, 52, 58, 86, 87, 88)))),
            chance.choice("5KLc") + "".join(chance.choices(base58, k=chance.choice((50, 51)))),
            json.dumps(list(chance.randbytes(chance.choice((31, 32, 63, 64, 65))))),
            json.dumps([chance.randrange(300) for _ in range(64)]),
        ]
    )
    around = [
        "{}",
        "tx {}",
        "my key {}",
        "hash: {}, {}",
        "https://a.example/tx/{}",
        "a.io/{}",
        "({})",
        "x{}",
        "{}.",
    ]
    return {"text": chance.choice(around).replace("{}", made), "earlier": []}


async def test_random_messages_are_judged_alike(blank: Page) -> None:
    chance = random.Random(20)
    cases = [random_case(chance) for _ in range(500)] + [random_number(chance) for _ in range(300)]
    answers = await judged_there(blank, cases)
    expected = [judged_here(case) for case in cases]
    assert [
        (case, answer) for case, answer, ours in zip(cases, answers, expected, strict=True) if answer != ours
    ] == []
    # The cases are on both sides of every edge.
    kinds = [answer and (answer["kind"], answer["certainty"], answer["earlier"] > 0) for answer in expected]
    assert {kind: kinds.count(kind) >= 10 for kind in kinds} == {
        None: True,
        ("phrase", "refused", False): True,
        ("phrase", "refused", True): True,
        ("phrase", "suspected", False): True,
        ("phrase", "suspected", True): True,
        ("key", "refused", False): True,
        ("key", "suspected", False): True,
    }


async def test_the_size() -> None:
    sizes = [len(gzip.compress((WIDGET / name).read_bytes())) for name in ("secrets.js", "words.js")]
    assert sum(sizes) <= SECRETS_BYTES, sizes


async def test_a_long_message_does_not_hold_up_the_page(blank: Page) -> None:
    texts = [
        text[:4000]
        for text in (
            "abandon " * 500,
            "a" * 4000,
            " " * 4000,
            "12," * 1333,
            "\"'" * 2000,
            "f" * 4000,
            "a_" * 2000,
        )
    ]
    took = await blank.evaluate(
        """async (texts) => {
          const { judge } = await import("/secrets.js");
          return texts.map((text) => {
            const began = performance.now();
            judge(text, [text, text]);
            return performance.now() - began;
          });
        }""",
        texts,
    )
    # Far above what any takes, and far below what backtracking would.
    assert max(took) < 500, took
