// Signing in with a wallet: which one, whose account, and the text that it signs.
import { el, icon } from "../dom.js";
import { askToJoin } from "../identity.js";
import { t } from "../look.js";
import { makeHeading } from "../shell.js";
import "./sheet.js";

const KNOWN_PROBLEMS = new Set(["rejected", "busy", "no_wallet", "account_changed"]);

// `eip155:1:0x1234…` is told by the two ends of its address.
export function shorten(account) {
  const address = account.split(":").at(-1);
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

export class Wallet {
  #app;
  #content = el("div", { class: "wallets" });
  #state = el("p", { role: "status", class: "hint" });

  constructor(app) {
    this.#app = app;
    this.heading = makeHeading(t("wallet"));
    const intro = el("p", { class: "hint" }, t("wallet.intro"));
    const safety = el("p", { class: "safety" }, icon("shield"), t("safety"));
    this.element = el("section", { class: "page" }, intro, this.#content, this.#state, safety);
    this.#find();
  }

  focus() {
    this.heading.querySelector("h1").focus();
  }

  async #find() {
    const { items } = await this.#app.frame.ask("wallets", {}).catch(() => ({ items: [] }));
    if (items.length === 0) this.#state.textContent = t("wallet.none");
    const rows = items.map((item) => this.#makeRow(item));
    this.#content.replaceChildren(el("ul", { class: "rows" }, rows));
  }

  #makeRow({ id, name, icon: picture }) {
    const isPicture = /^data:image\//.test(picture);
    const sign = isPicture ? el("img", { src: picture, alt: "", width: "32", height: "32" }) : icon("wallet");
    const label = name ? el("bdi", {}, name) : t("wallet.unnamed");
    return el("li", {}, el("button", { type: "button", class: "row", click: () => this.#use(id) }, sign, label));
  }

  async #use(id) {
    this.#setBusy(true);
    try {
      const join = await askToJoin(this.#app);
      if (join) await this.#signIn(id, join);
    } catch (error) {
      const key = KNOWN_PROBLEMS.has(error.code) ? error.code : "other";
      this.#state.textContent = t(`wallet.${key}`);
    }
    this.#setBusy(false);
  }

  async #signIn(id, join) {
    const { config, frame, session } = this.#app;
    this.#state.textContent = t("wallet.connect");
    const { address, chain_id: chain } = await frame.ask("connect", { wallet: id });
    // A signature holds on every chain; the text names one that the desk takes.
    const [first] = config.wallet.chains;
    const chain_id = config.wallet.chains.includes(chain) ? chain : first;
    const asked = { address, chain_id, origin: frame.host };
    const { message } = await session.call("POST", "v1/session/wallet/challenge", asked);
    this.#state.textContent = t("wallet.sign");
    const { signature } = await frame.ask("sign", { wallet: id, address, message });
    await session.exchange("v1/session/wallet/verify", { message, signature, ...join });
    this.#app.speak(t("wallet.done"));
    this.#app.shell.home();
  }

  #setBusy(isBusy) {
    for (const button of this.#content.querySelectorAll("button")) button.disabled = isBusy;
  }
}
