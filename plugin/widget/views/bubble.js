// One message, with who, when, and what became of it.
import { isOwn } from "../conversation.js";
import { el, icon } from "../dom.js";
import { clock, dateAndTime, t } from "../look.js";

const ADDRESS = /\bhttps?:\/\/[^\s<>"`\u2066-\u2069]+/gi;
// What ends a sentence does not belong to the address, nor does a bracket that was opened before it.
const TRAILING = /[.,:;!?'"“”’،؛؟。]+$/;
const ICONS = { sending: "clock", waiting: "clock", sent: "tick", failed: "alert" };
const REASONS = new Set(["text_too_long", "forbidden", "secret_refused", "secret_suspected", "not_found"]);

export function fromMessage(message, isLastOwn) {
  const own = isOwn(message);
  return {
    key: (own && message.client_id) || message.id,
    at: new Date(message.created_at),
    kind: own ? "own" : message.author.kind,
    author: own ? null : message.author.id,
    name: own ? null : message.author.name,
    isVerified: !own && message.author.verified === true,
    // What the desk itself says is known by its author's id, and said in the customer's language.
    text: message.author.id === "taken_back" ? t("secret.earlier") : message.text,
    isEdited: Boolean(message.edited_at),
    isDeleted: Boolean(message.deleted_at),
    state: own && isLastOwn ? "sent" : null,
  };
}

export function fromEntry(entry, isWaiting) {
  return {
    key: entry.client_id,
    at: new Date(entry.at),
    kind: "own",
    author: null,
    name: null,
    isVerified: false,
    text: entry.text,
    state: entry.failed ? "failed" : isWaiting ? "waiting" : "sending",
    entry,
  };
}

// `actions` are {retry(entry, confirmed), takeBack(entry)}.
export function makeBubble(shown, actions) {
  const { kind, goesOn, state, isDeleted } = shown;
  const classes = [
    { own: "own", system: "system" }[kind] ?? "theirs",
    goesOn && "goes-on",
    state,
    isDeleted && "deleted",
  ];
  return el(
    "li",
    { class: classes.filter(Boolean).join(" ") },
    makeAuthor(shown),
    el("p", { class: "text", dir: "auto" }, isDeleted ? t("deleted") : withLinks(shown.text)),
    makeMeta(shown),
    state === "failed" && makeFailure(shown.entry, actions),
  );
}

// Of messages in a row only the first shows its author; the others still say it to those who listen.
function makeAuthor({ kind, name, isVerified, goesOn }) {
  const isQuiet = kind === "own" || goesOn;
  const who = kind === "own" ? t("you") : el("bdi", {}, name || t("support"));
  return el("p", { class: isQuiet ? "unseen" : "author" }, who, makeMark(isVerified));
}

// The mark of a verified moderator is a drawing: no name can hold one.
export function makeMark(isVerified) {
  return isVerified ? [" ", icon("verified", t("verified"))] : [];
}

function makeMeta({ at, isEdited, isDeleted, state }) {
  return el(
    "p",
    { class: "meta" },
    el("time", { datetime: at.toISOString(), title: dateAndTime(at) }, clock(at)),
    isEdited && !isDeleted && el("span", {}, t("edited")),
    state && el("span", { class: "state" }, icon(ICONS[state]), t(state)),
  );
}

function makeFailure(entry, { retry, takeBack }) {
  const { code, earlier } = entry.failed;
  const isSuspected = code === "secret_suspected";
  const button = (text, click) => el("button", { type: "button", class: "small", click }, text);
  return el(
    "div",
    { class: "failure" },
    el("p", {}, t(REASONS.has(code) ? `failed.${code}` : "failed.other")),
    earlier && el("p", {}, t("secret.earlier")),
    el(
      "p",
      { class: "buttons" },
      code !== "secret_refused" && button(t(isSuspected ? "sendAnyway" : "retry"), () => retry(entry, isSuspected)),
      button(t("takeBack"), () => takeBack(entry)),
    ),
  );
}

// Web addresses become links; they are shown as they were written, whole.
function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trim(found);
    const url = URL.canParse(address) && new URL(address);
    if (!url) continue;
    nodes.push(text.slice(end, index), link(url, address));
    end = index + address.length;
  }
  return [...nodes, text.slice(end)];
}

function trim(found) {
  const address = found.replace(TRAILING, "");
  const isOpen = address.endsWith(")") && !address.includes("(");
  return isOpen ? trim(address.slice(0, -1)) : address;
}

// The title shows where it leads in the spelling that can't deceive.
function link({ href }, text) {
  return el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow", dir: "ltr" }, text);
}
