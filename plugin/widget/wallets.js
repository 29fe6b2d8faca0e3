// Wallets in the host page, loaded by the loader when somebody wants to sign in. Nothing but a sign-in text for
// this very site is ever signed: the page in the frame asks, but what the wallet gets to see is judged here.

const LONGEST_NAME = 60;
const REJECTED = 4001;
const BUSY = -32002;

const announced = new Map();
addEventListener("eip6963:announceProvider", ({ detail }) => {
  if (detail?.info?.uuid && detail.provider) announced.set(String(detail.info.uuid), detail);
});

export function wallets() {
  dispatchEvent(new Event("eip6963:requestProvider"));
  const items = [...announced].map(([id, { info }]) => ({
    id,
    name: String(info.name ?? "").slice(0, LONGEST_NAME),
    icon: /^data:image\//.test(info.icon) ? info.icon : "",
  }));
  if (items.length === 0 && window.ethereum) items.push({ id: "injected", name: "", icon: "" });
  return { items };
}

export async function connect({ wallet }) {
  const provider = find(wallet);
  const [address] = (await ask(provider, "eth_requestAccounts")) ?? [];
  if (!address) throw refusal("failed");
  return { address, chain_id: Number(await ask(provider, "eth_chainId")) };
}

export async function sign({ wallet, address, message }) {
  const provider = find(wallet);
  const accounts = await ask(provider, "eth_accounts");
  if (!accounts?.some((account) => isSame(account, address))) throw refusal("account_changed");
  if (!isSignIn(message, address)) throw refusal("refused");
  const bytes = [...new TextEncoder().encode(message)];
  const hex = `0x${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  return { signature: await ask(provider, "personal_sign", [hex, address]) };
}

function find(id) {
  const provider = id === "injected" ? window.ethereum : announced.get(id)?.provider;
  if (!provider) throw refusal("no_wallet");
  return provider;
}

async function ask(provider, method, params = []) {
  try {
    return await provider.request({ method, params });
  } catch (error) {
    throw refusal({ [REJECTED]: "rejected", [BUSY]: "busy" }[error?.code] ?? "failed");
  }
}

// The text of EIP-4361, whole, with this page's own domain and address.
const SIGN_IN = new RegExp(
  [
    "^(?<domain>[!-~]+) wants you to sign in with your Ethereum account:",
    "(?<address>0x[0-9a-fA-F]{40})",
    "(?:\n[ -~]+)?",
    "\nURI: (?<uri>[!-~]+)",
    "Version: 1",
    "Chain ID: \\d+",
    "Nonce: [a-zA-Z0-9]{8,}",
    "Issued At: [!-~]+",
  ].join("\n") + "(?:\n(?:Expiration Time|Not Before|Request ID): [!-~]+)*(?:\nResources:(?:\n- [!-~]+)*)?$",
);

function isSignIn(message, address) {
  const found = SIGN_IN.exec(message)?.groups;
  return (
    found !== undefined &&
    found.domain === location.host &&
    isSame(found.address, address) &&
    URL.canParse(found.uri) &&
    new URL(found.uri).origin === location.origin
  );
}

function isSame(one, other) {
  return typeof one === "string" && one.toLowerCase() === String(other).toLowerCase();
}

function refusal(code) {
  return Object.assign(new Error(code), { refusal: code });
}
