// How the page reads and looks: its language, and its colours. No text stands in the code.
const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];
// The ground that leaves the least contrast in each theme; page.css has nothing darker, or lighter, below a text.
const GROUNDS = { light: [233, 237, 243], dark: [44, 49, 60] };
const TEXT_CONTRAST = 4.5;
const SHAPE_CONTRAST = 1.3;
// From here on white on a colour looks right; the colour then gets as dark as that needs.
const DARK_CONTRAST = 2.9;

let language = { locale: "en", dir: "ltr", texts: {} };
let region = "en";
let plurals = new Intl.PluralRules("en");
let formats = new Map();

export function setLanguage(config) {
  language = config;
  // The reader's own variant of the language writes times in its own way.
  region = navigator.languages.find((tag) => tag.startsWith(`${config.locale}-`)) ?? config.locale;
  plurals = new Intl.PluralRules(config.locale);
  formats = new Map();
  document.documentElement.lang = config.locale;
  document.documentElement.dir = config.dir;
}

// The text with its placeholders filled in. A key that ends in a dot has plural forms, chosen by `count`.
export function t(key, values = {}) {
  const { texts } = language;
  const text = key.endsWith(".") ? (texts[key + plurals.select(values.count)] ?? texts[`${key}other`]) : texts[key];
  return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function format(kind, options) {
  const key = JSON.stringify([kind, options]);
  if (!formats.has(key)) formats.set(key, new Intl[kind](region, options));
  return formats.get(key);
}

export const clock = (date) => format("DateTimeFormat", { timeStyle: "short" }).format(date);

export function dateAndTime(date) {
  return format("DateTimeFormat", { dateStyle: "full", timeStyle: "short" }).format(date);
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());

// "today", "yesterday", or the date.
export function day(date, now = new Date()) {
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (ago === 0 || ago === 1) return format("RelativeTimeFormat", { numeric: "auto" }).format(-ago, "day");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format("DateTimeFormat", { weekday: "long", day: "numeric", month: "long", year }).format(date);
}

export const isSameDay = (one, other) => Number(midnight(one)) === Number(midnight(other));

// Light, dark, or as the device has it.
export function setTheme(theme) {
  const { dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset.theme = theme;
  else delete dataset.theme;
}

export function setColor(color) {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return;
  const chosen = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  for (const [theme, ground] of Object.entries(GROUNDS)) {
    const shape = standOut(chosen, ground, SHAPE_CONTRAST);
    const isDark = contrast(WHITE, shape) >= DARK_CONTRAST;
    setShade(`fill-${theme}`, isDark ? standOut(shape, WHITE, TEXT_CONTRAST) : shape);
    setShade(`on-fill-${theme}`, isDark ? WHITE : BLACK);
    setShade(`accent-${theme}`, standOut(chosen, ground, TEXT_CONTRAST));
  }
}

function setShade(name, rgb) {
  document.documentElement.style.setProperty(`--${name}`, `rgb(${rgb.join(" ")})`);
}

// The nearest shade of a colour that keeps the contrast.
function standOut(color, ground, least) {
  const towards = luminance(ground) > 0.18 ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.04) {
    const shade = color.map((part, at) => Math.round(part + (towards[at] - part) * share));
    if (contrast(shade, ground) >= least) return shade;
  }
  return towards;
}

// As WCAG 2.2 defines the two.
function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
