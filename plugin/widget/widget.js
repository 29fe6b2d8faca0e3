// The loader: a button, and the way to the rest. The server puts the settings in the place of {desk}.
((desk) => {
  const queue = window.Headset;
  // Loaded twice: the first one goes on.
  if (queue?.open) return;

  const script = document.currentScript;
  const base = new URL(".", script.src);
  const rules = {
    name: /^.{1,60}$/,
    color: /^#[\da-f]{6}$/i,
    locale: /^[a-z]{2,3}(-[a-z\d]{1,8})*$/i,
    theme: /^(auto|light|dark)$/,
    position: /^(left|right)$/,
    launcher: /^none$/,
  };
  const options = { name: desk.name, color: desk.color };
  const set = (key, value) => value?.match?.(rules[key]) && (options[key] = value);
  for (const key in rules) set(key, script.dataset[key]);

  const events = new EventTarget();
  const emit = (type, detail) => events.dispatchEvent(new CustomEvent(type, { detail }));
  // Storage may be refused.
  const memory = (method) => {
    try {
      return localStorage[method]("headset.here", 1);
    } catch {}
  };
  let shown = false;
  let unread = 0;
  let loading, panel, back;
  // A browser does not fetch a module again that it could not fetch, but one of another address.
  let attempt = "";

  // A framework may throw the element out with everything else: it comes back.
  class Launcher extends HTMLElement {
    disconnectedCallback() {
      setTimeout(attach, 50);
    }
  }
  customElements.define("headset-widget", Launcher);
  const element = new Launcher();
  const attach = () => {
    if (!document.body) return setTimeout(attach, 50);
    if (element.isConnected) return;
    panel?.renew();
    document.body.append(element);
  };

  const root = element.attachShadow({ mode: "open" });
  const [svg, icon] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  const [button, badge] = ["button", "span"].map((name) => document.createElement(name));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.append(icon);
  button.append(svg, badge);
  root.append(button);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host{all:initial!important;position:fixed!important;z-index:2147483647!important}
:host([hidden]),.none,span:empty{display:none!important}
button{position:fixed;right:20px;bottom:calc(var(--headset-bottom,20px) + env(safe-area-inset-bottom));width:56px;height:56px;padding:0;border:1px solid transparent;border-radius:50%;cursor:pointer;box-shadow:0 2px 16px #0005}
.left{right:auto;left:20px}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #111}
svg{display:block;width:28px;margin:auto;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
span{position:absolute;top:-4px;right:-4px;min-width:20px;padding:0 5px;border-radius:10px;background:#c4162a;color:#fff;font:600 12px/20px system-ui}
@media print{:host{display:none!important}}`);
  root.adoptedStyleSheets = [sheet];

  // The texts of the wished language, or else of the first there is of those that the browser's user reads.
  const find = (tag) => desk.texts.find(([code]) => code === tag.toLowerCase());
  const choose = () => {
    for (const tag of options.locale ? [options.locale] : navigator.languages)
      for (let parts = tag.split("-"); parts[0]; parts.pop()) {
        const found = find(parts.join("-"));
        if (found) return found;
      }
    return find("en");
  };

  const draw = () => {
    const [code, dir, open, close, some] = choose();
    const [red, green, blue] = options.color.match(/\w\w/g).map((part) => (parseInt(part, 16) / 255) ** 2.2);
    const side = options.position || (dir === "rtl" ? "left" : "right");
    element.lang = code;
    button.className = `${side} ${options.launcher || ""}`;
    button.style.background = options.color;
    button.style.color = red * 0.21 + green * 0.72 + blue * 0.07 > 0.18 ? "#000" : "#fff";
    button.setAttribute("aria-label", shown ? close : unread ? some.replace("{count}", unread) : open);
    button.setAttribute("aria-expanded", shown);
    button.setAttribute("aria-controls", "panel");
    icon.setAttribute(
      "d",
      shown ? "m6 9 6 6 6-6" : "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v5H6a2 2 0 0 1-2-2zm16 0h-3v5h1a2 2 0 0 0 2-2zm-1 5a5 3 0 0 1-6 2",
    );
    badge.textContent = shown || !unread ? "" : unread > 99 ? "99+" : unread;
    panel?.draw(shown, side);
  };

  // What is to be done with the panel waits for it, in order.
  const use = (act) => {
    loading ??= import(`${base}widget/${desk.build}/panel.js${attempt}`).then((module) => {
      panel = module.makePanel({ root, base, options, handlers });
      draw();
    });
    loading.then(act).catch((error) => {
      if (!panel) {
        attempt += "?";
        loading = move(false);
      }
      throw error;
    });
  };
  const tell = (type, data) => use(() => panel.post(type, data));

  const move = (to) => {
    if (shown === to) return;
    const from = root.activeElement;
    shown = to;
    if (to) {
      back = from || document.activeElement;
      use(() => panel.focus());
    }
    draw();
    if (!to && from) (back === document.body ? button : back).focus();
    emit(to ? "open" : "close");
  };

  const change = (key, value) => {
    if (set(key, value)) {
      draw();
      panel?.post(key, { [key]: value });
    }
  };

  const api = (window.Headset = {
    open: () => move(true),
    close: () => move(false),
    toggle: () => move(!shown),
    show: () => (element.hidden = false),
    hide() {
      move(false);
      element.hidden = true;
    },
    identify: ({ jwt }) => tell("identify", { jwt }),
    connectWallet() {
      move(true);
      tell("connectWallet");
    },
    logout() {
      memory("removeItem");
      tell("logout");
    },
    setLocale: (locale) => change("locale", locale),
    setTheme: (theme) => change("theme", theme),
    on(type, listener) {
      events.addEventListener(type, listener);
      if (type === "ready") queueMicrotask(() => listener(new Event(type)));
    },
    off: (type, listener) => events.removeEventListener(type, listener),
    push: (...calls) => calls.forEach(([method, ...given]) => queueMicrotask(() => api[method](...given))),
  });

  const handlers = {
    close: api.close,
    unread({ count }) {
      unread = count;
      draw();
      emit("unread", count);
    },
    message({ message }) {
      memory("setItem");
      emit("message", message);
    },
  };

  button.onclick = api.toggle;
  element.onkeydown = ({ key }) => {
    if (key === "Escape") move(false);
  };
  draw();
  attach();
  if (Array.isArray(queue)) api.push(...queue);
  if (memory("getItem")) (window.requestIdleCallback || setTimeout)(() => use());
})({desk});
