// The stream of what happens, open in one tab and passed on to the others.
import { Backoff, request } from "./api.js";
import { Tabs } from "./tabs.js";

// The server pings every 20 s; a stream that says nothing for longer is dead, whatever the browser believes.
const SILENCE = 45_000;

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
    if (customer && customer !== this.#conversation.customer?.id) return;
    if (event) this.#conversation.hear(event);
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
        await this.#read(token, signal, backoff);
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
      this.#conversation.hear(event);
      this.#tabs.post({ customer: this.#conversation.customer?.id, event });
    }
  }
}

function changeOf(target) {
  return new Promise((resolve) => target.addEventListener("change", resolve, { once: true }));
}

// Yields each event, and null for what only shows that the stream is alive.
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
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
