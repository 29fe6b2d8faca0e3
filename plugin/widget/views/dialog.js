// A question that wants an answer first. The browser's own dialog keeps the focus in, and gives it back.
import { el } from "../dom.js";
import { t } from "../look.js";
import "./sheet.js";

// Resolves with the `value` of the button, or null. With `promise`, a box to tick guards the main button.
export function ask({ title, lines = [], buttons, promise }) {
  return new Promise((resolve) => {
    const box = promise && el("input", { type: "checkbox", change: () => (main.disabled = !box.checked) });
    const made = buttons.map(({ value, label, isMain, isGrave }) => {
      const style = ["button", isMain && "main", isGrave && "grave"].filter(Boolean).join(" ");
      return el("button", { type: "button", class: style, click: () => dialog.close(value) }, label);
    });
    const main = made[buttons.findIndex(({ isMain }) => isMain)];
    if (box) main.disabled = true;
    const dialog = el(
      "dialog",
      { "aria-labelledby": "question", close: () => finish() },
      el("h2", { id: "question" }, title),
      lines.map((line) => el("p", {}, line)),
      box && el("label", { class: "promise-box" }, box, promise),
      el("p", { class: "buttons" }, made),
    );
    const finish = () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}

export async function confirm({ title, lines, yes, isGrave = false, promise }) {
  const buttons = [
    { value: "", label: t("cancel") },
    { value: "yes", label: yes, isMain: true, isGrave },
  ];
  return (await ask({ title, lines, buttons, promise })) === "yes";
}
