// One customer's conversation as this tab knows it: what was loaded, and what has come since.
import { Backoff } from "./api.js";
import { read, write } from "./store.js";

const MOST = 200;
const OLDER = 100;

export const TEAM = "team";
export const threadOf = (message) => (message.channel === "direct" ? message.moderator : TEAM);
export const isOwn = (message) => message.author.kind === "customer";

// Fires "change", and "arrival" with a message that nobody has seen before.
export class Conversation extends EventTarget {
  #session;
  #messages = new Map();
  #sorted = null;
  #heard = [];
  #loading = null;
  #isLoadingOlder = false;

  constructor(session) {
    super();
    this.#session = session;
    this.#forget();
    session.addEventListener("change", () => {
      this.#forget();
      this.#changed();
      this.load();
    });
  }

  #forget() {
    this.#messages.clear();
    this.#sorted = null;
    this.#heard = [];
    this.customer = null;
    this.ticket = null;
    this.lastEvent = 0;
    this.isLoaded = false;
    this.hasOlder = false;
  }

  // All messages in their order, or those of one thread: the team's, or the one with a moderator.
  list(thread) {
    this.#sorted ??= [...this.#messages.values()].sort((one, other) => one.seq - other.seq);
    return thread ? this.#sorted.filter((message) => threadOf(message) === thread) : this.#sorted;
  }

  // Brings everything up to date, trying until it is; without a session there is nothing to load.
  load() {
    this.#loading ??= this.#keepLoading().finally(() => {
      this.#loading = null;
      for (const [event, customer] of this.#heard.splice(0)) this.hear(event, customer);
      this.#changed();
    });
    return this.#loading;
  }

  async #keepLoading() {
    const backoff = new Backoff();
    for (let token; (token = this.#session.token);) {
      try {
        const pages = await this.#readPages();
        // Not before: the ticket may be newer than the messages, as the stream then tells the rest, but not older.
        const visit = await this.#session.call("GET", "v1/session");
        if (token === this.#session.token) return this.#replace(visit, pages);
      } catch (error) {
        if (this.#session.token === token) await backoff.wait(error.retryAfter);
      }
    }
  }

  // The newest page; once there is something, all from the oldest known on, so that edits are seen too.
  async #readPages() {
    const oldest = this.isLoaded && this.list()[0]?.seq;
    const pages = [];
    for (let after = oldest ? oldest - 1 : null; ; after = pages.at(-1).next) {
      const query = after === null ? "" : `?after=${after}&limit=${MOST}`;
      pages.push(await this.#session.call("GET", `v1/messages${query}`));
      if (after === null || !pages.at(-1).next) return pages;
    }
  }

  #replace(visit, pages) {
    const newest = this.list().at(-1)?.seq ?? 0;
    const again = this.isLoaded;
    if (!again) this.hasOlder = pages[0].next !== null;
    this.customer = visit.customer;
    this.ticket = visit.ticket;
    // The first page is the oldest snapshot: a stream opened there misses nothing.
    this.lastEvent = pages[0].last_event_id;
    this.isLoaded = true;
    for (const message of pages.flatMap((page) => page.items)) this.#put(message, again && message.seq > newest);
  }

  // Returns whether that sets out for another page.
  loadOlder() {
    const oldest = this.list()[0]?.seq;
    if (!this.hasOlder || !oldest || this.#isLoadingOlder) return false;
    this.#isLoadingOlder = true;
    this.#readOlder(oldest).catch(() => {});
    return true;
  }

  async #readOlder(oldest) {
    const token = this.#session.token;
    const query = `?before=${oldest}&limit=${OLDER}`;
    const page = await this.#session.call("GET", `v1/messages${query}`).finally(() => (this.#isLoadingOlder = false));
    if (token !== this.#session.token) return;
    this.hasOlder = page.next !== null;
    for (const message of page.items) this.#put(message, false);
    this.#changed();
  }

  // An event of the stream of a customer, which this tab or another one reads.
  hear(event, customer) {
    if (this.#loading) this.#heard.push([event, customer]);
    else if (customer !== this.customer?.id) return;
    else if (event.id > this.lastEvent + 1) this.load();
    else if (event.id > this.lastEvent) this.#apply(event);
  }

  #apply({ id, type, data }) {
    this.lastEvent = id;
    if (type === "ticket.updated") this.#putTicket(data);
    else this.take(data, type === "message.created");
    this.#changed();
  }

  // A message from the stream, or one of our own that the server has just taken.
  take(message, isNew) {
    this.#put(message, isNew);
    this.#changed();
  }

  #put(message, isNew) {
    const isKnown = this.#messages.has(message.id);
    this.#messages.set(message.id, message);
    this.#sorted = null;
    if (message.ticket > (this.ticket?.number ?? 0))
      this.ticket = { number: message.ticket, status: "open", score: null };
    if (isNew && !isKnown) this.dispatchEvent(new CustomEvent("arrival", { detail: message }));
  }

  #putTicket(ticket) {
    if (ticket.number >= (this.ticket?.number ?? 0)) this.ticket = ticket;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

// What the customer has not seen yet, by thread.
export class Unread {
  #conversation;

  constructor(conversation) {
    this.#conversation = conversation;
  }

  count(thread) {
    const marks = this.#marks();
    return this.#conversation
      .list(thread)
      .filter((one) => !isOwn(one) && !one.deleted_at && one.seq > (marks[threadOf(one)] ?? marks.all)).length;
  }

  // Returns whether that changed anything.
  mark(thread) {
    const newest = this.#conversation.list(thread).at(-1)?.seq ?? 0;
    const marks = this.#marks();
    if (!this.#conversation.isLoaded || newest <= (marks[thread] ?? marks.all)) return false;
    write(this.#key, { ...marks, [thread]: newest });
    return true;
  }

  // On a device that is new to this conversation nothing counts as unread but what comes from now on.
  #marks() {
    const stored = read(this.#key);
    if (stored || !this.#conversation.isLoaded) return stored ?? { all: Infinity };
    const marks = { all: this.#conversation.list().at(-1)?.seq ?? 0 };
    write(this.#key, marks);
    return marks;
  }

  get #key() {
    return `read:${this.#conversation.customer?.id}`;
  }
}
