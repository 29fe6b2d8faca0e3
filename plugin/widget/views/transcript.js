// A list that grows at both ends and does not jump: it stays at its end, or at what is being read.
import { el, icon } from "../dom.js";
import { t } from "../look.js";

const NEAR_END = 48;
const NEAR_START = 240;
// In a thread of few messages many pages may hold none of them; more are read when somebody scrolls.
const MOST_PAGES = 5;

export class Transcript {
  #items = new Map();
  #list = el("ol", { "aria-label": t("messages") });
  #scroller;
  #jump;
  #readOlder;
  #hasOlder = false;
  #pages = 0;
  #space = "";
  #observer = new ResizeObserver(() => this.#settle());
  isAtEnd = true;

  constructor({ before, after, readOlder, read }) {
    this.#readOlder = readOlder;
    this.#scroller = el("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": t("conversation") });
    this.#scroller.append(el("div", { class: "sheet" }, before, this.#list, after));
    this.#jump = el("button", { type: "button", class: "jump", hidden: true, click: () => this.toEnd() });
    this.element = el("div", { class: "transcript" }, this.#scroller, this.#jump);
    this.#scroller.addEventListener("scroll", () => {
      this.#pages = 0;
      // What has moved because there is more or less room was not moved by the reader.
      if (this.isAtEnd && this.#space !== this.#measure()) return this.#settle();
      this.#look();
      if (this.isAtEnd) read();
    });
    this.#observer.observe(this.#scroller);
    this.#observer.observe(after);
  }

  close() {
    this.#observer.disconnect();
  }

  // Each item is {key, sign, make, isFixed}: made when its key is new, and made again when its sign is another one.
  // One that is fixed keeps its neighbours, whatever comes in above.
  show(items, { hasOlder, unread }) {
    this.#hasOlder = hasOlder;
    this.#keepingPlace(() => {
      this.element.classList.toggle("empty", items.length === 0);
      this.element.classList.toggle("has-older", hasOlder);
      this.#place(items);
    });
    this.#jump.replaceChildren(icon("down"), unread ? String(unread) : "");
    this.#jump.setAttribute("aria-label", unread ? t("jump.new.", { count: unread }) : t("jump"));
    this.#settle();
  }

  toEnd() {
    this.isAtEnd = true;
    this.#settle();
  }

  #place(items) {
    const kept = new Map();
    for (const { key, sign, make, isFixed } of items) {
      const known = this.#items.get(key);
      kept.set(key, known?.sign === sign ? known : { sign, isFixed, node: make() });
    }
    this.#items = kept;
    const nodes = [...kept.values()].map(({ node }) => node);
    const wanted = new Set(nodes);
    for (const node of [...this.#list.children]) if (!wanted.has(node)) node.remove();
    nodes.forEach((node, at) => {
      if (this.#list.children[at] !== node) this.#list.insertBefore(node, this.#list.children[at] ?? null);
    });
  }

  // The first fixed item in sight stays where it is, whatever happens above it.
  #keepingPlace(change) {
    const top = this.#scroller.getBoundingClientRect().top;
    const entries = [...this.#items];
    const seen = entries.find(([, { node, isFixed }]) => isFixed && node.getBoundingClientRect().bottom > top);
    const before = seen?.[1].node.getBoundingClientRect().top;
    change();
    const after = this.#items.get(seen?.[0])?.node.getBoundingClientRect().top;
    if (!this.isAtEnd && after !== undefined) this.#scroller.scrollTop += after - before;
  }

  #settle() {
    if (this.isAtEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#look();
  }

  #measure() {
    return `${this.#scroller.scrollHeight} ${this.#scroller.clientHeight}`;
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (clientHeight === 0) return;
    this.#space = this.#measure();
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    this.#jump.hidden = this.isAtEnd;
    const isWanted = this.#hasOlder && scrollTop < NEAR_START && this.#pages < MOST_PAGES;
    if (isWanted && this.#readOlder()) this.#pages += 1;
  }
}
