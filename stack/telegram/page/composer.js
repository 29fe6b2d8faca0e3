// The composer: as whom one writes, what one answers or edits, and the text.

import { colourOf, make, summary } from './messages.js';

const REMEMBERED = 'person';
const LONGEST = 160;

export class Composer {
  /** `send({person, text, reply, edit})` resolves when it is done; `choose(person)` hears of the switch. */
  constructor(elements, { send, choose, jump }) {
    Object.assign(this, elements, { onSend: send, onChoose: choose });
    this.people = [];
    this.reply = this.edit = null;
    this.form.addEventListener('submit', (event) => { event.preventDefault(); this.submit(); });
    this.text.addEventListener('keydown', (event) => this.onKey(event));
    this.text.addEventListener('input', () => this.fit());
    document.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.cancel(); });
    this.contextCancel.addEventListener('click', () => { this.cancel(); this.text.focus(); });
    this.contextTarget.addEventListener('click', () => jump((this.reply ?? this.edit).id));
  }

  setPersons(people) {
    this.people = people;
    this.persons.querySelectorAll('label').forEach((label) => label.remove());
    const remembered = sessionStorage.getItem(REMEMBERED);
    const chosen = people.find(({ from }) => JSON.stringify(from) === remembered) ?? people[0];
    for (const person of people) this.persons.append(this.drawPerson(person, person === chosen));
    this.choose(chosen);
  }

  drawPerson(person, isChosen) {
    const label = make('label', `person colour-${colourOf(person.from)}`);
    const radio = document.createElement('input');
    Object.assign(radio, { type: 'radio', name: 'person', checked: isChosen });
    radio.addEventListener('change', () => { this.choose(person); this.cancelEdit(); });
    const words = make('span', 'person-words');
    words.append(make('span', 'person-name', person.name), make('span', 'person-role', person.role));
    label.append(radio, make('span', 'dot'), words);
    return label;
  }

  choose(person) {
    this.person = person;
    sessionStorage.setItem(REMEMBERED, JSON.stringify(person.from));
    this.text.placeholder = `Message as ${person.name}`;
    this.onChoose(person);
  }

  replyTo(message) {
    this.cancelEdit();
    this.reply = message;
    this.showContext(`Reply to ${message.name}`, message);
  }

  startEdit(message) {
    this.reply = null;
    this.edit = message;
    this.text.value = message.text;
    this.showContext('Edit message', message);
    this.fit();
  }

  showContext(title, message) {
    this.contextTitle.textContent = title;
    this.contextText.textContent = summary(message).slice(0, LONGEST);
    this.context.hidden = false;
    this.text.focus();
  }

  cancel() {
    this.cancelEdit();
    this.reply = null;
    this.context.hidden = true;
  }

  cancelEdit() {
    if (this.edit) {
      this.text.value = '';
      this.fit();
      this.context.hidden = true;
    }
    this.edit = null;
  }

  /** Forget a message that is gone. */
  forget(id) {
    if (this.reply?.id === id || this.edit?.id === id) this.cancel();
  }

  onKey(event) {
    // An Enter that ends an input method's word is not meant for us.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.submit();
    }
  }

  async submit() {
    const text = this.text.value.trim();
    if (!text || this.busy) return;
    this.busy = true;
    const isSent = await this.onSend({ person: this.person, text, reply: this.reply, edit: this.edit });
    this.busy = false;
    if (!isSent) return;
    this.edit = null;
    this.cancel();
    this.text.value = '';
    this.fit();
    this.text.focus();
  }

  fit() {
    this.text.rows = Math.min(8, Math.max(1, this.text.value.split('\n').length));
  }
}
