// What the tabs of one browser share: what is kept, turns, and the one that leads.

// Several support desks may live on one origin, each below a path of its own.
export const SPACE = `headset:${new URL(".", location.href).pathname}:`;

const memory = new Map();
// Null where the browser refuses it: then all is kept for the visit.
const storage = open();

function open() {
  try {
    localStorage.setItem(SPACE, "");
    localStorage.removeItem(SPACE);
    return localStorage;
  } catch {
    return null;
  }
}

export const isLasting = () => storage !== null;

export function read(key) {
  try {
    return JSON.parse(memory.get(key) ?? storage?.getItem(SPACE + key) ?? null);
  } catch {
    return null;
  }
}

export function write(key, value) {
  const text = JSON.stringify(value);
  memory.set(key, text);
  try {
    storage?.setItem(SPACE + key, text);
    if (storage) memory.delete(key);
  } catch {
    // Full: from here on this key is kept in memory alone.
  }
}

export function drop(key) {
  memory.delete(key);
  storage?.removeItem(SPACE + key);
}

export function list(prefix) {
  const stored = Object.keys(storage ?? {}).filter((key) => key.startsWith(SPACE));
  const keys = new Set([...stored.map((key) => key.slice(SPACE.length)), ...memory.keys()]);
  return [...keys].filter((key) => key.startsWith(prefix));
}

// Calls back when another tab has changed something; a key of null means that everything was cleared.
export function watch(prefix, changed) {
  addEventListener("storage", ({ key }) => {
    if (key === null || key.startsWith(SPACE + prefix)) changed();
  });
}

const SILENCE = 90_000;
const LOOK_EVERY = 15_000;

// Tabs that share no storage have different customers, and nothing to tell each other.
const canShare = () => isLasting() && Boolean(navigator.locks) && "BroadcastChannel" in globalThis;

// Does the work while no other tab does work of that name.
export async function alone(name, work) {
  return canShare() ? navigator.locks.request(SPACE + name, work) : work();
}

export class Tabs {
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
    const isLost = Date.now() - this.#heard > SILENCE;
    if (isLost && !this.isLeader && document.visibilityState === "visible") this.#candidacy.abort();
  }

  async #stand() {
    for (let steal = false; ; ) {
      this.#candidacy = new AbortController();
      const term = new AbortController();
      const options = steal ? { steal } : { signal: this.#candidacy.signal };
      try {
        await navigator.locks.request(`${SPACE}lead`, options, () => {
          this.isLeader = true;
          return this.#lead(term.signal);
        });
      } catch {
        steal = this.#candidacy.signal.aborted && !this.isLeader;
      }
      this.isLeader = false;
      this.#heard = Date.now();
      term.abort();
    }
  }
}
