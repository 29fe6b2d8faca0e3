// The stream of what happens, open in one tab of the browser and passed on to the others. Fetched once there is a
// conversation.
import { Backoff, request } from "./api.js";
import { SPACE, canShare } from "./store.js";

// The server pings every 20 s; a stream that says nothing for longer is dead, whatever the browser believes.
const SILENCE = 45_000;
const LEADER_SILENCE = 90_000;
const LOOK_EVERY = 15_000;

// Fires "change" when `isOnline` does.
export class Live extends EventTarget {
  #session;
  #conversation;
  #tabs;
  isOnline = false;

  constructor(session, conversation) {
    super();
    this.#session = session;
    this.#conversation = conversation;
    this.#tabs = new Tabs({ lead: (signal) => this.#lead(signal), hear: (message) => this.#hear(message) });
    this.#tabs.post({ hello: true });
  }

  #hear({ hello, isOnline, again, customer, event }) {
    if (hello && this.#tabs.isLeader) this.#tabs.post({ isOnline: this.isOnline });
    if (isOnline !== undefined) this.#set(isOnline);
    if (event) this.#conversation.hear(event, customer);
    if (again) this.#conversation.load();
  }

  #set(isOnline) {
    if (this.isOnline === isOnline) return;
    this.isOnline = isOnline;
    this.dispatchEvent(new Event("change"));
  }

  #say(isOnline) {
    this.#set(isOnline);
    this.#tabs?.post({ isOnline });
  }

  async #lead(signal) {
    const backoff = new Backoff();
    while (!signal.aborted) {
      const token = this.#session.token;
      if (!token) {
        await changeOf(this.#session);
        continue;
      }
      let retryAfter;
      try {
        if (!this.#conversation.isLoaded) await this.#conversation.load();
        if (token === this.#session.token) await this.#read(token, signal, backoff);
      } catch (error) {
        if (error.status === 401) this.#session.lose(token);
        ({ retryAfter } = error);
      }
      if (signal.aborted) return;
      this.#say(false);
      await backoff.wait(retryAfter);
    }
  }

  // Reads one stream to its end: the server's, the network's, or that of this token or term.
  async #read(token, signal, backoff) {
    const end = new AbortController();
    const stop = () => end.abort();
    signal.addEventListener("abort", stop);
    this.#session.addEventListener("change", stop);
    let alarm = setTimeout(stop, SILENCE);
    try {
      const known = this.#conversation.lastEvent;
      const headers = { "Last-Event-ID": String(known) };
      const { body } = await request("GET", "v1/events", { token, headers, signal: end.signal });
      backoff.reset();
      for await (const event of readEvents(body)) {
        clearTimeout(alarm);
        alarm = setTimeout(stop, SILENCE);
        this.#say(true);
        if (event) this.#take(event, known, token);
      }
    } finally {
      clearTimeout(alarm);
      signal.removeEventListener("abort", stop);
      this.#session.removeEventListener("change", stop);
      stop();
    }
  }

  #take(event, known, token) {
    if (event.type === "session.ended") {
      this.#session.lose(token);
    } else if (event.id <= known) {
      // A number from before: the server has gone back to a copy of its data. All that is known may be wrong.
      this.#conversation.load();
      this.#tabs.post({ again: true });
    } else {
      const customer = this.#conversation.customer?.id;
      this.#conversation.hear(event, customer);
      this.#tabs.post({ event, customer });
    }
  }
}

function changeOf(target) {
  return new Promise((resolve) => target.addEventListener("change", resolve, { once: true }));
}

// Yields each event, and null for what only shows that the stream is alive.
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    yield null;
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
}

function parse(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = value;
  }
  return fields.data && { id: Number(fields.id), type: fields.event, data: JSON.parse(fields.data) };
}

// One tab works for all: it leads, the others hear from it.
class Tabs {
  #lead;
  #channel = null;
  #heard = Date.now();
  #candidacy = new AbortController();
  isLeader = false;

  // `lead(signal)` is called in the tab that leads and goes on until the signal; `hear(message)` gets what
  // another tab has posted.
  constructor({ lead, hear }) {
    this.#lead = lead;
    if (!canShare()) {
      this.isLeader = true;
      lead(new AbortController().signal);
      return;
    }
    this.#channel = new BroadcastChannel(SPACE);
    this.#channel.addEventListener("message", ({ data }) => {
      this.#heard = Date.now();
      hear(data);
    });
    setInterval(() => this.#look(), LOOK_EVERY);
    this.#stand();
  }

  post(message) {
    this.#channel?.postMessage(message);
  }

  // A phone may stop a leading tab without ending it. The one in use then takes the lead by force.
  #look() {
    const isLost = Date.now() - this.#heard > LEADER_SILENCE;
    if (isLost && !this.isLeader && document.visibilityState === "visible") this.#candidacy.abort();
  }

  async #stand() {
    for (let steal = false; ;) {
      this.#candidacy = new AbortController();
      const term = new AbortController();
      const options = steal ? { steal } : { signal: this.#candidacy.signal };
      try {
        await navigator.locks.request(`${SPACE}lead`, options, () => {
          this.isLeader = true;
          return this.#lead(term.signal);
        });
      } catch (error) {
        // There are no turns to take here.
        if (error.name !== "AbortError") return this.#lead(term.signal);
        steal = this.#candidacy.signal.aborted && !this.isLeader;
      }
      this.isLeader = false;
      this.#heard = Date.now();
      term.abort();
    }
  }
}
