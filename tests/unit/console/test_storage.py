"""Drafts, read marks and settings: over a crash, beside another console, and bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.state import storage
from console.state.config import ConfigFile
from console.state.storage import MOST_DRAFTS, Store

ROOT = Path(__file__).parents[3]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store(tmp_path / "default-1", ConfigFile(tmp_path / "config.yaml")))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


def test_a_draft_is_there_again(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.drafts.set("t1042", "Hello\n\x1b[31m 👩🏽 \ud800")
    store.drafts.set("t1042:note", "a note")
    assert store.drafts.keys() == {"t1042", "t1042:note"}
    store.close()

    again = open_store()
    assert again.drafts.get("t1042") == "Hello\n\x1b[31m 👩🏽 \ud800"
    assert again.drafts.get("t1042:note") == "a note"
    assert again.drafts.get("t7") == ""


def test_an_empty_draft_is_forgotten(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.drafts.set("t1", "x")
    store.flush()
    store.drafts.set("t1", "")
    assert store.drafts.get("t1") == ""
    store.close()
    assert open_store().drafts.keys() == frozenset()


def test_two_consoles_keep_each_their_own_draft_of_one_ticket(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    one.drafts.set("t1", "from one")
    one.flush()
    assert two.drafts.get("t1") == ""  # it stands in a composer over there
    two.drafts.set("t1", "from two")
    two.drafts.set("t1", "")  # sent
    assert one.drafts.get("t1") == "from one"
    two.close()
    one.close()
    assert open_store().drafts.get("t1") == "from one"


def test_a_running_console_takes_over_what_another_leaves(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    one.drafts.set("t1", "from one")
    one.close()
    assert two.drafts.get("t1") == "from one"


def test_nothing_is_left_behind(open_store: Callable[[], Store], tmp_path: Path) -> None:
    for _ in range(3):
        store = open_store()
        store.drafts.set("t1", "x")
        store.drafts.set("t1", "")
        store.close()
    assert [path.name for path in (tmp_path / "default-1" / "drafts").iterdir()] == [".lock"]


def test_drafts_are_bounded(open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LONGEST_DRAFT", 10)
    store = open_store()
    for number in range(MOST_DRAFTS + 3):
        store.drafts.set(f"t{number}", "x" * 20)
    store.close()
    again = open_store()
    assert len(again.drafts.keys()) == MOST_DRAFTS
    assert again.drafts.get("t2") == ""
    assert again.drafts.get("t3") == "x" * 10


def test_a_draft_that_nobody_comes_back_to_goes(open_store: Callable[[], Store], tmp_path: Path) -> None:
    store = open_store()
    store.drafts.set("t1", "old")
    store.drafts.set("t2", "new")
    store.close()
    (path,) = (tmp_path / "default-1" / "drafts").glob("*/t1")
    long_ago = time.time() - 91 * 86400
    os.utime(path, (long_ago, long_ago))
    assert open_store().drafts.keys() == {"t2"}


CRASHING = """
import sys
from pathlib import Path
from console.state.config import ConfigFile
from console.state.storage import Store
folder = Path(sys.argv[1])
store = Store(folder / "default-1", ConfigFile(folder / "config.yaml"))
store.drafts.set("t1", "first")
store.read.set(1, 5)
store.flush()
number = 0
while True:
    number += 1
    if number % 100 == 0:
        print(number, flush=True)
    store.drafts.set("t1", f"{number} " * 5000 + "end")
    store.read.set(number, number)
"""


def test_kill_9_in_the_midst_of_writing_leaves_whole_files(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        while process.stdout.readline() != "300\n":
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    store = open_store()
    draft = store.drafts.get("t1")
    assert draft == "first" or (draft.endswith("end") and len(set(draft.split()[:-1])) == 1)
    assert store.read.get(1) == 5


def test_read_marks_only_move_forward(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.read.set(1042, 7)
    store.read.set(1042, 3)
    assert (store.read.get(1042), store.read.get("1042"), store.read.get(7)) == (7, 7, 0)
    store.close()
    assert open_store().read.get(1042) == 7


def test_read_marks_of_two_consoles_are_one(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    one.read.set(1, 10)
    one.read.set(2, 10)
    one.flush()
    two.read.set(1, 5)
    two.read.set(3, 5)
    two.flush()
    assert (two.read.get(1), two.read.get(2)) == (10, 10)
    again = open_store()
    assert [again.read.get(number) for number in (1, 2, 3)] == [10, 10, 5]


def test_read_marks_are_bounded(open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "MOST_MARKS", 3)
    store = open_store()
    for number in range(1, 6):
        store.read.set(number, 1)
    store.read.set(3, 2)
    store.close()
    again = open_store()
    assert [again.read.get(number) for number in range(1, 6)] == [0, 0, 2, 1, 1]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"1": "x", "2": true, "3": 4}'])
def test_broken_marks_are_no_reason_to_stop(
    open_store: Callable[[], Store], tmp_path: Path, content: str
) -> None:
    (tmp_path / "default-1").mkdir()
    (tmp_path / "default-1" / "read.json").write_text(content)
    store = open_store()
    assert (store.read.get(1), store.read.get(2)) == (0, 0)
    store.read.set(9, 1)
    assert store.flush()


def test_settings_are_remembered(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.change(theme="headset-light", bell=False)
    assert (store.settings.theme, store.settings.bell) == ("headset-light", False)
    store.close()
    assert (open_store().settings.theme, open_store().settings.bell) == ("headset-light", False)


def test_what_cant_be_written_is_said_and_never_raised(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    store = open_store()
    (tmp_path / "config.yaml").write_text("theme: blue\n")
    store.change(bell=False)
    assert not store.flush()
    assert "theme must be" in (store.problem or "")
    (tmp_path / "config.yaml").write_text("theme: headset-dark\n")
    store.change(bell=True)
    assert store.flush()
    assert store.problem is None
