/** Opens and closes the chat, and remembers which. */
import type { SignedCustomer } from "../api/embedding";
import type { Events } from "./api";
import { Frame } from "./frame";
import { remember, remembered } from "./memory";
import { chatAddress, type Settings } from "./settings";
import { View } from "./view";
import { words } from "./words";

export class Widget {
  readonly #frame: Frame;
  readonly #view: View;
  readonly #listeners: { readonly [Kind in keyof Events]: Set<(detail: Events[Kind]) => void> } = {
    open: new Set(),
    close: new Set(),
    unread: new Set(),
  };
  #isLoaded = false;
  #isExpecting = false;
  #shownUnread = 0;

  constructor(settings: Settings) {
    this.#frame = new Frame(settings, words[settings.language].panel(settings.label), {
      heard: (message) => {
        switch (message.kind) {
          case "ready":
            this.#view.cover("none");
            break;
          case "close":
            this.close();
            break;
          case "unread":
            this.#unread(message.count);
            break;
          case "expecting":
            this.#isExpecting = message.isExpecting;
            this.#remember();
            break;
        }
      },
      failed: () => {
        this.#view.cover("failed");
      },
    });
    this.#view = new View(settings, this.#frame.element, chatAddress(settings, false), {
      toggle: () => {
        this.toggle();
      },
      close: () => {
        this.close();
      },
      retry: () => {
        this.#load();
      },
    });
  }

  /** Takes up what this tab left on the page before. */
  start(): void {
    this.#view.appear();
    const state = remembered();
    if (state === "open") this.#open(false, null);
    if (state !== "expecting") return;
    this.#isExpecting = true;
    // The customer asked for it before, and it can wait until the bank's page is there.
    if (document.readyState === "complete") this.#admit();
    else
      window.addEventListener("load", () => {
        this.#admit();
      });
  }

  open(topic: string | null): void {
    this.#open(true, topic);
  }

  close(): void {
    if (!this.#view.isOpen) return;
    this.#view.close();
    this.#frame.tell({ kind: "closed" });
    this.#remember();
    this.#emit("close", null);
  }

  toggle(): void {
    if (this.#view.isOpen) this.close();
    else this.open(null);
  }

  identify(customer: SignedCustomer | null): void {
    this.#frame.identify(customer);
  }

  on<Kind extends keyof Events>(kind: Kind, listener: (detail: Events[Kind]) => void): () => void {
    this.#listeners[kind].add(listener);
    return () => {
      this.#listeners[kind].delete(listener);
    };
  }

  #open(takesFocus: boolean, topic: string | null): void {
    this.#view.appear();
    this.#admit();
    const wasOpen = this.#view.isOpen;
    if (!wasOpen) this.#view.open(takesFocus);
    this.#frame.tell({ kind: "opened", topic, takesFocus });
    this.#unread(0);
    this.#remember();
    if (!wasOpen) this.#emit("open", null);
  }

  /** Once; from then on the chat stays loaded, closed or not. */
  #admit(): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    this.#load();
    this.#view.admitFrame();
  }

  #load(): void {
    this.#view.cover("loading");
    this.#frame.load();
  }

  #unread(count: number): void {
    const shown = this.#view.isOpen ? 0 : count;
    if (shown === this.#shownUnread) return;
    this.#shownUnread = shown;
    this.#view.unread(shown);
    this.#emit("unread", { count: shown });
  }

  #remember(): void {
    remember(this.#view.isOpen ? "open" : this.#isExpecting ? "expecting" : "closed");
  }

  #emit<Kind extends keyof Events>(kind: Kind, detail: Events[Kind]): void {
    for (const listener of this.#listeners[kind])
      // The page's mistakes are the page's: one must not keep the panel from closing.
      queueMicrotask(() => {
        listener(detail);
      });
  }
}
