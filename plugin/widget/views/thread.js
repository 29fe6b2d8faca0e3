// A conversation with the team or with one moderator: what was said, and the field to go on.
import { TEAM, isOwn } from "../conversation.js";
import { el, icon, iconButton } from "../dom.js";
import { day, isSameDay, t } from "../look.js";
import { makeHeading } from "../shell.js";
import { fromEntry, fromMessage, makeBubble, makeMark } from "./bubble.js";
import { Composer } from "./composer.js";
import { Transcript } from "./transcript.js";

const TOGETHER = 5 * 60_000;

export class Thread {
  #app;
  #id;
  #transcript;
  #composer;
  #note = el("p", { class: "note" });
  #rating = el("div");
  #rated = null;
  #people = iconButton("people", t("people"), () => this.#open("people"));
  #badge = el("span", { class: "badge", "aria-hidden": "true" });

  // `moderator` is `{id, name, verified}`; without one the thread is the team's.
  constructor(app, moderator) {
    this.#app = app;
    this.#id = moderator?.id ?? TEAM;
    this.#composer = new Composer(app, this.#id, () => this.#transcript.toEnd());
    this.#transcript = new Transcript({
      before: moderator ? makePromise() : this.#makeWelcome(),
      after: this.#rating,
      readOlder: () => app.conversation.loadOlder(),
      read: () => this.#markRead(),
    });
    this.element = el("section", { class: "thread" }, this.#transcript.element, this.#composer.element);
    this.heading = moderator
      ? makeHeading(
          [el("bdi", {}, moderator.name), ...makeMark(moderator.verified === true)],
          el("p", { class: "note" }, t("direct.private")),
        )
      : makeHeading(app.name, this.#note);
    this.actions = moderator ? [] : this.#makeActions();
  }

  // A touch keyboard would cover half of what there is to read.
  focus() {
    if (matchMedia("(pointer: coarse)").matches) this.heading.querySelector("h1").focus();
    else this.#composer.focus();
    this.#markRead();
  }

  forget() {
    this.#composer.clear();
  }

  close() {
    this.#composer.close();
    this.#transcript.close();
  }

  update() {
    const { conversation, outbox, unread, session } = this.#app;
    const messages = conversation.list(this.#id);
    const entries = outbox.list(this.#id);
    this.#transcript.element.classList.toggle("loading", Boolean(session.token) && !conversation.isLoaded);
    this.#transcript.show(this.#makeItems(messages, entries), {
      hasOlder: conversation.hasOlder,
      unread: unread.count(this.#id),
    });
    this.#composer.update();
    if (this.#id === TEAM) {
      this.#showTicket(conversation.ticket);
      this.#showUnread(unread.count() - unread.count(TEAM));
    }
    this.#markRead();
  }

  #markRead() {
    const isSeen = this.#app.isShown && this.#app.shell.top === this && this.#transcript.isAtEnd;
    if (isSeen && document.visibilityState === "visible" && this.#app.unread.mark(this.#id)) this.#app.changed();
  }

  // Messages and what waits to be sent, with a line before each day; each knows whether it goes on from the last.
  #makeItems(messages, entries) {
    const lastOwn = messages.findLast((message) => isOwn(message) && !message.deleted_at);
    const shown = [
      ...messages.map((message) => fromMessage(message, message === lastOwn)),
      ...entries.map((entry) => fromEntry(entry, this.#app.outbox.isWaiting)),
    ];
    return shown.flatMap((one, at) => {
      const last = shown[at - 1];
      const isNewDay = !last || !isSameDay(last.at, one.at);
      one.goesOn = !isNewDay && isSameAuthor(last, one) && one.at - last.at < TOGETHER;
      const bubble = {
        key: one.key,
        sign: JSON.stringify(one),
        make: () => makeBubble(one, this.#actions),
        isFixed: true,
      };
      return isNewDay ? [makeDayItem(one.at), bubble] : [bubble];
    });
  }

  #actions = {
    retry: (entry, confirmed) => {
      this.#app.outbox.retry(entry, confirmed);
      this.#composer.focus();
    },
    takeBack: ({ client_id, text }) => {
      this.#app.outbox.remove(client_id);
      this.#composer.put(text);
    },
  };

  #makeActions() {
    this.#people.append(this.#badge);
    return [
      this.#app.config.features.direct && this.#people,
      iconButton("check", t("check"), () => this.#open("check")),
      iconButton("menu", t("menu"), () => this.#open("menu")),
    ].filter(Boolean);
  }

  // What an empty conversation shows: who is there, and how to be sure of it.
  #makeWelcome() {
    const { features } = this.#app.config;
    const row = (name, text) =>
      el("button", { type: "button", class: "row", click: () => this.#open(name) }, icon(name), text);
    return el(
      "div",
      { class: "welcome" },
      el("p", { class: "greeting" }, t("welcome.title")),
      el("p", { class: "hint" }, t("welcome.text")),
      el(
        "div",
        { class: "card links" },
        features.direct && row("people", t("welcome.people")),
        row("check", t("welcome.check")),
      ),
    );
  }

  // Views that few need are fetched when they are opened.
  async #open(name) {
    try {
      const { default: View } = await import(`./${name}.js`);
      this.#app.shell.open((app) => new View(app));
    } catch {
      this.#app.tell(t("failed.now"));
    }
  }

  #showUnread(count) {
    this.#badge.textContent = count || "";
    this.#people.setAttribute("aria-label", count ? t("people.unread.", { count }) : t("people"));
  }

  #showTicket(ticket) {
    const note = ticket && t(`ticket.${ticket.status}`, { number: ticket.number });
    this.#note.textContent = note ?? t("header.note");
    const rated = ticket?.status === "closed" ? `${ticket.number} ${ticket.score}` : null;
    if (rated === this.#rated) return;
    this.#rated = rated;
    this.#rating.replaceChildren();
    if (rated) this.#showRating(ticket).catch(() => (this.#rated = null));
  }

  async #showRating(ticket) {
    const { makeRating } = await import("./rating.js");
    this.#rating.replaceChildren(makeRating(this.#app, ticket));
  }
}

const isSameAuthor = (one, other) => ["author", "name", "isVerified"].every((key) => one[key] === other[key]);

function makeDayItem(date) {
  const text = day(date);
  return {
    key: `day ${date.toDateString()}`,
    sign: text,
    make: () => el("li", { class: "day" }, el("span", {}, text)),
  };
}

// What stands in every direct conversation.
function makePromise() {
  return el(
    "div",
    { class: "promise" },
    el("p", { class: "safety" }, icon("shield"), t("direct.safety")),
    el("p", { class: "hint" }, t("direct.intro")),
  );
}
