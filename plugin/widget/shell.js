// The frame around the views: one on top of the other, with a header, a line for the connection, and the focus.
import { el, icon, iconButton } from "./dom.js";
import { t } from "./look.js";

// A view is {element, heading, actions?, focus(), update?(), forget?(), close?()}; a maker makes it, again when
// the language changes.
export class Shell {
  #app;
  #stack = [];
  #header = document.querySelector("header");
  #main = document.querySelector("main");
  #state = document.querySelector("#state");

  constructor(app) {
    this.#app = app;
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      if (this.#stack.length > 1) this.back();
      else app.frame.send("close", {});
    });
  }

  get top() {
    return this.#stack.at(-1)?.view;
  }

  open(make) {
    const opener = document.activeElement;
    this.#stack.push({ make, opener, view: make(this.#app) });
    this.#show();
    this.top.focus();
  }

  back() {
    if (this.#stack.length < 2) return;
    const { view, opener } = this.#stack.pop();
    view.close?.();
    this.#show();
    if (opener.isConnected && !opener.closest("[inert]") && opener !== document.body) opener.focus();
    else this.top.focus();
  }

  home() {
    while (this.#stack.length > 1) this.back();
  }

  // Everything anew, in the language of now. What is being written goes over: a draft may have less of it, or nothing.
  rebuild() {
    const field = (level) => [...level.view.element.querySelectorAll("textarea")].pop() ?? {};
    for (const level of this.#stack) {
      const { value } = field(level);
      level.view.close?.();
      level.view = level.make(this.#app);
      field(level).value = value;
    }
    this.#show();
    this.top.focus();
  }

  // Nothing that somebody has begun stays.
  forget() {
    for (const level of this.#stack) level.view.forget?.();
  }

  update() {
    for (const level of this.#stack) level.view.update?.();
  }

  // What everybody should know now; an empty text takes it away.
  say(text) {
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }

  #show() {
    const elements = this.#stack.map(({ view }) => view.element);
    // What stays is not touched: an element that is put in anew forgets how far it was scrolled.
    for (const old of [...this.#main.children]) if (!elements.includes(old)) old.remove();
    for (const element of elements) {
      if (!element.isConnected) this.#main.append(element);
      element.inert = element !== this.top.element;
    }
    const { heading, actions = [] } = this.top;
    this.#header.replaceChildren(
      this.#stack.length > 1
        ? iconButton("back", t("back"), () => this.back())
        : el("span", { class: "logo" }, icon("headset")),
      heading,
      ...actions,
      this.#app.frame.host ? iconButton("close", t("close"), () => this.#app.frame.send("close", {})) : "",
    );
    this.update();
  }
}

// The heading of a view: a title that can take the focus, and a line below.
export function makeHeading(title, note) {
  return el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, title), note);
}
