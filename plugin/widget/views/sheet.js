// The style sheet of the views that are fetched when they are opened: who imports this waits for it.
import { el } from "../dom.js";

await new Promise((resolve) => {
  const href = new URL("pages.css", import.meta.url);
  document.head.append(el("link", { rel: "stylesheet", href, load: resolve, error: resolve }));
});
