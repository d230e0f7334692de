/**
 * The chat in a frame on the bank's website (`/?embed=1`), beside `widget/` which is the page's end of it; and what
 * a link to the chat may say (`?topic=`, `?lang=`), framed or not.
 *
 * Who may frame the chat the server decides (`frame-ancestors`). Whoever does is told nothing but that the screen is
 * there, that it wants to be closed, how many messages came, and whether a person is expected; never a word of the
 * conversation. The page's origin is learned from the first answer to our `hello` and holds from then on.
 */
import { type FromChat, readFromPage, sealed, type SignedCustomer } from "../api/embedding";
import type { Message } from "../api/client";
import { isOfInputMethod } from "../inputMethod";
import { handoverProgress } from "./conversation";
import type { Courier } from "./courier";
import * as memory from "./memory";

/** A page that frames the chat without the widget never answers; its customers are served all the same. */
const PATIENCE_MS = 5_000;
const TOPIC_CHARS_MAX = 60;

const query = new URLSearchParams(window.location.search);
const framed = query.get("embed") === "1" && window.parent !== window;

let page: string | null = null;
let isOpen = false;
/** The panel was opened to be written in before there was a field. */
let isFocusOwed = false;
let topic = topicOf(query.get("topic"));
if (topic === memory.rememberedDroppedTopic()) topic = null;
/** Said before the page was known. */
let unsaid: FromChat[] = [];
const listeners = new Set<() => void>();

export function isEmbedded(): boolean {
  return framed;
}

/** The language of the page that leads here; the customer's own choice comes before it. */
export function requestedLanguage(): memory.Language | null {
  const language = query.get("lang");
  return language === "ko" || language === "en" ? language : null;
}

/** What the page is about: a question to offer. For `useSyncExternalStore` with `subscribe`. */
export function pageTopic(): string | null {
  return topic;
}

/** It was asked, or is not wanted; neither after a reload. */
export function dropTopic(): void {
  if (topic !== null) memory.rememberDroppedTopic(topic);
  offer(null);
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Asks the page to close the panel. */
export function closePanel(): void {
  say({ kind: "close" });
}

export function announceUnread(count: number): void {
  say({ kind: "unread", count });
}

/**
 * Shakes hands with the page, and says whom it is for: the customer as the bank signed him, or null for one whom it
 * does not name. Says so again when the page answers late, or names another one.
 */
export function meetPage(serve: (customer: SignedCustomer | null) => void): void {
  let served: string | null | undefined;
  const serveOnce = (customer: SignedCustomer | null): void => {
    const signature = customer?.signature ?? null;
    if (signature !== served) serve(customer);
    served = signature;
  };
  if (!framed) {
    serveOnce(null);
    return;
  }
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    // Only the window around us, and of that only the page that first answered; a page without an origin is nobody.
    if (event.source !== window.parent || event.origin === "null" || (page !== null && event.origin !== page)) return;
    const message = readFromPage(event.data);
    switch (message?.kind) {
      case "welcome":
        page = event.origin;
        serveOnce(message.customer);
        for (const waiting of unsaid) say(waiting);
        unsaid = [];
        break;
      case "opened":
        if (page === null) return;
        opened(message.takesFocus);
        offer(topicOf(message.topic) ?? topic);
        break;
      case "closed":
        if (page === null) return;
        isOpen = false;
        isFocusOwed = false;
        notify();
        break;
      case undefined:
        break;
    }
  });
  // It says nothing, so whoever frames us may hear it.
  window.parent.postMessage(sealed({ kind: "hello" }), "*");
  // Where a customer was named before, a page that is merely slow may name him again.
  if (memory.isOwned()) return;
  setTimeout(() => {
    if (page === null) serveOnce(null);
  }, PATIENCE_MS);
}

/** Tells the page of what comes while the panel is closed. */
export function report(courier: Courier): void {
  if (!framed) return;
  let seen: number | null = null;
  // The widget may remember otherwise from the page before.
  let told: { readonly unread: number; readonly isExpecting: boolean | null } = { unread: 0, isExpecting: null };
  const look = (): void => {
    const { isReady, conversation } = courier.screen();
    if (!isReady) {
      seen = null;
      return;
    }
    const { messages } = conversation;
    const newest = messages.at(-1)?.id ?? 0;
    const before = seen ?? memory.rememberedSeen();
    seen = isOpen ? newest : (before ?? newest);
    if (seen !== before) memory.rememberSeen(seen);
    const unread = unreadOf(messages, seen);
    if (unread !== told.unread) announceUnread(unread);
    const isExpecting = handoverProgress(conversation) !== null;
    if (isExpecting !== told.isExpecting) say({ kind: "expecting", isExpecting });
    told = { unread, isExpecting };
  };
  courier.subscribe(look);
  subscribe(look);
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isForPanel(event)) closePanel();
  });
  look();
}

/** The screen is on the page. */
export function drawn(): void {
  if (isFocusOwed) focusField();
  say({ kind: "ready" });
}

/** What others wrote after the last message that was seen. */
export function unreadOf(messages: readonly Pick<Message, "id" | "author">[], seen: number): number {
  return messages.filter(({ id, author }) => id > seen && (author === "agent" || author === "assistant")).length;
}

/** One line, no control characters, and something the assistant can take; null if nothing is left. */
export function topicOf(text: string | null): string | null {
  const line = (text ?? "").replace(/[\p{C}\s]+/gu, " ").trim();
  const cut = Array.from(line).slice(0, TOPIC_CHARS_MAX).join("").trim();
  return cut.length < 2 ? null : cut;
}

function say(message: FromChat): void {
  if (!framed) return;
  if (page === null) unsaid.push(message);
  else window.parent.postMessage(sealed(message), page);
}

function opened(takesFocus: boolean): void {
  isOpen = true;
  notify();
  // With a mouse, one can type at once; on a phone a keyboard would cover what the assistant says first.
  if (takesFocus && window.matchMedia("(pointer: fine)").matches) focusField();
}

function focusField(): void {
  const field = document.getElementById("message");
  field?.focus();
  isFocusOwed = field === null;
}

function offer(next: string | null): void {
  topic = next;
  notify();
}

function notify(): void {
  for (const listener of listeners) listener();
}

/** Not one that ends the composing of a syllable, or closes a dialog of the screen. */
function isForPanel(event: KeyboardEvent): boolean {
  return !event.defaultPrevented && !isOfInputMethod(event) && document.querySelector("dialog[open]") === null;
}
