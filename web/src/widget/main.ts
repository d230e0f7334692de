/**
 * `widget.js`, the one line on a bank's page (docs/embedding.md). A classic script without dependencies; it loads
 * nothing more until the customer opens the chat.
 */
import { customerOf, settingsOf } from "./settings";
import { Widget } from "./widget";

function begin(script: HTMLScriptElement): void {
  // On the page twice, by a template and a tag manager: the first one counts.
  if (window.BankAicc !== undefined) return;
  const widget = new Widget(settingsOf(script.src, script.dataset, document.documentElement.lang));
  window.BankAicc = {
    open: (options) => {
      widget.open(options?.topic ?? null);
    },
    close: () => {
      widget.close();
    },
    toggle: () => {
      widget.toggle();
    },
    identify: (customer) => {
      widget.identify(customerOf(customer?.reference ?? "", customer?.signature ?? ""));
    },
    on: (kind, listener) => widget.on(kind, listener),
  };
  widget.start();
  // For pages that cannot know when an `async` script has come.
  window.dispatchEvent(new Event("bank-aicc:ready"));
}

// Only while the script itself runs does the browser say which element it came from.
const { currentScript } = document;
const script =
  currentScript instanceof HTMLScriptElement ? currentScript : document.querySelector<HTMLScriptElement>('script[src*="/widget.js"]');
if (script !== null) {
  if (document.readyState === "loading")
    document.addEventListener("DOMContentLoaded", () => {
      begin(script);
    });
  else begin(script);
}
