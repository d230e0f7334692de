/**
 * What the browser remembers. The session id and the language outlive the tab; what was typed and not yet
 * sent stays with its tab (sessionStorage survives a reload, and does not stay behind on a shared PC). Never
 * the token: that is in an HttpOnly cookie. Where storage is refused, the page works and forgets.
 *
 * A browser has one conversation at a time, as it has one cookie, and both it and every tab are marked with whose
 * that is. What is another's is forgotten before anything of it is read.
 */
import { after } from "../api/abort";
import type { SignedCustomer } from "../api/embedding";
import { isRecord, refusal } from "../api/errors";
import type { Delivery, Outgoing } from "./conversation";

export type Language = "ko" | "en";

const SESSION = "bank-aicc.session";
const OUTBOX = "bank-aicc.outbox";
const DRAFT = "bank-aicc.draft";
const NOTICE = "bank-aicc.notice";
const LANGUAGE = "bank-aicc.language";
const OWNER = "bank-aicc.owner";
const SEEN = "bank-aicc.seen";
const TOPIC = "bank-aicc.topic";
/** Enough of a signature to tell customers apart, and too little to be one. */
const MARK_CHARS = 16;

/**
 * Says whom the chat in this tab is for: the customer whom the bank's page names; null for one it does not name, or
 * where no page says anything. What somebody else left here is forgotten, in this browser and in this tab, which may
 * have been asleep when the browser changed hands. Gives the session that was forgotten; null: none was.
 */
export function belongTo(customer: SignedCustomer | null): string | null {
  const owner = customer?.signature.slice(0, MARK_CHARS) ?? null;
  const before = read(() => localStorage, SESSION);
  claim(() => localStorage, owner, [SESSION]);
  claim(() => sessionStorage, owner, [OUTBOX, DRAFT, SEEN]);
  return read(() => localStorage, SESSION) === null ? before : null;
}

/** The bank named whoever used this browser last. */
export function isOwned(): boolean {
  return read(() => localStorage, OWNER) !== null;
}

/** The browser is still this tab's customer's: no other tab has said otherwise since. */
export function isOurs(): boolean {
  return read(() => localStorage, OWNER) === read(() => sessionStorage, OWNER);
}

/** Calls back when another tab serves another customer. */
export function onOwnerElsewhere(lose: () => void): void {
  window.addEventListener("storage", (event) => {
    if (event.key === OWNER && !isOurs()) lose();
  });
}

export function rememberedSession(): string | null {
  return isOurs() ? read(() => localStorage, SESSION) : null;
}

/** Unless the browser changed hands while it was opened. */
export function rememberSession(session: string): void {
  if (isOurs()) write(() => localStorage, SESSION, session);
}

/** Forgets `session`, unless another tab has already put a newer one in its place. */
export function forgetSession(session: string): void {
  if (rememberedSession() === session) write(() => localStorage, SESSION, null);
}

/** Calls back when another tab opened a new session. */
export function onSessionElsewhere(adopt: (session: string) => void): void {
  window.addEventListener("storage", (event) => {
    if (event.key !== SESSION) return;
    // If two tabs wrote at once, the events cross, but what is kept is one.
    const session = rememberedSession();
    if (session !== null) adopt(session);
  });
}

/** The last message that was seen in this tab, where the chat is in a panel that may be closed. */
export function rememberedSeen(): number | null {
  const seen = read(() => sessionStorage, SEEN);
  return seen === null ? null : Number(seen);
}

export function rememberSeen(id: number): void {
  write(() => sessionStorage, SEEN, String(id));
}

/** What the page is about, where the customer has asked it in this tab or put it away. */
export function rememberedDroppedTopic(): string | null {
  return read(() => sessionStorage, TOPIC);
}

export function rememberDroppedTopic(topic: string): void {
  write(() => sessionStorage, TOPIC, topic);
}

/** Longer than opening a session takes. */
const ALONE_MS = 15_000;

/**
 * Lets one tab at a time take up or open a session, so that two tabs restored at once open one, not two. Where locks
 * are missing (plain HTTP), refused, or held by a tab that was put to sleep, `onSessionElsewhere` brings the tabs
 * together a moment later. `open` handles its own failures.
 */
export function alone<Result>(open: () => Promise<Result>): Promise<Result> {
  return "locks" in navigator ? navigator.locks.request(SESSION, { signal: after(ALONE_MS) }, open).catch(open) : open();
}

/** What is being typed; empty: nothing. */
export function rememberDraft(text: string): void {
  write(() => sessionStorage, DRAFT, text === "" ? null : text);
}

export function rememberedDraft(): string {
  return read(() => sessionStorage, DRAFT) ?? "";
}

/** The version of the notice whose receipt the server has for this session; null: none. */
export function rememberedNotice(session: string): string | null {
  const [of, version] = (read(() => localStorage, NOTICE) ?? "").split("\n");
  return of === session ? (version ?? null) : null;
}

export function rememberNotice(session: string, version: string): void {
  write(() => localStorage, NOTICE, `${session}\n${version}`);
}

export function rememberedOutbox(): Outgoing[] {
  return parseOutbox(read(() => sessionStorage, OUTBOX));
}

export function rememberOutbox(outbox: readonly Outgoing[]): void {
  const kept = outbox.map(({ clientMessageId, text, typedAt, delivery }) => {
    const refused = delivery.kind === "refused" && delivery.failure.kind === "refused" ? delivery.failure : undefined;
    return { clientMessageId, text, typedAt, refused };
  });
  write(() => sessionStorage, OUTBOX, kept.length === 0 ? null : JSON.stringify(kept));
}

/** The link that leads here or `navigator.language` decides the first visit, the customer every other. */
export function rememberedLanguage(requested: Language | null = null): Language {
  const remembered = read(() => localStorage, LANGUAGE);
  if (remembered === "ko" || remembered === "en") return remembered;
  if (requested !== null) return requested;
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}

export function rememberLanguage(language: Language): void {
  write(() => localStorage, LANGUAGE, language);
}

export function parseOutbox(text: string | null): Outgoing[] {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((item: unknown): Outgoing[] => {
    if (!isRecord(item)) return [];
    const { clientMessageId, text: words, typedAt, refused } = item;
    if (typeof clientMessageId !== "string" || typeof words !== "string" || typeof typedAt !== "number") return [];
    // What was refused is not sent again by itself.
    const delivery: Delivery = isRecord(refused) ? { kind: "refused", failure: refusal(null, refused) } : { kind: "queued" };
    return [{ clientMessageId, text: words, typedAt, failures: 0, answer: "", delivery }];
  });
}

function claim(storage: () => Storage, owner: string | null, keys: readonly string[]): void {
  if (read(storage, OWNER) === owner) return;
  for (const key of keys) write(storage, key, null);
  write(storage, OWNER, owner);
}

// Reading the property `localStorage` itself throws where storage is blocked, hence the functions.
function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    // Full or blocked: the page still works, it only forgets.
  }
}
