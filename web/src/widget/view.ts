/** Launcher and panel, in a shadow root so that neither page's styles reach the other. Decides nothing. */
import { isOfInputMethod } from "../inputMethod";
import { button, element, icon, style } from "./dom";
import type { Settings } from "./settings";
import { isFullScreen, onFullScreenChange, onVisibleChange, visiblePart } from "./viewport";
import css from "./widget.css?inline";
import { words, type Words } from "./words";

const ICONS = {
  chat: "M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-5 4v-4H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zm3 6h.01M12 11h.01M16 11h.01",
  close: "M6 6l12 12M18 6 6 18",
};
const BADGE_MAX = 99;

/** What the customer sees of the chat in the frame. */
export type Cover = "loading" | "failed" | "none";

export interface Verbs {
  readonly toggle: () => void;
  readonly close: () => void;
  readonly retry: () => void;
}

export class View {
  /** A name of its own, so that the page's rules for `div` pass it by. */
  readonly #host = document.createElement("bank-aicc-widget");
  readonly #launcher: HTMLButtonElement;
  readonly #label = element("span", "label");
  readonly #badge = element("span", "badge");
  readonly #panel = element("dialog", "panel");
  /** Over the frame until the chat is there, with a way out of its own. */
  readonly #cover: HTMLDivElement;
  readonly #message = element("div", "message");
  readonly #news = element("p", "read-aloud");
  readonly #frame: HTMLIFrameElement;
  readonly #settings: Settings;
  readonly #words: Words;
  readonly #verbs: Verbs;
  readonly #address: string;
  readonly #swaps = new MutationObserver(() => {
    this.appear();
  });
  #unread = 0;
  /** Who gets the focus back, unless that is the launcher. */
  #opener: HTMLElement | null = null;

  constructor(settings: Settings, frame: HTMLIFrameElement, fullPage: string, verbs: Verbs) {
    const { label } = settings;
    this.#settings = settings;
    this.#words = words[settings.language];
    this.#verbs = verbs;
    this.#frame = frame;
    this.#address = fullPage;

    this.#label.textContent = label;
    this.#badge.setAttribute("aria-hidden", "true");
    this.#launcher = button("launcher", verbs.toggle, icon("chat", ICONS.chat), icon("close", ICONS.close), this.#label, this.#badge);
    const closing = button("bar-close", verbs.close, icon("close", ICONS.close));
    closing.setAttribute("aria-label", this.#words.close(label));
    this.#cover = element("div", "cover", element("div", "bar", label, closing), this.#message);
    this.#news.setAttribute("role", "status");
    this.#panel.setAttribute("aria-label", this.#words.panel(label));
    // The frame comes with the first opening: an empty one would be a page in the tab's history.
    this.#panel.append(this.#cover);
    this.#panel.addEventListener("cancel", (event) => {
      event.preventDefault();
      verbs.close();
    });

    const root = this.#host.attachShadow({ mode: "open" });
    style(root, css);
    root.append(this.#panel, this.#launcher, this.#news);
    this.#host.lang = settings.language;
    this.#host.dataset.position = settings.position;
    if (settings.accent !== null) {
      this.#host.style.setProperty("--accent", settings.accent.ground);
      this.#host.style.setProperty("--on-accent", settings.accent.ink);
    }
    document.addEventListener("keydown", this.#pressed);
    onFullScreenChange(() => {
      if (!this.isOpen) return;
      const hadFocus = this.#hasFocus();
      this.#lay();
      if (hadFocus) this.#frame.focus();
    });
    onVisibleChange(this.#fit);
    this.#name();
  }

  get isOpen(): boolean {
    return this.#panel.open;
  }

  /** Stands on the page from now on, whatever becomes of it: one that exchanges its body (Turbo) or what is in it takes the widget with it. */
  appear(): void {
    const body = document.querySelector("body");
    if (body === null) return;
    if (!this.#host.isConnected) {
      body.append(this.#host);
      // Over the page only a dialog that is shown anew is.
      if (this.isOpen) this.#lay();
    }
    this.#swaps.disconnect();
    for (const parent of [document.documentElement, body]) this.#swaps.observe(parent, { childList: true });
  }

  /** Puts the frame into the panel, seen or not; from now on it may load. */
  admitFrame(): void {
    if (!this.#frame.isConnected) this.#panel.append(this.#frame);
  }

  /** On a phone the panel covers the page, so there the focus is nowhere else. */
  open(takesFocus: boolean): void {
    const { activeElement } = document;
    this.#opener = activeElement instanceof HTMLElement && !this.#hasFocus() ? activeElement : null;
    this.#lay();
    if (takesFocus || isFullScreen()) this.#frame.focus();
    this.#name();
  }

  close(): void {
    const hadFocus = this.#hasFocus();
    this.#panel.close();
    this.#name();
    // Who writes elsewhere on the page is left alone.
    if (hadFocus) (this.#opener?.isConnected === true ? this.#opener : this.#launcher).focus();
  }

  cover(cover: Cover): void {
    this.#cover.hidden = cover === "none";
    switch (cover) {
      case "loading":
        this.#message.replaceChildren(element("p", "loading", this.#words.loading));
        break;
      case "failed": {
        const link = element("a", "action", this.#words.newWindow);
        link.href = this.#address;
        link.target = "_blank";
        link.rel = "noopener";
        const text = element("p", "", this.#words.failed);
        text.setAttribute("role", "alert");
        this.#message.replaceChildren(text, button("action", this.#verbs.retry, this.#words.retry), link);
        break;
      }
      case "none":
        this.#message.replaceChildren();
        break;
    }
  }

  unread(count: number): void {
    if (count > this.#unread) this.#news.textContent = this.#words.news(count);
    if (count === 0) this.#news.textContent = "";
    this.#unread = count;
    this.#badge.textContent = count === 0 ? "" : count > BADGE_MAX ? `${BADGE_MAX}+` : String(count);
    this.#name();
  }

  #name(): void {
    const { label } = this.#settings;
    this.#launcher.setAttribute("aria-label", this.isOpen ? this.#words.close(label) : this.#words.open(label, this.#unread));
    this.#launcher.dataset.state = this.isOpen ? "open" : "closed";
  }

  /** Beside the page, or over it and then the page cannot be reached. The frame stays where it is, or it would load again. */
  #lay(): void {
    if (this.#panel.open) this.#panel.close();
    const isOver = isFullScreen();
    this.#panel.dataset.over = String(isOver);
    if (isOver) this.#panel.showModal();
    // `show()` would take the focus.
    else this.#panel.open = true;
    this.#fit();
  }

  readonly #fit = (): void => {
    const visible = this.isOpen && this.#panel.dataset.over === "true" ? visiblePart() : null;
    this.#panel.dataset.keyboard = String(visible?.hasKeyboard ?? false);
    if (visible === null) {
      this.#panel.style.removeProperty("--visible-top");
      this.#panel.style.removeProperty("--visible-height");
    } else {
      this.#panel.style.setProperty("--visible-top", `${visible.top}px`);
      this.#panel.style.setProperty("--visible-height", `${visible.height}px`);
    }
  };

  /** Escape where the focus is ours or nobody's; a dialog of the page keeps its own. */
  readonly #pressed = (event: Event): void => {
    if (!(event instanceof KeyboardEvent) || event.key !== "Escape" || event.defaultPrevented || isOfInputMethod(event)) return;
    if (!this.isOpen || !this.#hasFocus()) return;
    event.preventDefault();
    this.#verbs.close();
  };

  /** It is here, or nowhere: Safari does not focus a button that is clicked. */
  #hasFocus(): boolean {
    const { activeElement } = document;
    return activeElement === this.#host || activeElement === document.body || activeElement === null;
  }
}
