// What outlives a reload and is the same in all tabs, where the browser allows that.

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

// Tabs that share no storage have different customers, and nothing to tell each other.
export const canShare = () => isLasting() && Boolean(navigator.locks) && "BroadcastChannel" in globalThis;

// Does the work while no other tab does work of that name.
export async function alone(name, work) {
  return canShare() ? navigator.locks.request(SPACE + name, work) : work();
}
