// The field for a message. Nothing is sent or stored before it was looked at for secrets.
import { isOwn } from "../conversation.js";
import { el, icon, iconButton } from "../dom.js";
import { t } from "../look.js";
import { drop, read, write } from "../store.js";

const SAVE_AFTER = 300;
const EARLIER = 2;
const COUNT_FROM = 0.9;

let guard = null;
const loadGuard = async () => (guard ??= await import("./guard.js"));

export class Composer {
  #app;
  #thread;
  #sent;
  #saving = null;
  #notice = el("div", { class: "notices", "aria-live": "assertive" });
  #count = el("p", { class: "count", role: "status" });
  #send = iconButton("send", t("composer.send"), () => this.#submit());
  #field = el("textarea", {
    rows: "1",
    dir: "auto",
    "aria-label": t("composer.label"),
    enterkeyhint: "send",
    input: () => this.#changed(),
    keydown: (event) => this.#press(event),
  });

  // `sent` is called when something goes on its way.
  constructor(app, thread, sent) {
    this.#app = app;
    this.#thread = thread;
    this.#sent = sent;
    this.element = el(
      "div",
      { class: "composer" },
      this.#notice,
      this.#count,
      el("div", { class: "field" }, this.#field, this.#send),
      el("p", { class: "safety" }, icon("shield"), t("safety")),
    );
    this.#field.value = read(this.#key) ?? "";
    addEventListener("pagehide", this.#save);
  }

  get #key() {
    return `draft:${this.#thread}`;
  }

  get #text() {
    return this.#field.value.trim();
  }

  focus() {
    this.#field.focus();
  }

  // A message that was taken back stands before what has been written since.
  put(text) {
    this.#set([text, this.#field.value].filter(Boolean).join("\n"));
  }

  clear() {
    this.#field.value = "";
    this.#changed();
  }

  update() {
    const isClosed = this.#thread === "team" && this.#app.conversation.ticket?.status === "closed";
    this.#field.placeholder = t(isClosed ? "composer.reopen" : "composer.placeholder");
    this.#fit();
  }

  close() {
    this.#save();
    removeEventListener("pagehide", this.#save);
  }

  #press(event) {
    // While an input method composes, Enter is its own.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#submit();
  }

  #changed() {
    this.#fit();
    this.#notice.replaceChildren();
    loadGuard().catch(() => {});
    clearTimeout(this.#saving);
    this.#saving = setTimeout(this.#save, SAVE_AFTER);
  }

  #fit() {
    const { style } = this.#field;
    style.height = "auto";
    style.height = `${this.#field.scrollHeight}px`;
    const most = this.#app.config.limits.text;
    const { length } = [...this.#text];
    this.#count.textContent = length > most * COUNT_FROM ? t("composer.count", { length, most }) : "";
    this.#count.classList.toggle("over", length > most);
    this.#send.disabled = length > most || length === 0;
  }

  // What may be a secret is not even kept as a draft.
  #save = () => {
    clearTimeout(this.#saving);
    if (this.#text && !guard) loadGuard().then(this.#save, () => {});
    else if (this.#text && !this.#judge(this.#text)) write(this.#key, this.#field.value);
    else drop(this.#key);
  };

  #judge(text) {
    return guard.judge(
      text,
      this.#earlier().map((one) => one.text),
    );
  }

  // The customer's last messages before this one, sent or waiting, oldest first.
  #earlier() {
    const { conversation, outbox } = this.#app;
    const sent = conversation.list().filter((message) => isOwn(message) && !message.deleted_at);
    return [...sent, ...outbox.list().filter((entry) => !entry.failed)].slice(-EARLIER);
  }

  async #submit(isConfirmed = false) {
    if (this.#send.disabled) return;
    const text = this.#text;
    // Taken out at once: while the guard comes, somebody may write on.
    this.#set("");
    try {
      await loadGuard();
    } catch {
      this.put(text);
      return this.#app.tell(t("failed.now"));
    }
    const finding = this.#judge(text);
    if (finding && (finding.certainty === "refused" || !isConfirmed)) {
      this.put(text);
      return this.#stop(finding);
    }
    this.#app.outbox.add(this.#thread, text, Boolean(finding));
    this.#save();
    this.#sent();
  }

  #set(text) {
    this.#field.value = text;
    this.#changed();
    this.focus();
  }

  #stop(finding) {
    this.#save();
    const parts = finding.earlier ? this.#earlier().slice(-finding.earlier) : [];
    const actions = {
      clear: () => this.#set(""),
      edit: () => this.#set(this.#field.value),
      send: () => this.#submit(true),
    };
    this.#notice.replaceChildren(guard.makeNotice(this.#app, finding, parts, actions));
    this.#notice.querySelector("button").focus();
  }
}
