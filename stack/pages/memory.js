// What outlives a reload.
const PREFIX = "headset.";

export function recall(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  localStorage.setItem(PREFIX + name, JSON.stringify(value));
}
