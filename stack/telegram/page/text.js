// A message's text with what Telegram would show in it. Data only ever becomes text nodes.

const CLASSES = {
  bot_command: 'command', mention: 'mention', bold: 'bold', italic: 'italic', underline: 'underline',
  strike: 'strike', code: 'code', pre: 'code', blockquote: 'quoted',
};
const TITLES = { bot_command: 'A bot command: clickable in Telegram', mention: 'A mention: clickable in Telegram' };

/** Return a fragment; entity offsets are UTF-16 units, as JavaScript's are. */
export function renderText(text, entities) {
  const fragment = document.createDocumentFragment();
  const cuts = new Set([0, text.length]);
  for (const { offset, length } of entities) cuts.add(offset).add(offset + length);
  const edges = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const covering = entities.filter((e) => e.offset <= edges[i] && edges[i + 1] <= e.offset + e.length);
    fragment.append(renderPart(text.slice(edges[i], edges[i + 1]), covering, text));
  }
  return fragment;
}

function renderPart(part, entities, text) {
  if (entities.length === 0) return document.createTextNode(part);
  const target = linkTarget(entities, text);
  const element = document.createElement(target ? 'a' : 'span');
  element.textContent = part;
  if (target) Object.assign(element, { href: target, target: '_blank', rel: 'noopener noreferrer' });
  for (const { type } of entities) {
    if (CLASSES[type]) element.classList.add(CLASSES[type]);
    if (TITLES[type]) element.title = TITLES[type];
  }
  return element;
}

function linkTarget(entities, text) {
  const link = entities.find(({ type }) => type === 'url' || type === 'text_url');
  return link ? webAddress(link.url ?? text.slice(link.offset, link.offset + link.length)) : null;
}

/** Return the address if it is http or https, else null: a javascript: link must not be clickable. */
export function webAddress(value) {
  try {
    const url = new URL(value);
    return ['http:', 'https:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
