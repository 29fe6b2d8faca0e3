// The panel with the frame, in the host page; the loader fetches this file when the panel is first needed.

const VERSION = 1;
const LONGEST_TITLE = 200;

const STYLE = `
#panel {
  position: fixed; right: 20px; bottom: calc(var(--headset-bottom, 20px) + 72px + env(safe-area-inset-bottom));
  width: min(400px, 100vw - 40px);
  height: min(680px, 100dvh - var(--headset-bottom, 20px) - 92px - env(safe-area-inset-bottom));
  overflow: hidden; border-radius: 16px; background: Canvas; color-scheme: light dark;
  box-shadow: 0 0 0 1px #0002, 0 12px 48px #0005;
  visibility: hidden; opacity: 0; transform: translateY(12px);
  transition: opacity .15s, transform .15s, visibility 0s .15s;
}
#panel.left { right: auto; left: 20px; }
/* Visible at once: what is not can't take the focus. */
#panel.open { visibility: visible; opacity: 1; transform: none; transition: opacity .15s, transform .15s; }
iframe { display: block; width: 100%; height: 100%; border: 0; }
@media (max-width: 480px), (max-height: 480px) {
  #panel.open, #panel.left, #panel { inset: 0; width: auto; height: auto; border-radius: 0; }
  #panel {
    padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
  }
  #panel.open + button { visibility: hidden; }
}
@media (prefers-reduced-motion) { #panel, #panel.open { transition: none; } }
`;

// `handlers` get what the page in the frame says; `options` are the loader's and may change.
export function makePanel({ root, base, options, handlers }) {
  const panel = document.createElement("div");
  const frame = document.createElement("iframe");
  const waiting = [];
  let ready = false;
  let shown = false;

  const post = (type, data) => {
    if (ready) send({ ...data, type });
    else waiting.push([type, data]);
  };
  const send = (message) => frame.contentWindow.postMessage({ ...message, headset: VERSION }, base.origin);

  const receive = ({ type, id, ...data }) => {
    if (type === "ready") {
      ready = true;
      for (const one of waiting.splice(0)) post(...one);
      send({ type: "shown", shown });
    } else if (id !== undefined) {
      answer(type, data).then((result) => ready && send({ ...result, re: id }));
    } else if (Object.hasOwn(handlers, type)) {
      handlers[type](data);
    }
  };

  addEventListener("message", ({ data, origin, source }) => {
    // Both: another frame may be of our origin, and our frame may have been led elsewhere.
    if (source === frame.contentWindow && origin === base.origin && data?.headset === VERSION) receive(data);
  });

  const renew = () => {
    ready = false;
    frame.src = `${base}widget#${describe(options)}`;
  };

  const draw = (open, side) => {
    panel.className = open ? `${side} open` : side;
    panel.style.colorScheme = ["light", "dark"].includes(options.theme) ? options.theme : "";
    if (shown === open) return;
    shown = open;
    if (open) post("page", describePage());
    if (ready) send({ type: "shown", shown });
  };

  panel.id = "panel";
  frame.title = options.name;
  frame.allow = "clipboard-write";
  renew();
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  panel.append(frame);
  root.prepend(panel);
  return { post, draw, renew, focus: () => frame.focus() };
}

function describe({ name, color, locale, theme }) {
  const all = { host: location.origin, name, color, locale, theme, ...describePage() };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value));
}

// Neither the query nor the fragment of the address: they may hold what is nobody's business.
function describePage() {
  return { url: location.origin + location.pathname, title: document.title.slice(0, LONGEST_TITLE) };
}

let attempt = "";

async function answer(type, data) {
  try {
    const wallets = await import(`./wallets.js${attempt}`);
    return await wallets[type](data);
  } catch (error) {
    // A browser does not fetch a module again that it could not fetch, but one of another address.
    if (error instanceof TypeError) attempt += "?";
    return { error: error?.refusal ?? "failed" };
  }
}
