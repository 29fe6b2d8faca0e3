// Two test wallets in the page, announced as browser extensions announce theirs (EIP-6963). The keys are with this
// page's own server, which signs whatever is approved here: never do this with keys that are worth anything.

const REJECTED = { code: 4001, message: "The user rejected the request." };
const UNKNOWN = { code: 4200, message: "The test wallet does not know this method." };
const NOT_CONNECTED = { code: 4100, message: "This account is not connected." };
const MAINNET = "0x1";

const dialog = document.getElementById("wallet");

// Shows what is asked for and resolves to whether the person approves.
function askPerson(name, title, account, text) {
  const put = (id, value) => (document.getElementById(id).textContent = value);
  put("wallet-name", name);
  put("wallet-title", title);
  put("wallet-account", account);
  put("wallet-text", text);
  document.getElementById("wallet-text").hidden = !text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "approve"), { once: true });
  });
}

function readHex(hex) {
  const bytes = hex.slice(2).match(/../g) ?? [];
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => parseInt(byte, 16)));
}

class TestWallet {
  constructor(name, address) {
    this.name = name;
    this.address = address;
    this.connected = false;
  }

  async request({ method, params = [] }) {
    if (method === "eth_chainId") return MAINNET;
    if (method === "eth_accounts") return this.connected ? [this.address] : [];
    if (method === "eth_requestAccounts") return this.connect();
    if (method === "personal_sign") return this.sign(...params);
    throw UNKNOWN;
  }

  async connect() {
    this.connected ||= await askPerson(this.name, "Connect to this site?", this.address, "");
    if (!this.connected) throw REJECTED;
    return [this.address];
  }

  async sign(hex, address) {
    if (!this.connected || address.toLowerCase() !== this.address.toLowerCase()) throw NOT_CONNECTED;
    if (!(await askPerson(this.name, "Sign this text?", this.address, readHex(hex)))) throw REJECTED;
    const response = await fetch("wallet/sign", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ address: this.address, message: hex }),
    });
    return (await response.json()).signature;
  }
}

async function readIcon() {
  return `data:image/svg+xml,${encodeURIComponent(await (await fetch("wallet.svg")).text())}`;
}

// Returns what it announces: `{info, provider}` for each wallet.
export async function announceWallets() {
  const [accounts, icon] = await Promise.all([(await fetch("wallet/accounts")).json(), readIcon()]);
  const details = accounts.map(({ name, address }) => ({
    info: Object.freeze({ uuid: crypto.randomUUID(), name, icon, rdns: "org.example.test-wallet" }),
    provider: new TestWallet(name, address),
  }));
  const announce = () =>
    details.forEach((detail) => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze(detail) })));
  addEventListener("eip6963:requestProvider", announce);
  announce();
  return details;
}
