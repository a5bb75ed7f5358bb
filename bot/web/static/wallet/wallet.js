// Wallets in this browser (EIP-6963, or the one at window.ethereum) and what is asked of one.

import { Problem } from "./api.js";

const DECLINED = 4001;
const UNKNOWN_CHAIN = 4902;
const BUSY = -32002;

// Calls `found` with all wallets each time another one shows itself.
export function discover(found) {
  const wallets = new Map();
  const tell = () => {
    const shown = [...wallets.values()];
    const known = shown.some((wallet) => wallet.provider === window.ethereum);
    if (window.ethereum?.request && (!shown.length || (!known && !window.ethereum.isMetaMask))) {
      shown.push({ name: shown.length ? "Another wallet" : "Browser wallet", provider: window.ethereum });
    }
    found(shown);
  };
  window.addEventListener("eip6963:announceProvider", ({ detail }) => {
    wallets.set(detail.info.uuid, { name: detail.info.name, icon: detail.info.icon, provider: detail.provider });
    tell();
  });
  window.addEventListener("ethereum#initialized", tell);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(tell, 300);
}

export class Wallet {
  constructor(provider) {
    this.provider = provider;
  }

  async ask(method, params = []) {
    try {
      return await this.provider.request({ method, params });
    } catch (error) {
      throw explained(error);
    }
  }

  async connect() {
    const [account] = await this.ask("eth_requestAccounts");
    if (!account) throw new Problem("Your wallet shows no account. Unlock it and try again.");
    return account;
  }

  async choose() {
    await this.ask("wallet_requestPermissions", [{ eth_accounts: {} }]);
    return this.connect();
  }

  async switchTo(site) {
    const chainId = `0x${site.chain_id.toString(16)}`;
    try {
      await this.provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    } catch (error) {
      if (error?.code !== UNKNOWN_CHAIN && error?.data?.originalError?.code !== UNKNOWN_CHAIN) throw explained(error);
      const network = {
        chainId,
        chainName: site.network,
        nativeCurrency: { name: "SEI", symbol: "SEI", decimals: 18 },
        rpcUrls: [site.rpc_url],
      };
      if (site.explorer) network.blockExplorerUrls = [site.explorer];
      await this.ask("wallet_addEthereumChain", [network]);
    }
  }

  signText(text, address) {
    const bytes = new TextEncoder().encode(text);
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return this.ask("personal_sign", [`0x${hex}`, address]);
  }

  signTyped(typed, address) {
    return this.ask("eth_signTypedData_v4", [address, JSON.stringify(typed)]);
  }
}

function explained(error) {
  if (error?.code === DECLINED) return new Problem("You declined in your wallet. Nothing was signed.");
  if (error?.code === BUSY) return new Problem("Your wallet is waiting for you already. Open it and answer there.");
  return new Problem(`Your wallet says: ${error?.message ?? "no"}.`.replace(/\.\.$/, "."));
}
