// Who I am here, what I may do with my data, and how it all looks.
import { el, icon } from "../dom.js";
import { forget, logOut } from "../identity.js";
import { t } from "../look.js";
import { makeHeading } from "../shell.js";
import { read } from "../store.js";
import { confirm } from "./dialog.js";
import { Wallet, shorten } from "./wallet.js";
import "./sheet.js";

const THEMES = ["auto", "light", "dark"];

export default class Menu {
  #app;
  #account = el("div");
  #shown = "";
  #problem = el("p", { class: "problem", role: "alert" });

  constructor(app) {
    this.#app = app;
    this.heading = makeHeading(t("menu"));
    this.element = el("section", { class: "page" }, this.#account, this.#makeSettings(), this.#problem);
  }

  focus() {
    this.heading.querySelector("h1").focus();
  }

  update() {
    const { conversation, session } = this.#app;
    const shown = JSON.stringify([session.token, conversation.customer, conversation.ticket]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = this.#account.contains(document.activeElement);
    this.#account.replaceChildren(...this.#makeAccount());
    if (hadFocus) this.focus();
  }

  #makeAccount() {
    const { config, conversation, frame, session, shell } = this.#app;
    const { customer, ticket } = conversation;
    const isKnown = Boolean(customer) && customer.identity !== "anonymous";
    const canSignIn = config.features.wallet && frame.host && customer?.identity !== "wallet";
    const closable = ticket?.status === "open" && ticket;
    const rows = [
      canSignIn && makeRow("wallet", t("wallet"), () => shell.open((app) => new Wallet(app))),
      closable && makeRow("tick", t("ticket.close", closable), () => this.#closeTicket(closable)),
      session.token && makeRow("download", t("export"), () => this.#export()),
      isKnown && makeRow("leave", t("logout"), () => this.#logOut()),
      session.token && makeRow("trash", t("erase"), () => this.#erase()),
    ];
    return [el("p", { class: "who" }, this.#describe(customer, isKnown)), el("ul", { class: "rows" }, rows)];
  }

  #describe(customer, isKnown) {
    if (!isKnown) return [t("menu.anonymous")];
    const name = customer.account ? shorten(customer.account) : customer.name;
    return [t("menu.signedIn"), " ", el("bdi", { title: customer.account }, name || customer.id)];
  }

  #makeSettings() {
    const { config, settings } = this.#app;
    const languages = config.languages.map(({ code, name }) => [code, name]);
    const themes = THEMES.map((theme) => [theme, t(`theme.${theme}`)]);
    const theme = read("theme") ?? settings.theme ?? "auto";
    return el(
      "div",
      { class: "settings" },
      makeChoice(t("language"), languages, config.locale, (code) =>
        this.#attempt(() => this.#app.setLocale(code, true)),
      ),
      makeChoice(t("theme"), themes, theme, (chosen) => this.#app.setTheme(chosen, true)),
    );
  }

  async #attempt(work) {
    this.#problem.textContent = "";
    try {
      await work();
    } catch {
      this.#problem.textContent = t("failed.now");
    }
  }

  async #closeTicket(ticket) {
    const yes = t("ticket.close.yes");
    if (!(await confirm({ title: t("ticket.close", ticket), lines: [t("ticket.close.text")], yes }))) return;
    await this.#attempt(async () => {
      await this.#app.session.call("POST", `v1/tickets/${ticket.number}/close`, {});
      this.#app.shell.home();
    });
  }

  #export() {
    return this.#attempt(async () => {
      const data = await this.#app.session.call("GET", "v1/me/export");
      const file = new Blob([JSON.stringify(data, null, 2)], { type: "application/json" });
      const href = URL.createObjectURL(file);
      el("a", { href, download: `${this.#app.name}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    });
  }

  async #logOut() {
    if (await confirm({ title: t("logout"), lines: [t("logout.text")], yes: t("logout") })) await logOut(this.#app);
  }

  async #erase() {
    const question = { title: t("erase"), lines: [t("erase.text")], promise: t("erase.sure"), yes: t("erase.yes") };
    if (!(await confirm({ ...question, isGrave: true }))) return;
    await this.#attempt(async () => {
      await this.#app.session.call("DELETE", "v1/me");
      forget(this.#app);
      this.#app.speak(t("erase.done"));
      this.#app.shell.home();
    });
  }
}

function makeRow(name, text, click) {
  return el("li", {}, el("button", { type: "button", class: "row", click }, icon(name), text));
}

function makeChoice(label, choices, chosen, choose) {
  const options = choices.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
  const change = ({ target }) => choose(target.value);
  return el("label", { class: "choice" }, label, el("select", { change }, options));
}
