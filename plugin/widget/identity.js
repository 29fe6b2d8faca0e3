// Who the customer is: vouched for by the host site, proven by a wallet, or nobody in particular.
import { requestJson } from "./api.js";
import { t } from "./look.js";
import { drop, list } from "./store.js";
import { ask } from "./views/dialog.js";

const OWN_CHOICES = ["locale", "theme", "config"];

// The host site's signed word on who this is. Said again on each of its pages, it is passed on once.
export async function identify(app, jwt) {
  const { config, session } = app;
  const vouched = readClaims(jwt);
  if (!config.features.user || (session.token && vouched && session.vouched === vouched)) return;
  try {
    const join = await askToJoin(app);
    if (session.token) await session.exchange("v1/session/identity", { token: jwt, ...join }, vouched);
    else await session.exchange("v1/sessions", { ...session.describe(), identity: { token: jwt } }, vouched);
  } catch (error) {
    app.tell(t("identify.failed"));
    console.warn(`Headset: identify was refused: ${error.message}`);
  }
}

// What tells one signed word from another, apart from its time; the server alone judges whether it is true.
function readClaims(jwt) {
  try {
    const payload = jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
    const { sub, name, email } = JSON.parse(new TextDecoder().decode(bytes));
    return JSON.stringify([sub, name, email]);
  } catch {
    return undefined;
  }
}

// An anonymous conversation comes along only when the customer says so. Returns what the request
// needs, or null when there was no answer.
export async function askToJoin({ conversation, session }) {
  if (session.token) await conversation.load();
  if (conversation.customer?.identity !== "anonymous" || conversation.list().length === 0) return {};
  const answer = await ask({
    title: t("join.title"),
    lines: [t("join.text")],
    buttons: [
      { value: "no", label: t("join.no") },
      { value: "yes", label: t("join.yes"), isMain: true },
    ],
  });
  return answer && (answer === "yes" ? { join_conversation: true } : {});
}

// Nothing of this customer stays in the browser.
export async function logOut(app) {
  const { token } = app.session;
  forget(app);
  if (token) await requestJson("DELETE", "v1/session", { token }).catch(() => {});
}

// The session goes first: other tabs would write down again what they still show.
export function forget({ outbox, session, shell }) {
  session.adopt(null);
  outbox.clear();
  shell.forget();
  for (const key of list("")) if (!OWN_CHOICES.includes(key)) drop(key);
}
