"""The messages of a conversation, oldest above; older ones come as one scrolls up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message as Posted
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.visual import Visual

from ..state.talk import Entry, Talk, key_of
from .listing import REPAINT
from .looks import Block, Look, Scene, at_of, day_line, draw
from .scrolling import set_lines

_NEAR = 5
"""Lines from the top at which the page before is fetched."""


class Thread(ScrollView, can_focus=True):
    """What was said, with one entry selected."""

    KEYS_TITLE = "Messages"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="The message before"),
        Binding(
            "down,j", "move(1)", "Down", show=False, tooltip="The next message; after the last: to write"
        ),
        Binding(
            "pageup,ctrl+b",
            "page(-1)",
            "Page up",
            show=False,
            tooltip="A screen back; older ones come by themselves",
        ),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, tooltip="A screen further"),
        Binding("home,g", "edge(-1)", "First", show=False, tooltip="The first message loaded"),
        Binding("end,G", "edge(1)", "Last", show=False, tooltip="The last message"),
        Binding("space", "unfold", "Unfold", show=False, tooltip="Shows all of a long message, or folds it"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thread--line",
        "thread--note",
        "thread--held",
        "thread--failed",
        "thread--selected",
        "thread--quiet",
    }

    class OlderWanted(Posted):
        """The top came near."""

    class EndPassed(Posted):
        """One went on after the last message."""

    def __init__(self, talk: Talk, *, me: str, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._talk, self._me, self._now = talk, me, now
        self._selected: str | None = None
        self._open: set[str] = set()
        self._blocks: dict[str, tuple[Entry, Block]] = {}
        self._lines: list[tuple[str, Look, Content]] = []
        self._starts: dict[str, int] = {}
        self._timer: Timer | None = None
        self._width = 0
        self._follows = True
        """Whether the end stays in sight when something comes."""
        self._is_laying_out = False
        self.problem: str | None = None

    # What the pane uses

    @property
    def selected(self) -> Entry | None:
        """Return the selected entry."""
        return next((each for each in self._talk.entries() if key_of(each) == self._selected), None)

    def changed(self) -> None:
        """Show what changed, soon, together with what else comes."""
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(REPAINT, self._apply)

    def changed_now(self) -> None:
        """Show what changed at once."""
        if self._timer is not None:
            self._timer.stop()
        self._apply()

    def is_at_end(self) -> bool:
        """Tell whether the last line is in sight."""
        return self.scroll_offset.y + self.size.height >= len(self._lines)

    def to_end(self) -> None:
        """Go to the last line, and stay there."""
        self._follows = True
        self.scroll_to(y=max(0, len(self._lines) - self.size.height), animate=False)

    def repaint(self) -> None:
        """Draw everything again, as after the day changed."""
        self._blocks.clear()
        self._apply()

    # Lines

    def _apply(self) -> None:
        self._timer = None
        if not self.size.width:
            return  # not on the screen yet; on_resize comes
        if self._follows:
            self._talk.shrink()
        self._is_laying_out = True
        top = self.scroll_offset.y
        anchor = self._lines[top][0] if top < len(self._lines) else None
        offset = 0 if anchor is None else top - self._starts[anchor]
        self._lay_out()
        if self._follows:
            self.to_end()
        elif anchor is not None and anchor in self._starts:
            self.scroll_to(y=self._starts[anchor] + offset, animate=False)
        self._is_laying_out = False
        self.refresh()
        self._look_up()

    def _lay_out(self) -> None:
        scene = Scene(
            width=max(12, self.size.width - 2),
            now=self._now(),
            me=self._me,
            is_open=self._open.__contains__,
            quoted=self._talk.message,
        )
        self._lines, self._starts = [], {}
        blocks, self._blocks = self._blocks, {}
        last_day = None
        for entry in self._talk.entries():
            key = key_of(entry)
            at = at_of(entry)
            if at is not None and (day := at.astimezone(scene.now.tzinfo).date()) != last_day:
                last_day = day
                self._starts.setdefault(key, len(self._lines))
                self._lines.append((key, "day", day_line(at, scene)))
            known = blocks.get(key)
            block = known[1] if known is not None and known[0] is entry else draw(entry, key, scene)
            self._blocks[key] = (entry, block)
            self._starts.setdefault(key, len(self._lines))
            self._lines += [(key, block.look, line) for line in block.lines]
            self._lines.append((key, "system", Content("")))
        if self._lines:
            self._lines.pop()
        set_lines(self, max(1, len(self._lines)))

    def on_mount(self) -> None:
        """Begin with what is known."""
        self._refresh_scrollbars()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew where the width changed; what was at the end stays there."""
        if event.size.width != self._width:
            self._width = event.size.width
            self._blocks.clear()
        self._apply()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Fetch older messages in time."""
        super().watch_scroll_y(old_value, new_value)
        if not self._is_laying_out:
            self._follows = self._follows or self.is_at_end()
            self._look_up()

    def _hold(self) -> None:
        """Stay where one went, unless that is the end."""
        self._follows = self.is_at_end()

    def on_mouse_scroll_up(self) -> None:
        """Stay where the wheel turns to."""
        self._follows = False

    def on_scroll_to(self) -> None:
        """Stay where the scrollbar is drawn to."""
        self._follows = False

    def _look_up(self) -> None:
        if self._talk.has_older and self.scroll_offset.y <= _NEAR:
            self.post_message(self.OlderWanted())

    # Keys

    def _go(self, at: int) -> None:
        entries = self._talk.entries()
        if not entries:
            return
        key = key_of(entries[max(0, min(at, len(entries) - 1))])
        self._selected = key
        start = self._starts.get(key, 0)
        end = start + sum(1 for line in self._lines[start:] if line[0] == key)
        top, height = self.scroll_offset.y, self.size.height
        if start < top or end - start > height:
            self.scroll_to(y=start, animate=False)
        elif end > top + height:
            self.scroll_to(y=end - height, animate=False)
        self._hold()
        self.refresh()
        self.screen.refresh_bindings()

    def _at(self) -> int | None:
        keys = [key_of(entry) for entry in self._talk.entries()]
        return keys.index(self._selected) if self._selected in keys else None

    def action_move(self, by: int) -> None:
        """Select the message before or after; the last one first."""
        at, last = self._at(), len(self._talk.entries()) - 1
        if by > 0 and (at is None or at == last):
            self.post_message(self.EndPassed())
        else:
            self._go(last if at is None else at + by)

    def action_page(self, by: int) -> None:
        """Show a screen further up or down."""
        self.scroll_to(y=self.scroll_offset.y + by * max(1, self.size.height - 2), animate=False)
        self._hold()

    def action_edge(self, side: int) -> None:
        """Go to the first message loaded, or to the last."""
        self._go(0 if side < 0 else len(self._talk.entries()) - 1)
        if side > 0:
            self.to_end()

    def action_unfold(self) -> None:
        """Show all of a long message, or fold it again."""
        key = self._selected or (self._lines[-1][0] if self._lines else None)
        if key is not None:
            self._open ^= {key}
            self._blocks.pop(key, None)
            self._apply()

    def on_click(self, event: events.Click) -> None:
        """Select the message that is clicked on."""
        at = self.scroll_offset.y + event.y
        if at < len(self._lines):
            self._selected = self._lines[at][0]
            self.refresh()
            self.screen.refresh_bindings()

    def on_blur(self) -> None:
        """Let go of the selection: while one writes there is none."""
        self._selected = None
        self.refresh()

    # Painting

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen."""
        width = self.size.width
        at = self.scroll_offset.y + y
        if not self._lines and y == 0:
            return self._strip(Content(f"  {self._empty()}"), "thread--quiet", width)
        if at >= len(self._lines):
            return self._strip(Content(""), "thread--line", width)
        key, look, line = self._lines[at]
        style = f"thread--{look}" if look in ("note", "held", "failed") else "thread--line"
        if key == self._selected and look != "day" and line.plain and self.has_focus:
            style = "thread--selected"
        return self._strip(Content.assemble(" ", line), style, width)

    def _empty(self) -> str:
        if self.problem is not None:
            return f"✗ Not loaded; r tries again. {self.problem}"
        return "Nothing was said yet." if self._talk.is_loaded else "Loading …"

    def _strip(self, content: Content, style: str, width: int) -> Strip:
        base = self.get_visual_style(style)
        line = content.truncate(width, pad=True)
        return Visual.to_strips(self, line, width, 1, base)[0].adjust_cell_length(width, base.rich_style)
