// Wires the page together and starts it.
import { Backoff, Session, requestJson } from "./api.js";
import { Conversation, Unread, isOwn } from "./conversation.js";
import { el } from "./dom.js";
import { openFrame } from "./frame.js";
import { setColor, setLanguage, setTheme, t } from "./look.js";
import { Outbox } from "./outbox.js";
import { Shell } from "./shell.js";
import { drop, isLasting, read, write } from "./store.js";
import { Thread } from "./views/thread.js";

const CONNECTING_AFTER = 1500;
const TELL_FOR = 8000;
const MOST_SPOKEN = 3;

class App {
  frame = openFrame();
  settings = this.frame.settings;
  config = null;
  session = new Session(() => ({ locale: this.config.locale, page_url: this.settings.url }));
  conversation = new Conversation(this.session);
  outbox = new Outbox(this.session, this.conversation);
  unread = new Unread(this.conversation);
  live = null;
  shell = new Shell(this);
  isShown = this.frame.host === null;

  #log = document.querySelector("[role=log]");
  #reported = 0;
  #isChanging = false;
  #hasEnded = false;
  #offlineSince = Date.now();
  #told = "";

  get name() {
    return this.settings.name || this.config?.name;
  }

  async start() {
    setColor(this.settings.color);
    setTheme(read("theme") ?? this.settings.theme);
    this.#use(await this.#findConfig());
    this.shell.open((app) => new Thread(app));
    this.#listen();
    this.conversation.load();
    this.#goLive();
    this.frame.send("ready", {});
    this.changed();
  }

  // Where there is no conversation nothing happens either. A browser may remember that a module could not be
  // fetched, so each further attempt has an address of its own.
  async #goLive() {
    const backoff = new Backoff();
    for (let attempt = ""; this.session.token && !this.live; attempt = `?${Date.now()}`) {
      try {
        const { Live } = await import(`./live.js${attempt}`);
        if (this.live) return;
        this.live = new Live(this.session, this.conversation);
        this.live.addEventListener("change", () => this.#noteOffline());
        this.#noteOffline();
      } catch {
        await backoff.wait();
      }
    }
  }

  // The texts come from the desk. Where it can't be reached now, those of the last visit do.
  async #findConfig() {
    const unreachable = document.querySelector("#unreachable");
    for (const backoff = new Backoff(); ;) {
      try {
        return await this.#readConfig(read("locale") ?? this.settings.locale);
      } catch (error) {
        const stored = read("config");
        if (stored) return stored;
        unreachable.hidden = false;
        await backoff.wait(error.retryAfter);
      }
    }
  }

  async #readConfig(locale) {
    const config = await requestJson("GET", `v1/config${locale ? `?locale=${encodeURIComponent(locale)}` : ""}`);
    write("config", config);
    return config;
  }

  #use(config) {
    this.config = config;
    setLanguage(config);
    setColor(this.settings.color || config.color);
  }

  #listen() {
    const { conversation, frame, outbox, session } = this;
    for (const source of [conversation, outbox]) source.addEventListener("change", this.changed);
    for (const type of ["online", "offline", "focus", "visibilitychange", "storage"])
      addEventListener(type, this.changed);
    conversation.addEventListener("arrival", ({ detail }) => this.#greet(detail));
    session.addEventListener("change", ({ detail }) => {
      this.#hasEnded = detail.ended;
      this.#log.replaceChildren();
      this.#goLive();
      this.changed();
    });
    frame.on("shown", ({ shown }) => {
      this.isShown = shown;
      if (shown) this.shell.top.focus();
      this.changed();
    });
    frame.on("page", (page) => Object.assign(this.settings, page));
    frame.on("theme", ({ theme }) => this.setTheme(theme, false));
    frame.on("locale", ({ locale }) => this.setLocale(locale, false).catch(() => {}));
    frame.on("identify", async ({ jwt }) => (await import("./identity.js")).identify(this, jwt));
    frame.on("logout", async () => (await import("./identity.js")).logOut(this));
    frame.on("connectWallet", async () => {
      const { Wallet } = await import("./views/wallet.js");
      if (this.config.features.wallet) this.shell.open((app) => new Wallet(app));
    });
  }

  // What the customer chose here outlives the visit; what the host page says counts from now on.
  setTheme(theme, isChoice) {
    if (isChoice) write("theme", theme);
    else drop("theme");
    setTheme(theme);
  }

  async setLocale(locale, isChoice) {
    this.#use(await this.#readConfig(locale));
    if (isChoice) write("locale", locale);
    else drop("locale");
    this.shell.rebuild();
    this.changed();
  }

  // A short break is not worth a word.
  #noteOffline() {
    this.#offlineSince = Date.now();
    setTimeout(this.changed, CONNECTING_AFTER);
    this.changed();
  }

  // Shows what has changed, once for all that comes in at a time: after an absence that may be hundreds of events.
  changed = () => {
    if (this.#isChanging) return;
    this.#isChanging = true;
    setTimeout(() => {
      this.#isChanging = false;
      this.shell.update();
      this.shell.say(this.#describeState());
      const unread = this.unread.count();
      document.title = (unread ? `(${unread}) ` : "") + this.name;
      if (unread !== this.#reported) this.frame.send("unread", { count: (this.#reported = unread) });
    });
  };

  #describeState() {
    if (this.#told) return this.#told;
    const isLate = Date.now() - this.#offlineSince >= CONNECTING_AFTER;
    if (!navigator.onLine) return t("state.offline");
    if (this.session.token && !this.live?.isOnline && isLate) return t("state.connecting");
    if (this.#hasEnded) return t("state.ended");
    return isLasting() ? "" : t("state.storage");
  }

  // Says something for a while.
  tell(text) {
    this.#told = text;
    this.changed();
    setTimeout(() => {
      if (this.#told === text) this.#told = "";
      this.changed();
    }, TELL_FOR);
  }

  // Only what is new is spoken, not what was there before. The host page learns of it, but not the words.
  #greet({ text, ...message }) {
    this.frame.send("message", { message });
    if (isOwn(message)) return this.speak(t("sent"));
    this.speak(`${message.author.name || t("support")}: ${text}`);
  }

  speak(text) {
    this.#log.append(el("p", {}, text));
    while (this.#log.children.length > MOST_SPOKEN) this.#log.firstChild.remove();
  }
}

new App().start();
