"""A conversation with one customer: what was said, and where one answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..api.errors import DeskError, Unauthorized
from ..api.events import Event, MessageNews
from ..api.messages import Held, Message, Note
from ..api.records import Limits
from ..state.canned import fill
from ..state.plain import plain
from ..state.talk import Outgoing, Talk, read_outgoing, write_outgoing
from .channel import Channel, Drafts
from .choice import Choice, Option
from .composer import Composer
from .thread import Thread
from .wishes import LoginNeeded, Said

_SENDING = ":out"
"""After a draft's key: what is being sent, so that a crash loses nothing."""

_NOTE = ":note"


class ConversationPane(Widget):
    """Thread and composer over a channel."""

    KEYS_TITLE = "Conversation"
    DEFAULT_CSS = """
    ConversationPane { layout: vertical; height: 1fr; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,i", "write", "Write", tooltip="Goes to where you write"),
        Binding("n", "note", "Note", tooltip="Writes a note for the team; the customer never sees it"),
        Binding(
            "c",
            "canned",
            "Canned",
            tooltip="Chooses a canned reply; {customer}, {ticket}, {moderator} are filled in",
        ),
        Binding(
            "s",
            "resend",
            "Send again",
            tooltip="Sends what failed again: the selected message, or the last one",
        ),
        Binding(
            "e",
            "take_back",
            "Edit again",
            show=False,
            tooltip="Takes a text that was not sent back to where you write",
        ),
    ]

    def __init__(
        self, channel: Channel, *, me: str, limits: Limits, drafts: Drafts, now: Callable[[], datetime]
    ) -> None:
        super().__init__()
        self._channel, self._limits, self._drafts = channel, limits, drafts
        self._talk = Talk()
        self._thread = Thread(self._talk, me=me, now=now)
        self._composer = Composer(answer_to=channel.answer_to, limit=limits.text, note_limit=limits.note)
        self._again: Outgoing | None = None
        """What came back to the field: sent unchanged it goes out under the same client_id."""
        self._is_fetching_older = False
        self._awaited = 0
        """Answers of the desk that are on their way."""
        self._meanwhile: list[Event] = []
        """What the stream told since they were asked for: it may be newer than they are."""

    def compose(self) -> ComposeResult:
        """Show both."""
        yield self._thread
        yield self._composer

    def on_mount(self) -> None:
        """Bring drafts back and load."""
        key = self._channel.key
        note, draft = self._drafts.get(key + _NOTE), self._drafts.get(key)
        if note or draft:
            self._composer.set_text(note or draft, is_note=bool(note))
        for outgoing in read_outgoing(self._drafts.get(key + _SENDING)):
            self._talk.send(outgoing)
        self._thread.focus()
        self.reload()

    @property
    def thread(self) -> Thread:
        """Return the messages."""
        return self._thread

    @property
    def composer(self) -> Composer:
        """Return where one writes."""
        return self._composer

    # Loading

    def reload(self) -> None:
        """Load the newest messages again; what is shown stays until they are here."""
        self.run_worker(self._load(), group="load", exclusive=True)

    def take_channel(self, channel: Channel) -> None:
        """Go on with the same conversation, of which the customer's name may be another."""
        self._channel = channel
        self._composer.set_answer_to(channel.answer_to)

    def forget(self) -> None:
        """Forget what was said, to load what of it there still is."""
        self._talk.forget()
        self._thread.changed_now()

    def connection_is_back(self) -> None:
        """Load what could not be loaded."""
        if self._thread.problem is not None:
            self.reload()

    @contextmanager
    def _awaiting(self) -> Iterator[None]:
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1
            if not self._awaited:
                self._meanwhile.clear()

    async def _load(self) -> None:
        with self._awaiting():
            try:
                page = await self._channel.messages(None)
                self._talk.begin(page.items, has_older=page.next is not None)
                self._put_again()
                self._thread.problem = None
                self._thread.changed_now()
                self.look()
                for note in await self._channel.notes():
                    self._talk.put(note)
                self._talk.set_held(await self._channel.held())
                self._put_again()
            except DeskError as error:
                self._refused(error)
        self._thread.changed_now()

    def _refused(self, error: DeskError) -> None:
        self._thread.problem = plain(error.detail)
        if isinstance(error, Unauthorized):
            self.post_message(LoginNeeded())
        elif self._talk.is_loaded:
            self.post_message(Said(f"Not all loaded. {error.detail} Press r to try again.", failed=True))

    @on(Thread.OlderWanted)
    def older_wanted(self) -> None:
        """Load the page before the first message."""
        if not self._is_fetching_older and self._talk.has_older and self._talk.oldest is not None:
            self._is_fetching_older = True
            self.run_worker(self._load_older(self._talk.oldest), group="older")

    async def _load_older(self, before: int) -> None:
        with self._awaiting():
            try:
                page = await self._channel.messages(str(before))
            except DeskError as error:
                self._refused(error)
            else:
                self._talk.add_older(page.items, has_older=page.next is not None)
                self._put_again()
                self._thread.changed_now()
            finally:
                self._is_fetching_older = False

    # The stream

    def take(self, item: Event) -> None:
        """Take in what belongs here."""
        about = item.about.message if isinstance(item.about, MessageNews) else item.about
        if not isinstance(about, (Message, Note, Held)) or not self._channel.owns(about):
            return
        if self._awaited:
            self._meanwhile.append(item)
        self._put(about, item.type)
        self._thread.changed()
        self.look()

    def _put(self, about: Message | Note | Held, kind: str) -> None:
        if isinstance(about, Held) and kind != "reply.held":
            self._talk.drop_held(about.id)
        else:
            self._talk.put(about)

    def _put_again(self) -> None:
        for item in self._meanwhile:
            about = item.about.message if isinstance(item.about, MessageNews) else item.about
            if isinstance(about, (Message, Note, Held)):
                self._put(about, item.type)

    def look(self) -> None:
        """Take what is loaded as read, if one is looking at it."""
        if self.screen.is_current and self._talk.is_loaded:
            self._channel.seen(self._talk.newest)

    # Writing

    def action_write(self) -> None:
        """Go to where one writes."""
        self.screen.set_focus(self._composer.field)

    @on(Thread.EndPassed)
    def end_passed(self) -> None:
        """Go on from the last message to where one writes."""
        self.action_write()

    def action_note(self) -> None:
        """Write a note."""
        self._composer.set_note(True)
        self.action_write()

    @on(Composer.Left)
    def left(self) -> None:
        """Go back to the messages."""
        self.screen.set_focus(self._thread)

    @on(Composer.Changed)
    def changed(self) -> None:
        """Keep the draft."""
        key, text, is_note = self._channel.key, self._composer.text, self._composer.is_note
        self._drafts.set(key + _NOTE, text if is_note else "")
        self._drafts.set(key, "" if is_note else text)

    @on(Composer.Send)
    def send(self, event: Composer.Send) -> None:
        """Send what was written; the field is free for more at once."""
        text = event.text.strip("\n")
        limit = self._limits.note if event.is_note else self._limits.text
        if not text.strip():
            self._composer.say("There is nothing to send.")
        elif len(text) > limit:
            self._composer.say(f"Not sent: {len(text):,} characters, and {limit:,} are allowed.")
        else:
            self._put_out(self._outgoing(text, is_note=event.is_note))
            self._composer.say("")
            self._composer.set_text("", is_note=False)
            self._again = None

    def _outgoing(self, text: str, *, is_note: bool) -> Outgoing:
        again = self._again
        if again is not None and again.text == text and again.is_note == is_note:
            return again
        return Outgoing(client_id=str(uuid.uuid4()), text=text, is_note=is_note)

    def _put_out(self, outgoing: Outgoing) -> None:
        self._talk.send(outgoing)
        self._keep_outgoing()
        self._thread.changed_now()
        self._thread.to_end()
        # The app's and not the pane's: who sends and leaves at once has sent all the same.
        self.app.run_worker(self._deliver(outgoing), group="send")

    async def _deliver(self, outgoing: Outgoing) -> None:
        """Send one text; where it fails it comes back to the field, if that is free."""
        with self._awaiting():
            try:
                if outgoing.is_note:
                    note = await self._channel.add_note(client_id=outgoing.client_id, text=outgoing.text)
                    self._talk.put(note)
                else:
                    result = await self._channel.answer(client_id=outgoing.client_id, text=outgoing.text)
                    self._sent(result)
            except DeskError as error:
                self._not_sent(outgoing, error)
            else:
                self._put_again()
                self._talk.take_back(outgoing.client_id)
        self._keep_outgoing()
        if self.is_attached:
            self._thread.to_end()
            self._thread.changed_now()
            self.screen.refresh_bindings()

    def _sent(self, result: Message | Held) -> None:
        self._talk.put(result)
        if not isinstance(result, Held):
            self._channel.seen(result.seq)
            return
        said = f"Held, not sent: {result.why or 'it asks for a secret'}."
        if self.is_attached:
            self._composer.say(f"{said} Another moderator can release it (3 Held).", is_wrong=False)
        else:
            self.app.notify(plain(said), title=plain(self._channel.answer_to), markup=False)

    def _not_sent(self, outgoing: Outgoing, error: DeskError) -> None:
        if isinstance(error, Unauthorized):
            self.post_message(LoginNeeded())
        if not self.is_attached:
            self._talk.fail(outgoing.client_id, error.detail)
            said = f"Not sent: {error.detail} It waits there to be sent again."
            title = plain(self._channel.answer_to)
            self.app.notify(plain(said), title=title, severity="error", markup=False)
            return
        if self._composer.text:
            self._talk.fail(outgoing.client_id, error.detail)
            self._composer.say(f"The one before was not sent: {error.detail}")
            return
        self._talk.take_back(outgoing.client_id)
        self._again = outgoing
        self._composer.set_text(outgoing.text, is_note=outgoing.is_note)
        self._composer.say(f"Not sent: {error.detail} Enter tries again.")

    def _keep_outgoing(self) -> None:
        self._drafts.set(self._channel.key + _SENDING, write_outgoing(self._talk.outgoing))

    # What failed

    def _failed(self) -> Message | Outgoing | None:
        """Return what failed: the selected one, or the last."""
        entries = self._talk.entries()
        selected = self._thread.selected
        for entry in [selected, *reversed(entries)] if selected else reversed(entries):
            if isinstance(entry, Outgoing) and entry.failure is not None:
                return entry
            if isinstance(entry, Message) and entry.delivery == "failed":
                return entry
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show keys only where they do something."""
        if action == "resend":
            return self._failed() is not None
        if action == "take_back":
            return isinstance(self._failed(), Outgoing)
        return super().check_action(action, parameters)

    def action_resend(self) -> None:
        """Send what failed again."""
        failed = self._failed()
        if isinstance(failed, Outgoing):
            self._put_out(replace(failed, failure=None))
        elif failed is not None:
            # The app's, as where something is sent for the first time.
            self.app.run_worker(self._resend(failed), group="send")

    async def _resend(self, failed: Message) -> None:
        with self._awaiting():
            try:
                self._talk.put(await self._channel.resend(failed.id))
            except DeskError as error:
                self._not_resent(error)
            else:
                self._put_again()
                self.post_message(Said("Being sent again."))
        if self.is_attached:
            self._thread.changed_now()
            self.screen.refresh_bindings()

    def _not_resent(self, error: DeskError) -> None:
        if isinstance(error, Unauthorized):
            self.post_message(LoginNeeded())
        said = f"Not sent again. {error.detail}"
        if self.is_attached:
            self.post_message(Said(f"{said} Press s to try again.", failed=True))
        else:
            title = plain(self._channel.answer_to)
            self.app.notify(plain(said), title=title, severity="error", markup=False)

    def action_take_back(self) -> None:
        """Take a text that was not sent back to the field."""
        failed = self._failed()
        if isinstance(failed, Outgoing):
            self._talk.take_back(failed.client_id)
            self._keep_outgoing()
            text = self._composer.text
            self._composer.set_text(f"{failed.text}\n{text}" if text else failed.text, is_note=failed.is_note)
            self._thread.changed_now()
            self.action_write()

    # Canned replies

    def action_canned(self) -> None:
        """Choose a canned reply."""
        self.run_worker(self._choose_canned(), group="dialog", exclusive=True)

    @on(Composer.CannedWanted)
    def canned_wanted(self) -> None:
        """Choose a canned reply while writing."""
        self.action_canned()

    async def _choose_canned(self) -> None:
        try:
            replies = await self._channel.canned()
        except DeskError as error:
            if isinstance(error, Unauthorized):
                self.post_message(LoginNeeded())
            self.post_message(Said(f"No canned replies. {error.detail}", failed=True))
            return
        options = [Option(value=each.text, label=each.name, detail=each.text) for each in replies]
        text = await self.app.push_screen_wait(
            Choice("Canned replies", options, empty="There are no canned replies yet.")
        )
        if text is not None:
            self._composer.insert(fill(text, self._channel.variables()))
            self.action_write()
