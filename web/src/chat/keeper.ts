/**
 * Keeps this tab in a session: takes up the one this browser remembers or opens one, for as long as that takes, and
 * lets go of it. What is said in a session it does not know.
 */
import * as api from "../api/client";
import type { SignedCustomer } from "../api/embedding";
import { type Failure, failureOf, isSessionLost } from "../api/errors";
import { Pause } from "../api/pause";
import * as memory from "./memory";

export interface Session {
  readonly id: string;
  /** Everything that must end with it. */
  readonly over: AbortController;
}

export interface KeeperEvents {
  /** In a session, and what was said in it before. */
  entered(session: Session, messages: readonly api.Message[], handover: api.HandoverState): void;
  /** Not yet; it is tried again. */
  failed(failure: Failure): void;
  /** This browser serves another customer now, and has no session for ours. */
  displaced(): void;
}

const RETRY_MS = 500;
const RETRY_MS_MAX = 15_000;

export class Keeper {
  readonly #events: KeeperEvents;
  /** Whom the page names, for the sessions opened from here. */
  #customer: SignedCustomer | null = null;
  /** Null while one is being opened. */
  #session: Session | null = null;
  #entering: AbortController | null = null;
  readonly #retryPause = new Pause();

  constructor(events: KeeperEvents) {
    this.#events = events;
  }

  get session(): Session | null {
    return this.#session;
  }

  get customer(): SignedCustomer | null {
    return this.#customer;
  }

  enterFor(customer: SignedCustomer | null): void {
    this.#customer = customer;
    void this.enter();
  }

  async enter(): Promise<void> {
    const entering = new AbortController();
    this.#entering?.abort();
    this.#entering = entering;
    const isOver = (): boolean => entering.signal.aborted;
    for (let attempt = 1; !isOver(); attempt += 1) {
      if (!memory.isOurs()) {
        this.#events.displaced();
        return;
      }
      const isForgotten = await memory.alone(() => this.#tryToEnter(isOver));
      // Straight on to a new one, but never in a tight circle (a browser without cookies).
      if (isForgotten && attempt === 1) continue;
      // Once inside, `entering` is done with.
      if (isOver() || this.#entering !== entering) return;
      await this.#retryPause.of(retryMs(attempt));
    }
  }

  /** The network or the page came back: try now. */
  wake(): void {
    this.#retryPause.end();
  }

  /** Lets go of the session; it may be taken up again. */
  leave(): void {
    this.#entering?.abort();
    this.#entering = null;
    this.#session?.over.abort();
    this.#session = null;
  }

  /** The customer is done with the session. */
  close(): void {
    if (this.#session === null) return;
    memory.forgetSession(this.#session.id);
    abandon(this.#session.id);
  }

  /** True if the remembered session is none of ours any more. */
  async #tryToEnter(isOver: () => boolean): Promise<boolean> {
    if (isOver()) return false;
    const customer = this.#customer;
    const remembered = memory.rememberedSession();
    try {
      const id = remembered ?? (await api.openSession(customer));
      // At once, for whoever opened it, in which tab ever: a reload in the middle takes it up. Unless it is another's by now.
      if (customer === this.#customer) memory.rememberSession(id);
      const [messages, handover] = await Promise.all([api.messagesOf(id), api.handoverOf(id)]);
      if (isOver()) return false;
      this.#entering = null;
      this.#session = { id, over: new AbortController() };
      this.#events.entered(this.#session, messages, handover);
      return false;
    } catch (thrown) {
      if (isOver()) return false;
      const failure = failureOf(thrown);
      const isForgotten = remembered !== null && isSessionLost(failure);
      if (isForgotten) memory.forgetSession(remembered);
      this.#events.failed(failure);
      return isForgotten;
    }
  }
}

/** Ends a session nobody can take up any more, lest an agent waits in it for nobody. Null: there is none. */
export function abandon(session: string | null): void {
  // If this does not arrive, an agent finds that out.
  if (session !== null) api.closeSession(session).catch(() => undefined);
}

/** The pause after so many attempts, twice as long each time. */
export function retryMs(attempts: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (attempts - 1));
}
