// What stands between a secret and the network: the judgement, and what is said about it. The word list is long:
// this is fetched when somebody begins to write.
import { el, icon } from "../dom.js";
import { t } from "../look.js";
import { judge } from "../secrets.js";

export { judge };

// `actions` are {clear, edit, send}; `wentOut` says that the server has parts of it already.
export function makeNotice({ kind, certainty }, wentOut, { clear, edit, send }) {
  const isRefused = certainty === "refused";
  const button = (key, click) => el("button", { type: "button", class: "small", click }, t(key));
  return el(
    "div",
    { class: "notice" },
    icon("alert"),
    el("p", { class: "title" }, t(`${isRefused ? "secret" : "suspected"}.${kind}`)),
    el("p", {}, t("secret.advice")),
    wentOut && el("p", {}, t("secret.earlier")),
    el(
      "p",
      { class: "buttons" },
      isRefused && button("secret.clear", clear),
      button("takeBack", edit),
      !isRefused && button("sendAnyway", send),
    ),
  );
}
