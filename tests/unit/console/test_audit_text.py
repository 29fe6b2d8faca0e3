"""The audit log in plain words."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from console.api.models import Person
from console.api.people import AuditEntry
from console.state.audit_text import _SENTENCES, facts_of, line, sentence, ticket_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
NAMES = {"m1": "Bob"}
PLUGIN = Path(__file__).parents[3] / "plugin"


def entry(action: str, target: dict | None = None, detail: dict | None = None) -> AuditEntry:
    return AuditEntry(
        id="1",
        at=NOW,
        actor=Person(id="a", name="Alice"),
        action=action,
        target=target or {},
        detail=detail or {},
    )


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            entry("block.created", {"ticket": 7}, {"kind": "timeout", "until": "2026-03-01T14:00:00.000Z"}),
            "timed out #7 until 1 Mar 2026 14:00",
        ),
        (
            entry("block.created", {"direct": "d"}, {"kind": "block", "until": None}),
            "blocked a customer in a direct conversation until it is lifted",
        ),
        (entry("block.lifted", {"ticket": 7}), "lifted the block of #7"),
        (
            entry("ticket.assigned", {"ticket": 7}, {"assignee": {"id": "m1", "name": "Bob"}}),
            "assigned #7 to Bob",
        ),
        (entry("ticket.assigned", {"ticket": 7}, {"assignee": None}), "took #7 from whoever had it"),
        (entry("ticket.tagged", {"ticket": 7}, {"tags": ["vip", "eth"]}), "tagged #7 #vip #eth"),
        (entry("ticket.tagged", {"ticket": 7}, {"tags": []}), "took all tags from #7"),
        (entry("token.code_made", {"moderator": "m1"}), "made a login code for Bob"),
        (entry("token.code_made", {"moderator": "gone"}), "made a login code for somebody"),
        (
            entry("moderator.allowed", {"moderator": "m2"}, {"name": "Dave", "role": "admin"}),
            "put Dave on the allow-list as admin",
        ),
        (entry("canned.written", {"canned": "fees"}), "wrote the canned reply “fees”"),
        (entry("customer.erased", {"customer": "c", "ticket": 7}), "had everything erased, #7"),
        (entry("new.thing", {"ticket": 7}, {"a": [1, None]}), "new.thing ticket 7 a 1, none"),
    ],
)
def test_an_act_reads_as_a_sentence(act: AuditEntry, said: str) -> None:
    assert sentence(act, NAMES) == said


@pytest.mark.parametrize("action", sorted(_SENTENCES))
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, ["\x1b[31m"], {"id": "\x1b"}])
def test_no_content_of_an_entry_breaks_its_sentence(action: str, value: object) -> None:
    keys = ("ticket", "moderator", "canned", "until", "tags", "assignee", "name", "role", "kind", "direct")
    said = sentence(entry(action, dict.fromkeys(keys, value), dict.fromkeys(keys, value)), NAMES)
    assert said
    assert "\x1b" not in said
    assert facts_of(entry(action, dict.fromkeys(keys, value)), NAMES, NOW).title


def test_every_action_of_the_plugin_has_a_sentence() -> None:
    found = set()
    for file in (PLUGIN / "services").rglob("*.py"):
        calls = re.findall(
            r"(?:_audit|audit_block|write_down|_write_down|add_audit)\((?:[^()]|\([^()]*\))*\)",
            file.read_text(encoding="utf-8"),
        )
        found |= {action for call in calls for action in re.findall(r'"([a-z]+\.[a-z_]+)"', call)}
    assert len(found) > 15
    assert found <= set(_SENTENCES)


def test_what_is_searched_has_who_and_what() -> None:
    assert line(entry("ticket.closed", {"ticket": 1042}), NAMES) == "Alice closed #1042 ticket.closed"
    assert ticket_of(entry("ticket.closed", {"ticket": 1042})) == 1042
    assert ticket_of(entry("token.made", {"ticket": "x"})) is None
