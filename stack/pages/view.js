// State to page. Everything that somebody wrote goes in as text, never as markup.
const list = document.getElementById("messages");
const empty = document.getElementById("empty");
const problem = document.getElementById("problem");
const status = document.getElementById("state");

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function who(message) {
  const line = element("p", "who", message.author.kind === "customer" ? "You" : message.author.name || "Support");
  if (message.author.verified === true) line.append(" ", element("span", "verified", "✓ verified"));
  if (message.created_at) {
    const time = new Date(message.created_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    line.append(` · ${time}`);
  }
  if (message.edited_at) line.append(" · edited");
  return line;
}

function item(message) {
  const made = element("li", message.author.kind === "customer" ? "mine" : "theirs", "");
  if (message.deleted_at) made.classList.add("deleted");
  made.append(who(message), element("p", "text", message.deleted_at ? "This message was deleted." : message.text));
  return made;
}

function waitingItem(entry) {
  const made = element("li", "mine waiting", "");
  made.append(element("p", "who", "You · sending …"), element("p", "text", entry.text));
  return made;
}

export function render(state) {
  const messages = [...state.messages.values()].sort((a, b) => a.seq - b.seq);
  const unsent = state.unsent.filter((entry) => !state.messages.has(entry.id));
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(...messages.map(item), ...unsent.map(waitingItem));
  if (atEnd) list.scrollTop = list.scrollHeight;
  empty.hidden = messages.length + unsent.length > 0;
  status.textContent = state.online && navigator.onLine ? "Online" : "Connecting …";
  problem.textContent = state.problem;
  problem.hidden = !state.problem;
}
