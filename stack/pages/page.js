// An imaginary site: some balances, a swap that hangs, and a reason to ask for help.
import { announceWallets } from "./wallet.js";

const RATE = 1842.5;
const USD = { EXA: 1842.5, DMO: 1 };
const holdings = { EXA: 1.75, DMO: 420 };

// The widget may still be on its way: calls wait in this list until it is there.
window.Headset = window.Headset || [];

const byId = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function element(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

function showHoldings() {
  const worth = (token) => holdings[token] * USD[token];
  byId("total").textContent = number.format(worth("EXA") + worth("DMO"));
  const rows = Object.keys(holdings).map((token) => {
    const name = element("span", "name", `${number.format(holdings[token])} ${token}`);
    name.append(element("small", "", `${number.format(worth(token))} USD`));
    return element("li", "", element("b", "", token.slice(0, 1)), name);
  });
  byId("holdings").replaceChildren(...rows);
}

function addEvent(what, detail, state, waiting = false) {
  const text = element("span", "what", what, element("small", "", detail));
  byId("events").prepend(element("li", "", text, element("span", waiting ? "state waiting" : "state", state)));
}

const amount = () => Number(byId("pay").value.replace(",", ".")) || 0;

function showQuote() {
  byId("get").textContent = number.format(amount() * RATE);
}

byId("pay").addEventListener("input", showQuote);
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const what = `Swap ${number.format(amount())} EXA for ${number.format(amount() * RATE)} DMO`;
  addEvent(what, "It hangs, as this network is imaginary. A case for the support desk.", "Pending", true);
});
byId("help").addEventListener("click", () => window.Headset.push(["open"]));

const wallets = await announceWallets();
byId("account").addEventListener("click", async () => {
  const [address] = await wallets[0].provider.request({ method: "eth_requestAccounts" }).catch(() => []);
  if (address) byId("account").textContent = `${address.slice(0, 6)}…${address.slice(-4)}`;
});

byId("rate").textContent = `1 EXA = ${number.format(RATE)} DMO`;
showHoldings();
showQuote();
addEvent("Received 420.00 DMO", "Yesterday", "Confirmed");
addEvent("Swap 0.40 EXA for 737.00 DMO", "Sent 20 minutes ago", "Pending", true);
