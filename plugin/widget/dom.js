// How elements are made: from names, attributes and nodes. Every string becomes a text node, so that nothing
// somebody wrote can be markup.
const SVG = "http://www.w3.org/2000/svg";

// The paths of each drawing, in a square of 24.
export const DRAWINGS = {
  headset: ["M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v5H6a2 2 0 0 1-2-2zm16 0h-3v5h1a2 2 0 0 0 2-2zm-1 5a5 3 0 0 1-5 2h-1"],
  back: ["m15 5-7 7 7 7"],
  down: ["M12 5v14m-6-6 6 6 6-6"],
  close: ["M6 6l12 12M18 6 6 18"],
  menu: ["M4 7h16M4 12h16M4 17h10"],
  people: [
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6.5 9a6.5 6.5 0 0 1 13 0",
    "M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  ],
  shield: ["M12 3 5 5.5v6c0 4.5 3 7.7 7 9.5 4-1.8 7-5 7-9.5v-6zm-3 9 2.2 2.2L15.5 10"],
  check: ["M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18M9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.7.4-1.1.9-1.1 1.7m0 2.8v.1"],
  send: ["M12 19V5m-6 6 6-6 6 6"],
  verified: [
    "m12 1.5 2.7 2 3.3-.2 1 3.2 2.8 1.9L20.7 12l1.1 3.6-2.8 1.9-1 3.2-3.3-.2-2.7 2-2.7-2-3.3.2-1-3.2-2.8-1.9L3.3 12 2.2 8.4 5 6.5l1-3.2 3.3.2z",
    "m8 12.2 2.7 2.7L16 9.5",
  ],
  alert: ["M12 3.5 2.5 20h19zM12 10v4.5m0 2.7v.1"],
  clock: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4.5V12l3 2"],
  tick: ["m5 12.5 4.5 4.5L19 7.5"],
};

// Functions among the attributes listen to the event of that name; false, null and undefined leave one out.
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== false && child != null));
  return made;
}

// A drawing. With a label it means something; without, it only adorns.
export function icon(name, label) {
  const drawing = svg("svg", { class: `icon ${name}`, viewBox: "0 0 24 24", ...meaning(label) });
  drawing.append(...DRAWINGS[name].map((d) => svg("path", { d })));
  return drawing;
}

const meaning = (label) => (label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" });

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export function iconButton(name, label, click) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, click }, icon(name));
}
