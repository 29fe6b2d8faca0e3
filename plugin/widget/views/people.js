// The verified moderators, and the way to write to one of them alone.
import { TEAM, isOwn, threadOf } from "../conversation.js";
import { el, icon } from "../dom.js";
import { t } from "../look.js";
import { makeHeading } from "../shell.js";
import { makeMark } from "./bubble.js";
import { Thread } from "./thread.js";
import "./sheet.js";

const COLOURS = 6;

export default class People {
  #app;
  #content = el("div", { class: "people" });

  constructor(app) {
    this.#app = app;
    this.heading = makeHeading(t("people"));
    this.element = el("section", { class: "page" }, el("p", { class: "hint" }, t("people.intro")), this.#content);
    this.#load();
  }

  focus() {
    this.heading.querySelector("h1").focus();
  }

  update() {
    for (const row of this.#content.querySelectorAll("[data-moderator]")) {
      const count = this.#app.unread.count(row.dataset.moderator);
      row.querySelector(".badge").textContent = count || "";
      row.querySelector(".unseen").textContent = count ? t("unread.", { count }) : "";
    }
  }

  async #load() {
    this.#content.replaceChildren(el("p", { class: "hint", role: "status" }, t("loading")));
    try {
      const { items } = await this.#app.session.call("GET", "v1/moderators");
      const rows = [...items, ...this.#findOthers(items)].map((person) => this.#makeRow(person));
      this.#content.replaceChildren(
        rows.length ? el("ul", { class: "rows" }, rows) : el("p", { class: "hint" }, t("people.none")),
      );
      this.update();
    } catch {
      const again = el("button", { type: "button", class: "button", click: () => this.#load() }, t("retry"));
      this.#content.replaceChildren(el("p", { class: "problem", role: "alert" }, t("failed.now")), again);
    }
  }

  // Those who can't be written to any more, but have written.
  #findOthers(offered) {
    const known = new Set([TEAM, ...offered.map(({ id }) => id)]);
    const theirs = this.#app.conversation.list().filter((one) => !isOwn(one) && !known.has(threadOf(one)));
    return new Map(theirs.map((one) => [threadOf(one), { ...one.author, id: threadOf(one) }])).values();
  }

  #makeRow({ id, name, verified }) {
    const open = () => this.#app.shell.open((app) => new Thread(app, { id, name, verified }));
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "row", "data-moderator": id, click: open },
        makeAvatar(id, name),
        el(
          "span",
          { class: "name" },
          el("span", {}, el("bdi", {}, name), makeMark(verified === true)),
          el("small", {}, t("people.write")),
        ),
        el("span", { class: "badge", "aria-hidden": "true" }),
        el("span", { class: "unseen" }),
        icon("forward"),
      ),
    );
  }
}

// The first letter of the name, on a colour that stays the same.
function makeAvatar(id, name) {
  const number = [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 0);
  const [letter = ""] = name.trim();
  return el("span", { class: `avatar colour-${number % COLOURS}`, "aria-hidden": "true" }, letter);
}
