// The customer's HTTP API, with a session that is made when first needed and kept.
import { keep, recall } from "./memory.js";

// The server pings every 20 s; a stream that says nothing for longer is dead, whatever the browser believes.
const SILENCE = 45_000;

export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.retryAfter = Number(retryAfter) || null;
  }
}

async function checked(response) {
  if (response.ok) return response;
  throw new ApiError(response.status, await response.json().catch(() => ({})), response.headers.get("Retry-After"));
}

export async function connect() {
  const { api } = await (await checked(await fetch("settings.json"))).json();
  const config = await (await checked(await fetch(`${api}/v1/config`))).json();
  return new Api(api, config);
}

class Api {
  constructor(base, config) {
    this.base = base;
    this.config = config;
    this.token = recall("token", null);
    this.making = null;
  }

  async call(method, path, { body, headers, signal } = {}) {
    const token = await this.session();
    const response = await fetch(this.base + path, {
      method,
      cache: "no-store",
      signal,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body && { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    if (response.status === 401) this.forget(token);
    return checked(response);
  }

  // One session, also when the stream and a message ask for it at once.
  async session() {
    if (this.token) return this.token;
    this.making ??= this.makeSession().finally(() => {
      this.making = null;
    });
    return this.making;
  }

  async makeSession() {
    const response = await fetch(`${this.base}/v1/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ locale: navigator.language }),
    });
    this.token = (await (await checked(response)).json()).token;
    keep("token", this.token);
    return this.token;
  }

  // A refused token is given up once: by now there may be a new one.
  forget(token) {
    if (this.token !== token) return;
    this.token = null;
    keep("token", null);
  }

  async send(client_id, text) {
    return (await this.call("POST", "/v1/messages", { body: { client_id, text } })).json();
  }

  async history() {
    return (await this.call("GET", "/v1/messages?limit=200")).json();
  }

  // Reads until the server or the network ends it.
  async stream(lastEvent, onEvent, onOpen) {
    const silence = new AbortController();
    const headers = { "Last-Event-ID": String(lastEvent) };
    const response = await this.call("GET", "/v1/events", { headers, signal: silence.signal });
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const timer = setTimeout(() => silence.abort(), SILENCE);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.map(parse).filter(Boolean).forEach(onEvent);
    }
  }
}

function parse(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  return fields.data && { id: Number(fields.id), type: fields.event, data: JSON.parse(fields.data) };
}
