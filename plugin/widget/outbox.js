// What was written and is not yet with the server: stored before it is sent, sent in order, and once.
import { Backoff } from "./api.js";
import { TEAM } from "./conversation.js";
import { alone, drop, list, read, watch, write } from "./store.js";

const KEY = "unsent:";

// Fires "change". An entry is `{client_id, at, thread, text, confirmed, failed}`; `failed` is the server's problem.
export class Outbox extends EventTarget {
  #session;
  #conversation;
  #entries = new Map();
  #isSending = false;
  isWaiting = false;

  constructor(session, conversation) {
    super();
    this.#session = session;
    this.#conversation = conversation;
    watch(KEY, () => this.#readStored());
    this.#readStored();
  }

  // In their order; what the stream has brought back already is not shown twice.
  list(thread) {
    const known = new Set(this.#conversation.list().map((message) => message.client_id));
    return [...this.#entries.values()]
      .filter((entry) => (!thread || entry.thread === thread) && !known.has(entry.client_id))
      .sort((one, other) => one.at - other.at);
  }

  add(thread, text, confirmed = false) {
    const last = Math.max(0, ...[...this.#entries.values()].map(({ at }) => at));
    const entry = { client_id: newId(), at: Math.max(Date.now(), last + 1), thread, text, confirmed, failed: null };
    this.#keep(entry);
    this.#sendAll();
  }

  // The server may remember the old client_id with another text, so it gets a new one.
  retry({ client_id, thread, text }, confirmed) {
    this.remove(client_id);
    this.add(thread, text, confirmed);
  }

  remove(clientId) {
    drop(KEY + clientId);
    this.#entries.delete(clientId);
    this.#changed();
  }

  // A refused message stays in sight with its reason.
  refuse(entry, problem) {
    entry.failed = problem;
    this.#keep(entry);
  }

  clear() {
    for (const clientId of [...this.#entries.keys()]) this.remove(clientId);
  }

  // What may be a secret is not stored any longer.
  #keep(entry) {
    this.#entries.set(entry.client_id, entry);
    if (isSecret(entry)) drop(KEY + entry.client_id);
    else write(KEY + entry.client_id, entry);
    this.#changed();
  }

  #readStored() {
    for (const entry of [...this.#entries.values()]) if (!isSecret(entry)) this.#entries.delete(entry.client_id);
    for (const key of list(KEY)) {
      const entry = read(key);
      if (entry) this.#entries.set(entry.client_id, entry);
    }
    this.#changed();
    this.#sendAll();
  }

  async #sendAll() {
    if (this.#isSending) return;
    this.#isSending = true;
    const backoff = new Backoff();
    for (let entry; (entry = this.list().find(({ failed }) => !failed));) {
      try {
        await alone("outbox", () => this.#send(entry));
        backoff.reset();
      } catch (error) {
        this.isWaiting = true;
        this.#changed();
        await backoff.wait(error.retryAfter);
      }
    }
    this.#isSending = false;
  }

  async #send(entry) {
    const { client_id, thread, text, confirmed } = entry;
    // Another tab may have sent it while this one waited for its turn.
    if (!read(KEY + client_id)) return this.remove(client_id);
    const direct = thread !== TEAM && { channel: "direct", moderator: thread };
    const body = { client_id, text, ...direct, ...(confirmed && { confirmed }) };
    try {
      const token = await this.#session.open();
      const message = await this.#session.call("POST", "v1/messages", body);
      this.isWaiting = false;
      if (token === this.#session.token) this.#conversation.take(message, true);
      this.remove(client_id);
    } catch (error) {
      if (!error.isFinal) throw error;
      this.refuse(entry, error.problem);
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

const isSecret = ({ failed }) => ["secret_refused", "secret_suspected"].includes(failed?.code);

// A random UUID, also where crypto.randomUUID is missing because the page came over plain HTTP.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
