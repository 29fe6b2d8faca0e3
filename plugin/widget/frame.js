// The page's side of the conversation with the loader in the host page.

const VERSION = 1;

// Returns {host, settings, on, send, ask}. `host` is the host page's origin, or null outside of a frame: there
// nothing is sent and nobody asks. A message counts only from the window that frames us and on the origin that
// window named when it opened us; it can't name another one's, as then nothing would reach it.
export function openFrame() {
  const settings = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const host = parent === window ? null : readOrigin(settings.host);
  const handlers = new Map();
  const asked = new Map();
  let lastId = 0;

  const post = (message) => host && parent.postMessage({ headset: VERSION, ...message }, host);

  addEventListener("message", ({ data, origin, source }) => {
    if (source !== parent || origin !== host || data?.headset !== VERSION) return;
    const { headset, type, re, ...rest } = data;
    if (re === undefined) return handlers.get(type)?.(rest);
    const answer = asked.get(re);
    asked.delete(re);
    if (answer && rest.error !== undefined) answer.reject(new FrameError(rest.error));
    else answer?.resolve(rest);
  });

  return {
    host,
    settings,
    on: (type, handler) => handlers.set(type, handler),
    send: (type, data) => post({ ...data, type }),
    ask: (type, data) =>
      new Promise((resolve, reject) => {
        if (!host) return reject(new FrameError("no_host"));
        asked.set(++lastId, { resolve, reject });
        post({ ...data, type, id: lastId });
      }),
  };
}

// What the host page could not or would not do; `code` says why.
export class FrameError extends Error {
  constructor(code) {
    super(String(code));
    this.code = this.message;
  }
}

function readOrigin(text) {
  try {
    const { origin } = new URL(text);
    return origin === "null" ? null : origin;
  } catch {
    return null;
  }
}
