// An injected wallet; its answers come from wallet.py.
(() => {
  const listeners = {};
  const provider = {
    request: async (question) => {
      const told = JSON.parse(await window.testWallet(JSON.stringify(question)));
      if (told.error) throw Object.assign(new Error(told.error.message), told.error);
      return told.result;
    },
    on: (name, listener) => (listeners[name] ??= []).push(listener),
  };
  window.testWalletTells = (name, value) => listeners[name]?.forEach((tell) => tell(value));
  const circle = "<circle cx='4' cy='4' r='4' fill='orange'/>";
  const info = {
    uuid: "3b8f1d2e-0000-4000-8000-000000000001",
    name: "Test wallet",
    icon: `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>${circle}</svg>`,
    rdns: "test.wallet",
  };
  const detail = Object.freeze({ info, provider });
  const announce = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
