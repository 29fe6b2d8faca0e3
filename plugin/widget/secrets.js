// The twin of domain/secrets.py, which says why each rule is; both hold to tests/vectors/secrets.json. Here are the
// English words only, and no curves: what may be a key is asked about.
import { WORDS } from "./words.js";

const REFUSED = 12;
const SUSPECTED = 9;
const DIFFERENT = 8;
const SHARE = 4;
const LOOK_BACK = 2;

// Captures words; what numbers a list is skipped.
const TOKEN =
  /(?:no?[^\p{L}\p{N}_]{0,2})?\p{Nd}+(?:(?:st|nd|rd|th)(?![a-z]))?|[a-z][).:]|([\p{L}\p{Nl}\p{No}]+(?:_[\p{L}\p{Nl}\p{No}]+)*)/gu;

const B58 = "[1-9A-HJ-NP-Za-km-z]";
const B32 = "[02-9ac-hj-np-z]";
const whole = (pattern) => new RegExp(`^(?:${pattern})$`);

const LONG = /[0-9A-Za-z]{51,}/g;
const KEY = whole(
  `[5679]${B58}{50}|[KLcTQX]${B58}{51}` + // WIF
    `|(?:[tuvxyzUVYZ]prv|Ltpv|Mtpv|dgpv)${B58}{100,}` + // BIP-32
    `|S[A-Z2-7]{55}|edsk(?:${B58}{50}|${B58}{94})|(?:nsec1|suiprivkey1)${B32}{50,}`,
);
const LOCKED_KEY = whole(`6P${B58}{56}`); // BIP-38
const MAYBE_KEY = whole(`(?:0[xX])?[0-9a-fA-F]{64}|${B58}{86,88}`);
const MARKED_KEY = new RegExp(
  `AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{40,}|(?:ed25519e?|addr|acct|root)_x?sk1${B32}{50,}` +
    `|secret-extended-key-main1${B32}{50,}|PVT_(?:K1|R1)_${B58}{40,}`,
);
const PEM = /-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-/g;
const PEM_BODY = /[0-9A-Za-z+/]{40}/;
const PEM_HEADERS = 400;
const BYTES = /(?<![\d.])\d{1,3}(?:\s*,\s*\d{1,3}){31,}(?![\d.])/g;

const Q = "[\"'“”„«»\\\\\\s]{0,8}";
const CIPHERTEXT = new RegExp(`(?:ciphertext|message)${Q}:${Q}[0-9a-f]{32}`, "i");
const CIPHER = new RegExp(`\\b(?:kdf|kdfparams|cipher|cipherparams|crypto)${Q}:`, "i");
const VAULT = Object.entries({ salt: 16, iv: 16, data: 40 }).map(
  ([name, length]) => new RegExp(`\\b${name}${Q}:${Q}[0-9A-Za-z+/]{${length}}`),
);

// Who pastes links and transactions all day and is asked each time stops reading: what is named is not asked about.
const BEFORE = 48;
const IN_LINK = /(?:https?:\/\/|www\.|[a-z0-9-]\.[a-z]{2,}\/)\S*$/i;
const CALLED =
  /(?:tx|trx|txn|hash|transa[ck][\p{L}\p{N}_]*|block|sha-?256|digest|checksum|commit|хеш|хэш|транзак[\p{L}\p{N}_]*|交易|哈希)(?:[\s_-]*(?:id|hash|number|no\.?))?(?:e?s)?(?:\s+(?:is|was|are))?[^\p{L}\p{N}_.!?]*$/iu;
const SECRET = /priv|secret|seed|key/i;
const LISTED_ON = /^[^\p{L}\p{N}_.!?]*(?:and)?[^\p{L}\p{N}_.!?]*$/u;

// The secret in `text`, alone or with the last of `earlier` (oldest first): null or {kind: "phrase" | "key" |
// "keystore", certainty: "refused" | "suspected", earlier: how many of those belong to it}.
export function judge(text, earlier = []) {
  const phrase = findPhrase(text, earlier);
  if (phrase?.certainty === "refused") return phrase;
  const key = findKey(text);
  return key?.certainty === "refused" ? key : (phrase ?? key);
}

const found = (kind, certainty, earlier = 0) => ({ kind, certainty, earlier });

function findPhrase(text, earlier) {
  const words = wordsOf(text);
  const start = listedStart(words);
  const share = shareOf(words);
  const before = earlier.slice(-LOOK_BACK).map(wordsOf);
  const alone = weigh(rowsOf(words));
  if (alone === "refused") return found("phrase", alone, withShares(before, 0));
  let suspected = alone && found("phrase", alone);
  for (let count = 1; count <= before.length; count++) {
    const last = before.slice(-count);
    const end = listedStart(last.flat().reverse()).reverse();
    const certainty = start.length ? weigh([[...end, ...start]]) : null;
    const sum = share.length ? [...last.flatMap(shareOf), ...share] : [];
    if (certainty === "refused" || weigh([sum]) === "refused") {
      return found("phrase", "refused", withShares(before, count));
    }
    suspected ??= certainty && found("phrase", certainty, count);
  }
  return suspected;
}

function wordsOf(text) {
  const folded = text
    .normalize("NFKD")
    .replace(/[\p{Mn}\p{Me}\p{Cf}]/gu, "")
    .replaceAll("ı", "i")
    .toLowerCase();
  return [...folded.matchAll(TOKEN)].flatMap(([, token]) => {
    const parts = token?.split("_") ?? [];
    return parts.length < SUSPECTED && token ? [token] : parts;
  });
}

function rowsOf(words) {
  const rows = [];
  let row = [];
  for (const word of [...words, ""]) {
    if (WORDS.has(word)) {
      row.push(word);
    } else {
      if (row.length >= SHARE) rows.push(row);
      row = [];
    }
  }
  return rows;
}

function weigh(rows) {
  const lengths = rows.filter((row) => new Set(row).size >= DIFFERENT).map((row) => row.length);
  const longest = Math.max(0, ...lengths);
  return longest >= REFUSED ? "refused" : longest >= SUSPECTED ? "suspected" : null;
}

function listedStart(words) {
  const length = words.findIndex((word) => !WORDS.has(word));
  return length < 0 ? [...words] : words.slice(0, length);
}

// A row that is the better part of its message counts though text stands around it: "the next six are ...".
function shareOf(words) {
  const long = rowsOf(words).filter((row) => row.length * 2 >= words.length);
  return long.reduce((longest, row) => (row.length > longest.length ? row : longest), []);
}

function withShares(before, count) {
  while (count < before.length && shareOf(before.at(-1 - count)).length) count++;
  return count;
}

function findKey(text) {
  const plain = text.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const tokens = [...plain.matchAll(LONG)];
  const any = (pattern) => tokens.some(([token]) => pattern.test(token));
  if (isKeystore(plain) || any(LOCKED_KEY)) return found("keystore", "refused");
  const arrays = byteArrays(plain);
  if (any(KEY) || isMarked(plain) || arrays.includes(64)) return found("key", "refused");
  return arrays.includes(32) || isAsked(plain, tokens) ? found("key", "suspected") : null;
}

function isKeystore(text) {
  return (CIPHERTEXT.test(text) && CIPHER.test(text)) || VAULT.every((pattern) => pattern.test(text));
}

function isMarked(text) {
  const bodies = [...text.matchAll(PEM)].map((match) => text.slice(match.index + match[0].length).slice(0, PEM_HEADERS));
  return MARKED_KEY.test(text) || bodies.some((body) => PEM_BODY.test(body));
}

// Lengths only; a table of few different numbers is no key.
function byteArrays(text) {
  return [...text.matchAll(BYTES)]
    .map(([list]) => list.split(",").map(Number))
    .filter((bytes) => Math.max(...bytes) < 256 && new Set(bytes).size > bytes.length / 2)
    .map((bytes) => bytes.length);
}

function isAsked(text, tokens) {
  let end = 0;
  let excused = false;
  for (const { 0: token, index } of tokens.filter(([token]) => MAYBE_KEY.test(token))) {
    const before = text.slice(Math.max(0, index - BEFORE), index);
    const listedOn = excused && LISTED_ON.test(text.slice(end, index));
    excused = listedOn || (!SECRET.test(before) && (IN_LINK.test(before) || CALLED.test(before)));
    if (!excused) return true;
    end = index + token.length;
  }
  return false;
}
