// How elements are made: from names, attributes and nodes. Every string becomes a text node, so that nothing
// somebody wrote can be markup.
const SVG = "http://www.w3.org/2000/svg";

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

// A drawing from the page's sheet of symbols. With a label it means something; without, it only adorns.
export function icon(name, label) {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  drawing.setAttribute("class", `icon ${name}`);
  if (label) {
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", label);
  } else {
    drawing.setAttribute("aria-hidden", "true");
  }
  drawing.append(use);
  return drawing;
}

export function iconButton(name, label, click) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, click }, icon(name));
}
