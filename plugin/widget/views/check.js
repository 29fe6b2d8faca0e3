// "Is this really support?": a name or a message from elsewhere, and whether it is ours.
import { el, icon } from "../dom.js";
import { t } from "../look.js";
import { judge } from "../secrets.js";
import { makeHeading } from "../shell.js";
import "./sheet.js";

export default class Check {
  #app;
  #field = el("textarea", { rows: "4", dir: "auto", id: "checked", required: true });
  #answer = el("div", { role: "status", class: "answer" });
  #button = el("button", { type: "submit", class: "button main" }, t("check.button"));

  constructor(app) {
    this.#app = app;
    this.heading = makeHeading(t("check"));
    this.element = el(
      "section",
      { class: "page" },
      el("p", { class: "hint" }, t("check.intro")),
      el(
        "form",
        { submit: (event) => this.#submit(event) },
        el("label", { for: "checked" }, t("check.label")),
        this.#field,
        this.#button,
      ),
      this.#answer,
    );
  }

  focus() {
    this.#field.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text) return;
    const secret = judge(text);
    if (secret?.certainty === "refused") return this.#show("no", t(`secret.${secret.kind}`), t("secret.advice"));
    this.#button.disabled = true;
    try {
      this.#say(await this.#app.session.call("POST", "v1/support-check", { text }));
    } catch (error) {
      this.#show("unknown", t(error.status === 429 ? "check.limit" : "failed.now"));
    }
    this.#button.disabled = false;
  }

  #say({ kind, official, in_conversation: isOurs }) {
    const is = (kind === "handle" ? official : isOurs) ? "yes" : "no";
    this.#show(is, t(`check.${kind}.${is}`), t(`check.advice.${is}`));
  }

  #show(is, title, advice = "") {
    const sign = { yes: "verified", no: "alert", unknown: "alert" }[is];
    const card = el(
      "div",
      { class: `card ${is}` },
      icon(sign),
      el("p", { class: "title" }, title),
      el("p", {}, advice),
    );
    this.#answer.replaceChildren(card);
  }
}
