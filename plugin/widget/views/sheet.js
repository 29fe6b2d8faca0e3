// What only the views need that are fetched when they are opened: their styles, which whoever imports this waits for,
// and their drawings.
import { DRAWINGS, el } from "../dom.js";

Object.assign(DRAWINGS, {
  star: ["m12 3 2.8 5.7 6.2.9-4.5 4.4 1.1 6.2-5.6-3-5.6 3L7.5 14 3 9.6l6.2-.9z"],
  wallet: ["M18 8V5H5.5a2 2 0 0 0 0 4H20v10H5.5a2 2 0 0 1-2-2V7M16.5 14v.1"],
  download: ["M12 4v11m-5-5 5 5 5-5M4 20h16"],
  leave: ["M10 4H5v16h5m5-12 4 4-4 4m4-4H9"],
  trash: ["M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13"],
  forward: ["m9 5 7 7-7 7"],
});

await new Promise((resolve) => {
  const href = new URL("pages.css", import.meta.url);
  document.head.append(el("link", { rel: "stylesheet", href, load: resolve, error: resolve }));
});
