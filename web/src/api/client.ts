/**
 * The calls a screen makes, and the names it has for what comes back. This is the only file that knows
 * `schema.ts`, which is generated from the server's own `openapi.json` (`npm run schema`).
 */
import type { SignedCustomer } from "./embedding";
import { CallFailed, failureOf, refusal } from "./errors";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Message = Schemas["Message"];
export type Source = Schemas["Source"];
export type QuickReply = Schemas["QuickReply"];
export type Greeting = Schemas["Greeting"];
export type HandoverState = Schemas["HandoverState"];
export type HandoverStatus = Schemas["HandoverStatus"];
export type StageName = Schemas["StageName"];
/** A document of the bank, whole; `blocks` of its sections tell tables and lists apart. */
export type KnowledgeDocument = Schemas["DocumentShape"];
export type EventsPage = Schemas["History"];
/** The answer to one message. */
export type Reply = Schemas["ChatReply"];

const QUICK_MS = 10_000;
/** A language model may be slow. Giving up early costs nothing: the same message is asked for again by its name. */
const TURN_MS = 60_000;
const LONG_POLL_S = 25;

export function greeting(): Promise<Greeting> {
  return call("/api/v1/greeting", { method: "GET" }, QUICK_MS);
}

/**
 * Opens a session, for the customer whom the bank's page names if it does. Its cookie authorises everything after;
 * the token in the body is for other clients.
 */
export async function openSession(customer: SignedCustomer | null): Promise<string> {
  const body = JSON.stringify(customer === null ? {} : { customer });
  const opened = await call<Schemas["OpenedSession"]>("/api/v1/sessions", { method: "POST", body }, QUICK_MS);
  return opened.session_id;
}

export function messagesOf(session: string): Promise<Message[]> {
  return call(`${sessionPath(session)}/messages`, { method: "GET" }, QUICK_MS);
}

export function handoverOf(session: string): Promise<HandoverState> {
  return call(`${sessionPath(session)}/handover-status`, { method: "GET" }, QUICK_MS);
}

/** Waits until there is something after `afterId`, at most `LONG_POLL_S` seconds. */
export function eventsAfter(session: string, afterId: number, signal: AbortSignal): Promise<EventsPage> {
  const path = `${sessionPath(session)}/events?after_id=${afterId}&wait=${LONG_POLL_S}`;
  return call(path, { method: "GET", signal }, LONG_POLL_S * 1000 + QUICK_MS);
}

/** One turn. Repeating it with the same `clientMessageId` is the same turn. */
export function postMessage(session: string, clientMessageId: string, text: string): Promise<Reply> {
  const body = { session_id: session, user_message: text, client_message_id: clientMessageId };
  return call("/api/v1/chat/message", { method: "POST", body: JSON.stringify(body) }, TURN_MS);
}

export function documentOf(documentId: string): Promise<KnowledgeDocument> {
  return call(`/api/v1/knowledge/documents/${encodeURIComponent(documentId)}`, { method: "GET" }, QUICK_MS);
}

export function socketUrl(session: string, afterId: number): string {
  const url = new URL(`/api/v1/chat/ws/${encodeURIComponent(session)}`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("after_id", String(afterId));
  return url.href;
}

function sessionPath(session: string): string {
  return `/api/v1/sessions/${encodeURIComponent(session)}`;
}

async function call<Body>(path: string, init: RequestInit, timeoutMs: number): Promise<Body> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(path, {
      ...init,
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      cache: "no-store",
      credentials: "same-origin",
      signal,
    });
    body = await response.json().catch(() => null);
  } catch (thrown) {
    throw new CallFailed(failureOf(thrown));
  }
  if (!response.ok) throw new CallFailed(refusal(response.status, body));
  // A 200 that is not JSON is a captive portal or a proxy, not our server.
  if (body === null) throw new CallFailed({ kind: "unreachable" });
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the schema is the server's own word for it
  return body as Body;
}
