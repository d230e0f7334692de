/**
 * What a bank's page and the chat in its frame say to each other by `postMessage`. Each side answers for two
 * things by itself: that a message comes from the window and the origin it shook hands with, and that what it
 * sends goes to that origin only. Both come from one server, so there is one version; a browser that holds
 * one side from before an update meets silence instead of a misunderstanding.
 */
import { isRecord } from "./errors";

const PROTOCOL = "bank-aicc";
const VERSION = 1;

/** Who the bank says the customer is: its own opaque reference, and its signature, in hex, over exactly that. */
export interface SignedCustomer {
  readonly reference: string;
  readonly signature: string;
}

/** Said by the chat. */
export type FromChat =
  /** Asks who frames it. The one message for any origin, hence the one that says nothing. */
  | { readonly kind: "hello" }
  /** The screen is there, and with it its button that closes the panel. */
  | { readonly kind: "ready" }
  | { readonly kind: "close" }
  /** How many messages came while the panel was closed. */
  | { readonly kind: "unread"; readonly count: number }
  /** Whether a person is on the way or there, so that messages may come at any time. */
  | { readonly kind: "expecting"; readonly isExpecting: boolean };

/** Said by the page. */
export type FromPage =
  /** Answers `hello`; its origin is the page's. */
  | { readonly kind: "welcome"; readonly customer: SignedCustomer | null }
  | { readonly kind: "opened"; readonly topic: string | null; readonly takesFocus: boolean }
  | { readonly kind: "closed" };

export function sealed(message: FromChat | FromPage): object {
  return { protocol: PROTOCOL, version: VERSION, ...message };
}

/** Null for what is no message of ours: a page and its other frames post all kinds of things. */
export function readFromChat(data: unknown): FromChat | null {
  const fields = unsealed(data);
  switch (fields?.kind) {
    case "hello":
    case "ready":
    case "close":
      return { kind: fields.kind };
    case "unread":
      return isCount(fields.count) ? { kind: "unread", count: fields.count } : null;
    case "expecting":
      return typeof fields.isExpecting === "boolean" ? { kind: "expecting", isExpecting: fields.isExpecting } : null;
    default:
      return null;
  }
}

export function readFromPage(data: unknown): FromPage | null {
  const fields = unsealed(data);
  switch (fields?.kind) {
    case "welcome":
      return { kind: "welcome", customer: readCustomer(fields.customer) };
    case "opened":
      return {
        kind: "opened",
        topic: typeof fields.topic === "string" ? fields.topic : null,
        takesFocus: fields.takesFocus === true,
      };
    case "closed":
      return { kind: "closed" };
    default:
      return null;
  }
}

function unsealed(data: unknown): Record<string, unknown> | null {
  return isRecord(data) && data.protocol === PROTOCOL && data.version === VERSION ? data : null;
}

function readCustomer(value: unknown): SignedCustomer | null {
  if (!isRecord(value)) return null;
  const { reference, signature } = value;
  return typeof reference === "string" && typeof signature === "string" ? { reference, signature } : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
