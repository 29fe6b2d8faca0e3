// How it was: one to five stars for a closed ticket, and a word if there is one.
import { el, icon } from "../dom.js";
import { t } from "../look.js";
import "./sheet.js";

const MOST = 5;

export function makeRating(app, { number, score }) {
  if (score) return el("p", { class: "card thanks" }, icon("star"), t("rate.thanks", { score, most: MOST }));
  const comment = el("textarea", {
    rows: "2",
    dir: "auto",
    "aria-label": t("rate.comment"),
    placeholder: t("rate.comment"),
  });
  const problem = el("p", { class: "problem", role: "alert" });
  const send = el("button", { type: "submit", class: "button main", disabled: true }, t("rate.send"));
  const stars = Array.from({ length: MOST }, (_, at) => makeStar(at + 1, () => (send.disabled = false)));
  const form = el(
    "form",
    { class: "card rating", submit: (event) => submit(event) },
    el("fieldset", {}, el("legend", {}, t("rate.title")), el("div", { class: "stars" }, stars)),
    comment,
    problem,
    send,
  );

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    const body = { score: Number(new FormData(form).get("score")), comment: comment.value.trim() || null };
    try {
      await app.session.call("POST", `v1/tickets/${number}/rating`, body);
      app.speak(t("rate.thanks", { score: body.score, most: MOST }));
    } catch {
      problem.textContent = t("failed.now");
      send.disabled = false;
    }
  }

  return form;
}

function makeStar(value, change) {
  const input = el("input", { type: "radio", name: "score", value, class: "unseen", change });
  input.setAttribute("aria-label", t("rate.score", { score: value, most: MOST }));
  return el("label", {}, input, icon("star"));
}
