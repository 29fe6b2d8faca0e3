// The list of messages: one <li> each, kept in the order of their ids.

import { renderText } from './text.js';

const KINDS = {
  photo: 'Photo', sticker: 'Sticker', voice: 'Voice message', document: 'File', location: 'Location', contact: 'Contact',
};
const NEAR_END = 80;
const COLOURS = 6;

export class MessageList {
  /** `act` holds reply(message), edit(message) and remove(message). */
  constructor({ list, scroll, empty, toEnd, heard }, act) {
    Object.assign(this, { list, scroll, empty, toEnd, heard, act });
    this.messages = new Map();
    this.items = new Map();
    this.person = null;
    toEnd.addEventListener('click', () => this.scrollToEnd());
    scroll.addEventListener('scroll', () => { if (this.isAtEnd()) toEnd.hidden = true; }, { passive: true });
  }

  fill(messages) {
    this.list.replaceChildren();
    this.items.clear();
    this.messages = new Map(messages.map((message) => [message.id, message]));
    this.redraw();
    this.scrollToEnd();
  }

  actAs(person) {
    this.person = person;
    this.redraw();
  }

  put(message) {
    const wasAtEnd = this.isAtEnd();
    const isNew = !this.messages.has(message.id);
    this.messages.set(message.id, message);
    this.draw(message);
    if (isNew) this.say(message);
    else this.redrawRepliesTo(message.id);
    this.group();
    if (wasAtEnd || (isNew && this.isOwn(message))) this.scrollToEnd();
    else if (isNew) this.toEnd.hidden = false;
  }

  remove(id) {
    this.messages.delete(id);
    this.items.get(id)?.remove();
    this.items.delete(id);
    this.redrawRepliesTo(id);
    this.group();
  }

  jumpTo(id) {
    const item = this.items.get(id);
    if (!item) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    item.scrollIntoView({ block: 'center', behavior: still ? 'auto' : 'smooth' });
    item.classList.remove('found');
    requestAnimationFrame(() => item.classList.add('found'));
    item.addEventListener('animationend', () => item.classList.remove('found'), { once: true });
  }

  isOwn(message) {
    return this.person !== null && message.kind !== 'service' && sameSender(message.from, this.person.from);
  }

  isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroll;
    return scrollTop + clientHeight >= scrollHeight - NEAR_END;
  }

  scrollToEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.toEnd.hidden = true;
  }

  // For those who don't see the page; the list itself changes too often to be read out.
  say(message) {
    if (!this.isOwn(message)) this.heard.textContent = `${message.name}: ${summary(message)}`;
  }

  redraw() {
    for (const message of this.messages.values()) this.draw(message);
    this.group();
  }

  redrawRepliesTo(id) {
    for (const message of this.messages.values()) if (message.reply_to === id) this.draw(message);
  }

  draw(message) {
    const item = message.kind === 'service' ? drawService(message) : this.drawBubble(message);
    item.id = `message-${message.id}`;
    message.day = new Date(message.date).toLocaleDateString([], { dateStyle: 'long' });
    const old = this.items.get(message.id);
    this.items.set(message.id, item);
    if (old) old.replaceWith(item);
    else this.list.append(item);
  }

  drawBubble(message) {
    const item = make('li', `message${this.isOwn(message) ? ' own' : ''}${message.out ? ' bot' : ''}`);
    item.append(make('span', `avatar colour-${colourOf(message.from)}`, initials(message.name)));
    item.lastChild.setAttribute('aria-hidden', 'true');
    const bubble = make('div', 'bubble');
    bubble.append(drawName(message));
    if (message.reply_to !== null) bubble.append(this.drawQuote(message));
    if (KINDS[message.kind]) bubble.append(make('p', 'media', KINDS[message.kind]));
    if (message.text) {
      const text = make('p', 'text');
      text.dir = 'auto';
      text.append(renderText(message.text, message.entities));
      bubble.append(text);
    }
    bubble.append(drawTime(message), this.drawActions(message));
    item.append(bubble);
    return item;
  }

  drawQuote(message) {
    const target = this.messages.get(message.reply_to);
    const quote = make('button', `quote colour-${target ? colourOf(target.from) : 0}`);
    quote.type = 'button';
    quote.append(make('span', 'quote-name', target ? target.name : 'Deleted or unknown message'));
    const text = message.quote ?? (target ? summary(target) : '');
    if (text) quote.append(make('span', 'quote-text', text));
    if (target) quote.addEventListener('click', () => this.jumpTo(target.id));
    else quote.disabled = true;
    return quote;
  }

  drawActions(message) {
    const actions = make('div', 'actions');
    const about = `${message.name}: ${summary(message).slice(0, 60)}`;
    const add = (label, run) => {
      const button = make('button', 'action', label);
      button.type = 'button';
      button.setAttribute('aria-label', `${label}: ${about}`);
      button.addEventListener('click', () => run(message));
      actions.append(button);
    };
    add('Reply', this.act.reply);
    if (this.isOwn(message) && message.kind === 'text') add('Edit', this.act.edit);
    if (this.isOwn(message) || this.person?.admin) add('Delete', this.act.remove);
    return actions;
  }

  // Marks messages that go on after the same sender's, and the first of each day.
  group() {
    let before = null;
    for (const message of this.messages.values()) {
      const item = this.items.get(message.id);
      const isFirst = before === null || before.day !== message.day;
      item.classList.toggle('follows', !isFirst && goesOn(before, message));
      if (isFirst) item.dataset.day = message.day;
      else delete item.dataset.day;
      before = message;
    }
    this.empty.hidden = this.messages.size > 0;
  }
}

/** Return one line that stands for a message. */
export function summary(message) {
  return (message.text || KINDS[message.kind] || '').replace(/\s+/g, ' ');
}

function goesOn(before, message) {
  return before.kind !== 'service' && message.kind !== 'service' && sameSender(before.from, message.from);
}

export function sameSender(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function initials(name) {
  return name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join('');
}

export function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function colourOf(sender) {
  let sum = 0;
  for (const character of JSON.stringify(sender)) sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  return sum % COLOURS;
}

function drawName(message) {
  const name = make('p', `name colour-${colourOf(message.from)}`, message.name);
  if (message.out) name.append(make('span', 'tag', 'bot'));
  if (message.from === 'anonymous') name.append(make('span', 'tag', 'anonymous'));
  if (message.from === 'anonymous-channel') name.append(make('span', 'tag', 'as group'));
  if (typeof message.from === 'object') name.append(make('span', 'tag', 'channel'));
  return name;
}

function drawTime(message) {
  const date = new Date(message.date);
  const clock = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const time = make('time', 'time', message.edited ? `edited ${clock}` : clock);
  time.dateTime = message.date;
  time.title = date.toLocaleString();
  return time;
}

function drawService(message) {
  const item = make('li', 'message service');
  item.append(make('span', 'note', `${message.name} ${message.text}`));
  return item;
}
