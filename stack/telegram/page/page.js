// The team's group: loads the chat, follows it live, and sends what one does.

import { Composer } from './composer.js';
import { MessageList, initials, make } from './messages.js';
import { webAddress } from './text.js';

const RECONNECT_MS = 1000;
const EVENTS = ['new', 'edited', 'deleted'];
const element = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);

const list = new MessageList(
  {
    list: element('messages'), scroll: element('scroll'), empty: element('empty'), toEnd: element('to-end'),
    heard: element('heard'),
  },
  {
    reply: (message) => composer.replyTo(message),
    edit: (message) => composer.startEdit(message),
    remove: (message) => post('/delete', { chat, ids: [message.id] }),
  },
);
const composer = new Composer(
  {
    form: element('composer'), persons: element('persons'), text: element('text'), context: element('context'),
    contextTarget: element('context-target'), contextTitle: element('context-title'),
    contextText: element('context-text'), contextCancel: element('context-cancel'),
  },
  { send, choose: (person) => list.actAs(person), jump: (id) => list.jumpTo(id) },
);
let chat = query.get('chat');
let last = 0;

async function send({ person, text, reply, edit }) {
  if (edit) return edit.text === text || post('/edit', { chat, id: edit.id, text });
  return post('/send', { chat, from: person.from, text, reply_to: reply?.id ?? null });
}

/** Post JSON; show what went wrong, and return whether nothing did. */
async function post(path, body) {
  let problem = '';
  try {
    const response = await fetch(path, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    if (!response.ok) problem = (await response.json()).error ?? `Refused (${response.status})`;
  } catch {
    problem = 'Not sent: the local data centre does not answer.';
  }
  element('error').textContent = problem;
  element('error').hidden = !problem;
  return !problem;
}

function showState(text, isLive) {
  element('live').textContent = text;
  element('live').classList.toggle('on', isLive);
}

function follow() {
  const stream = new EventSource(`/live?${new URLSearchParams({ chat, after: last })}`);
  stream.addEventListener('open', () => showState('live', true));
  stream.addEventListener('error', () => {
    showState('reconnecting…', false);
    // The browser tries again by itself unless it got an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, RECONNECT_MS);
  });
  for (const name of EVENTS) {
    stream.addEventListener(name, (event) => {
      last = Number(event.lastEventId);
      take(name, JSON.parse(event.data));
    });
  }
}

function take(name, message) {
  if (name !== 'deleted') {
    list.put(message);
    return;
  }
  list.remove(message.id);
  composer.forget(message.id);
}

async function load() {
  const response = await fetch(chat ? `/chat?${new URLSearchParams({ chat })}` : '/chat');
  const state = await response.json();
  if (!response.ok) throw new Error(state.error);
  ({ chat, last } = state);
  element('title').textContent = state.title;
  element('avatar').textContent = initials(state.title);
  element('members').textContent = `${state.members} members · `;
  document.title = `${state.title} · local stand-in, not Telegram`;
  composer.setPersons(state.persons);
  list.fill(state.messages);
  follow();
}

async function loadLinks() {
  const links = await (await fetch('/links.json')).json();
  for (const { label, url } of links) {
    const link = make('a', 'link', label);
    link.href = webAddress(url);
    link.rel = 'noopener noreferrer';
    link.target = '_blank';
    element('links').append(link);
  }
}

loadLinks();
load().catch((error) => showState(`could not load: ${error.message}`, false));
