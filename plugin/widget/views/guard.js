// What stands between a secret and the network: the judgement, and what is said about it. The word list is long:
// this is fetched when somebody begins to write.
import { Backoff } from "../api.js";
import { el, icon } from "../dom.js";
import { t } from "../look.js";
import { judge } from "../secrets.js";

export { judge };

// Of what belongs to the same secret nothing goes out any more that still waits; the rest is taken back.
// Returns whether there was any.
function stop({ outbox, session }, parts) {
  const waiting = outbox.list().filter((entry) => parts.includes(entry));
  for (const entry of waiting) outbox.refuse(entry, { code: "secret_refused" });
  const sent = parts.filter((part) => !waiting.includes(part));
  takeBack(session, sent);
  return sent.length > 0;
}

// The desk forgets them, and so does the team's chat.
async function takeBack(session, messages) {
  const backoff = new Backoff();
  const { token } = session;
  for (const rest = [...messages]; rest.length && session.token === token;) {
    try {
      await session.call("DELETE", `v1/messages/${rest[0].id}`);
      rest.shift();
    } catch (error) {
      if (error.isFinal) rest.shift();
      else await backoff.wait(error.retryAfter);
    }
  }
}

// `parts` are former messages that belong to the same secret; `actions` are {clear, edit, send}.
export function makeNotice(app, { kind, certainty }, parts, { clear, edit, send }) {
  const isRefused = certainty === "refused";
  const wentOut = isRefused && stop(app, parts);
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
