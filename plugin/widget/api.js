// Requests to the support desk, and the session under which they are made.
import { alone, drop, read, watch, write } from "./store.js";

// The page was loaded from the desk's root.
const BASE = new URL(".", location.href);
const PATIENCE = 30_000;
const TEMPORARY = [401, 408, 429];
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;
const SESSION = "session";

// The desk, or what stands in front of it, said no.
export class Refusal extends Error {
  constructor(response, problem) {
    super(problem.detail ?? String(response.status));
    this.status = response.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = Number(response.headers.get("Retry-After")) || 0;
  }

  // Asking again would not help. Without a code it is not the desk that answers: it is about to start again.
  get isFinal() {
    return Boolean(this.code) && this.status < 500 && !TEMPORARY.includes(this.status);
  }
}

export async function request(method, path, { token, body, headers, signal } = {}) {
  const response = await fetch(new URL(path, BASE), {
    method,
    signal: signal ?? AbortSignal.timeout(PATIENCE),
    credentials: "omit",
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new Refusal(response, await response.json().catch(() => ({})));
}

export async function requestJson(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? null : response.json();
}

// Waiting between attempts: longer each time, out of step with other tabs, and over at once when there is hope.
export class Backoff {
  #attempts = 0;

  reset() {
    this.#attempts = 0;
  }

  // `least` is how many seconds the server wants to be left alone; no hope shortens that.
  async wait(least = 0) {
    const step = Math.min(FIRST_PAUSE * 2 ** this.#attempts++, LONGEST_PAUSE) * (0.5 + Math.random() / 2);
    const over = new AbortController();
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(step, least * 1000));
      const hopes = least ? [] : ["online", "visibilitychange"];
      for (const type of hopes) addEventListener(type, resolve, { signal: over.signal });
    });
    over.abort();
  }
}

// Whose conversation this is: a token that all tabs share, asked for when there is first something to say.
// Fires "change" when the token is another one, with `detail.ended` when it was not given up here.
export class Session extends EventTarget {
  #stored = read(SESSION);
  #opening = null;

  // `describe` returns what the server is told of a new session.
  constructor(describe) {
    super();
    this.describe = describe;
    watch(SESSION, () => this.#take(read(SESSION), false));
  }

  get token() {
    return this.#stored?.token ?? null;
  }

  // What the host site said this customer is, as it was when the token was given.
  get vouched() {
    return this.#stored?.vouched;
  }

  async call(method, path, body) {
    const token = await this.open();
    try {
      return await requestJson(method, path, { token, body });
    } catch (error) {
      if (error.status === 401) this.lose(token);
      throw error;
    }
  }

  // Go on under another token, or, with null, under none.
  adopt(token, vouched) {
    if (token) write(SESSION, { token, vouched });
    else drop(SESSION);
    this.#take(read(SESSION), false);
  }

  // Trades the token for that of somebody signed in; other tabs wait, instead of starting anew meanwhile.
  exchange(path, body, vouched) {
    return alone(SESSION, async () => {
      const { token } = await requestJson("POST", path, { token: this.token, body });
      this.adopt(token, vouched);
    });
  }

  // The server knows this token no more. Another tab may have a new one already.
  lose(token) {
    return alone(SESSION, () => {
      if (read(SESSION)?.token === token) drop(SESSION);
      if (this.token === token) this.#take(read(SESSION), true);
    });
  }

  // Returns the token, of a new session where there is none.
  async open() {
    if (this.token) return this.token;
    this.#opening ??= alone(SESSION, async () => {
      const made = read(SESSION)?.token;
      if (made) this.#take(read(SESSION), false);
      else this.adopt((await requestJson("POST", "v1/sessions", { body: this.describe() })).token);
      return this.token;
    }).finally(() => (this.#opening = null));
    return this.#opening;
  }

  #take(stored, ended) {
    if (stored?.token === this.#stored?.token) return;
    this.#stored = stored;
    this.dispatchEvent(new CustomEvent("change", { detail: { ended: ended && !stored } }));
  }
}
