/** The chat in its frame: loads it, shakes hands, and passes on what it says. Knows nothing of how it looks. */
import { type FromChat, type FromPage, readFromChat, sealed, type SignedCustomer } from "../api/embedding";
import { chatAddress, type Settings } from "./settings";

/** A slow phone on a bad line. After this the customer is told, and the frame may still come. */
const PATIENCE_MS = 15_000;

export interface Listener {
  /** What it said; `hello` is answered here. */
  readonly heard: (message: Exclude<FromChat, { kind: "hello" }>) => void;
  /** Nobody in the frame said anything: no network, or the page may not frame the chat. */
  readonly failed: () => void;
}

export class Frame {
  readonly element = document.createElement("iframe");
  readonly #settings: Settings;
  readonly #listener: Listener;
  #customer: SignedCustomer | null;
  /** Said when hands are shaken: how things stand by then. */
  #standing: FromPage = { kind: "closed" };
  #isAcquainted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: Settings, title: string, listener: Listener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#customer = settings.customer;
    this.element.title = title;
    this.element.allow = "clipboard-write";
    // The chat's server need not know which of the bank's pages somebody reads.
    this.element.referrerPolicy = "strict-origin";
    window.addEventListener("message", this.#receive);
  }

  load(): void {
    this.#isAcquainted = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#listener.failed, PATIENCE_MS);
    this.element.src = chatAddress(this.#settings, true);
  }

  tell(message: Exclude<FromPage, { kind: "welcome" }>): void {
    this.#standing = message;
    if (this.#isAcquainted) this.#post(message);
  }

  /** The page names another customer, or none any more. */
  identify(customer: SignedCustomer | null): void {
    this.#customer = customer;
    if (this.#isAcquainted) this.#post({ kind: "welcome", customer });
  }

  readonly #receive = (event: MessageEvent<unknown>): void => {
    if (event.source === null || event.source !== this.element.contentWindow) return;
    if (event.origin !== this.#settings.server.origin) return;
    const message = readFromChat(event.data);
    if (message === null) return;
    if (message.kind === "ready") clearTimeout(this.#timer);
    if (message.kind !== "hello") {
      this.#listener.heard(message);
      return;
    }
    // Also after a reload inside the frame.
    this.#isAcquainted = true;
    this.#post({ kind: "welcome", customer: this.#customer });
    this.#post(this.#standing);
  };

  #post(message: FromPage): void {
    this.element.contentWindow?.postMessage(sealed(message), this.#settings.server.origin);
  }
}
