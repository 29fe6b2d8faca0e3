// The customer's side of the demo: a plain page on the customer's HTTP API.
import { ApiError, connect } from "./api.js";
import { keep, recall } from "./memory.js";
import { render } from "./view.js";

const RETRY_FIRST = 500;
const RETRY_LONGEST = 10_000;
const LASTING = [400, 403, 404, 413, 415, 422];

const state = { messages: new Map(), unsent: recall("unsent", []), lastEvent: 0, online: false, problem: "" };
const form = document.getElementById("form");
const text = document.getElementById("text");
const show = () => render(state);
let api;
let sending = false;
let wake = () => {};

// Resolves after the time, or at once when the browser says that the network is back.
function pause(milliseconds) {
  return new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, milliseconds);
  });
}
addEventListener("online", () => {
  wake();
  sendAll();
});
addEventListener("offline", show);

function take(message) {
  state.messages.set(message.id, message);
  if (message.author.kind !== "customer") return;
  // The stream may bring our own message before the answer to its request is there.
  const own = state.unsent.find((one) => one.sent && one.text === message.text && !one.id);
  if (own) own.id = message.id;
}

async function sendOne(entry) {
  entry.sent = true;
  try {
    take(await api.send(entry.client_id, entry.text));
  } catch (error) {
    if (!(error instanceof ApiError) || !LASTING.includes(error.status)) throw error;
    state.problem = error.message;
    if (!text.value) text.value = entry.text;
  }
  state.unsent = state.unsent.filter((one) => one !== entry);
  keep("unsent", state.unsent);
  show();
}

async function sendAll() {
  if (sending || !api) return;
  sending = true;
  let delay = RETRY_FIRST;
  while (state.unsent.length > 0) {
    try {
      await sendOne(state.unsent[0]);
      delay = RETRY_FIRST;
    } catch (error) {
      await pause((error.retryAfter ?? 0) * 1000 || delay);
      delay = Math.min(delay * 2, RETRY_LONGEST);
    }
  }
  sending = false;
}

function onEvent(event) {
  state.lastEvent = event.id;
  if (event.type.startsWith("message.")) take(event.data);
  show();
}

async function follow() {
  let delay = RETRY_FIRST;
  for (;;) {
    try {
      if (state.lastEvent === 0) {
        const page = await api.history();
        page.items.forEach(take);
        state.lastEvent = page.last_event_id;
      }
      await api.stream(state.lastEvent, onEvent, () => {
        delay = RETRY_FIRST;
        state.online = true;
        show();
        sendAll();
      });
    } catch (error) {
      if (error.status === 401) {
        state.messages.clear();
        state.lastEvent = 0;
      }
    }
    state.online = false;
    show();
    await pause(delay);
    delay = Math.min(delay * 2, RETRY_LONGEST);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const written = text.value.trim();
  if (!written) return;
  state.unsent.push({ client_id: crypto.randomUUID(), text: written });
  keep("unsent", state.unsent);
  state.problem = "";
  text.value = "";
  show();
  sendAll();
});

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

async function start() {
  show();
  for (let delay = RETRY_FIRST; !api; delay = Math.min(delay * 2, RETRY_LONGEST)) {
    try {
      const connection = await connect();
      document.title = connection.config.name;
      document.getElementById("name").textContent = connection.config.name;
      document.getElementById("safety").textContent = connection.config.texts.safety;
      text.maxLength = connection.config.limits.text;
      if (/^#[0-9a-f]{6}$/i.test(connection.config.color)) {
        document.documentElement.style.setProperty("--accent", connection.config.color);
      }
      api = connection;
    } catch {
      await pause(delay);
    }
  }
  follow();
}
start();
