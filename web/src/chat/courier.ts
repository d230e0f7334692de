/**
 * Carries the conversation: opens the session, keeps a socket or asks over HTTP, sends what was typed.
 *
 * It decides nothing by itself. What happened goes through `next` (conversation) and `nextConnection`
 * (transport); this class performs what those states call for: a socket when one is wanted, the long-poll
 * when there is none, the next message when something can carry it. React reads `screen` and calls verbs.
 */
import * as api from "../api/client";
import { type Connection, type ConnectionEvent, FIRST, nextConnection, pauseMs, usesHttp, wantsSocket } from "../api/connection";
import type { SignedCustomer } from "../api/embedding";
import { type Failure, failureOf, isSessionLost } from "../api/errors";
import { type Frame, Socket } from "../api/socket";
import { type Conversation, departure, EMPTY, type Event, next, type Outgoing, prefersHttp, resumeAfter } from "./conversation";
import * as memory from "./memory";
import { Pause } from "./pause";

export interface Screen {
  readonly greeting: api.Greeting | null;
  /** The session is open and its history shown. */
  readonly isReady: boolean;
  readonly connection: Connection;
  readonly isHttpReachable: boolean;
  /** Why no session could be opened so far. */
  readonly trouble: Failure | null;
  readonly conversation: Conversation;
}

const AGENT_TYPING_MS = 5_000;
const RETRY_MS_MAX = 15_000;
/** A long-poll that returns sooner without news is not waiting; do not let it spin. */
const POLL_MS_MIN = 1_000;

export class Courier {
  #screen: Screen = {
    greeting: null,
    isReady: false,
    connection: FIRST,
    isHttpReachable: true,
    trouble: null,
    conversation: EMPTY,
  };
  readonly #listeners = new Set<() => void>();
  #customer: SignedCustomer | null = null;

  /** The session in use, and everything that must end with it. Null while one is being opened. */
  #session: { readonly id: string; readonly over: AbortController } | null = null;
  #entering: AbortController | null = null;
  #socket: Socket | null = null;
  #poll: AbortController | null = null;
  /** Which message the socket owes an answer for. */
  #sentOverSocket: string | null = null;

  /** Waits that an event may cut short. */
  readonly #retryPause = new Pause();
  readonly #pollPause = new Pause();
  #connectionTimer: ReturnType<typeof setTimeout> | undefined;
  #departureTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly screen = (): Screen => this.#screen;

  /** `customer`: whom the bank's page names, for the sessions opened from here. */
  start(customer: SignedCustomer | null): void {
    this.#customer = customer;
    this.#tell({ kind: "restored", outbox: memory.rememberedOutbox() });
    window.addEventListener("online", this.#wake);
    window.addEventListener("offline", this.#wake);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    });
    memory.onSessionElsewhere((session) => {
      if (session !== this.#session?.id) this.#leave("restarted");
    });
    void this.#greet();
    void this.#enter();
  }

  say(text: string): void {
    this.#tell({ kind: "typed", clientMessageId: newMessageId(), text: text.trim(), at: Date.now() });
    this.#depart();
  }

  retry(clientMessageId: string): void {
    this.#tell({ kind: "retried", clientMessageId });
    this.#wake();
    this.#depart();
  }

  discard(clientMessageId: string): void {
    this.#tell({ kind: "discarded", clientMessageId });
    this.#depart();
  }

  /** The customer begins a new conversation after one was closed. */
  renew(): void {
    if (this.#session) memory.forgetSession(this.#session.id);
    this.#leave("renewed");
  }

  // -------------------------------------------------------------------------------------------------
  // Session

  async #greet(): Promise<void> {
    for (let attempt = 1; this.#screen.greeting === null; attempt += 1) {
      try {
        this.#show({ greeting: await api.greeting() });
      } catch {
        // The screen works without; the session's own calls tell the customer what is wrong.
        await this.#retryPause.of(Math.min(RETRY_MS_MAX, 1_000 * 2 ** attempt));
      }
    }
  }

  /** Takes up the remembered session, or opens one, for as long as that takes. */
  async #enter(): Promise<void> {
    const entering = new AbortController();
    this.#entering?.abort();
    this.#entering = entering;
    const isOver = (): boolean => entering.signal.aborted;
    for (let attempt = 1; !isOver(); attempt += 1) {
      const remembered = memory.rememberedSession();
      try {
        const id = remembered ?? (await api.openSession(this.#customer));
        const [messages, handover] = await Promise.all([api.messagesOf(id), api.handoverOf(id)]);
        if (isOver()) return;
        memory.rememberSession(id);
        this.#begin(id, messages, handover);
        return;
      } catch (thrown) {
        const failure = failureOf(thrown);
        this.#reached(failure);
        if (remembered !== null && isSessionLost(failure)) {
          memory.forgetSession(remembered);
          // Straight on to a new one, but never in a tight circle (a browser without cookies).
          if (attempt === 1) continue;
        }
        this.#show({ trouble: failure });
        await this.#retryPause.of(Math.min(RETRY_MS_MAX, 1_000 * 2 ** attempt));
      }
    }
  }

  #begin(id: string, messages: api.Message[], handover: api.HandoverState): void {
    this.#entering = null;
    this.#session = { id, over: new AbortController() };
    this.#show({ isReady: true, isHttpReachable: true, trouble: null, connection: FIRST });
    this.#tell({ kind: "stored", messages });
    this.#tell({ kind: "handover", handover });
    this.#perform();
  }

  /** Lets go of the session and enters again. */
  #leave(kind: "restarted" | "renewed"): void {
    this.#session?.over.abort();
    this.#session = null;
    this.#socket?.close();
    this.#socket = null;
    this.#sentOverSocket = null;
    this.#poll?.abort();
    this.#poll = null;
    clearTimeout(this.#connectionTimer);
    this.#show({ isReady: false, connection: FIRST });
    this.#tell({ kind });
    void this.#enter();
  }

  // -------------------------------------------------------------------------------------------------
  // Connection

  #step(event: ConnectionEvent): void {
    const connection = nextConnection(this.#screen.connection, event);
    if (connection === this.#screen.connection) return;
    this.#show({ connection });
    this.#perform();
  }

  /** Brings socket, timer and long-poll in line with the connection's state. */
  #perform(): void {
    const session = this.#session;
    if (session === null) return;
    const { connection } = this.#screen;
    clearTimeout(this.#connectionTimer);
    const pause = pauseMs(connection, Math.random());
    if (pause !== null) {
      this.#connectionTimer = setTimeout(() => {
        this.#step("paused");
      }, pause);
    }
    if (wantsSocket(connection)) this.#socket ??= this.#openSocket(session.id);
    if (usesHttp(connection)) {
      if (this.#poll === null) void this.#pollEvents(session.id);
    } else {
      this.#poll?.abort();
      this.#poll = null;
    }
    this.#depart();
  }

  #openSocket(session: string): Socket {
    const socket = new Socket(api.socketUrl(session, this.#resumeAfter()), {
      ready: () => {
        this.#tell({ kind: "reachable" });
        this.#show({ isHttpReachable: true });
        this.#step("opened");
        // A change during the gap is in no message.
        void this.#refreshHandover(session);
      },
      frame: (frame) => {
        this.#receive(frame, socket);
      },
      lost: () => {
        this.#socket = null;
        const owed = this.#sentOverSocket;
        this.#sentOverSocket = null;
        if (owed !== null) this.#undelivered(owed, { kind: "unreachable" });
        this.#step("lost");
      },
    });
    return socket;
  }

  #receive(frame: Frame, socket: Socket): void {
    switch (frame.type) {
      case "history": {
        this.#tell({ kind: "stored", messages: frame.page.messages });
        const last = frame.page.messages.at(-1);
        if (frame.page.more && last !== undefined) socket.resume(last.id);
        this.#settleOwed();
        break;
      }
      case "response": {
        const owed = this.#answeredBy(frame.reply);
        if (owed !== null) this.#sentOverSocket = null;
        this.#tell({ kind: "replied", reply: frame.reply, clientMessageId: owed, at: Date.now() });
        this.#settleOwed();
        break;
      }
      case "message":
        this.#tell({ kind: "stored", messages: [frame.message] });
        if (frame.message.author === "agent") this.#agentTyping(false);
        this.#settleOwed();
        break;
      case "error": {
        const owed = frame.clientMessageId ?? this.#sentOverSocket;
        if (owed !== null && owed === this.#sentOverSocket) {
          this.#sentOverSocket = null;
          this.#undelivered(owed, frame.failure);
        }
        break;
      }
      case "handover":
        this.#tell({ kind: "handover", handover: frame.handover });
        break;
      case "typing":
        this.#agentTyping(true);
        break;
      case "closed":
        this.#tell({ kind: "closed" });
        break;
      case "status":
      case "pong":
        break;
    }
    this.#depart();
  }

  /** Which message of ours a reply answers; null if another tab's. */
  #answeredBy(reply: api.Reply): string | null {
    if (typeof reply.client_message_id === "string") return reply.client_message_id;
    const isKnown = this.#screen.conversation.messages.some((message) => message.id === reply.user_message_id);
    return isKnown ? null : this.#sentOverSocket;
  }

  /** The store may report a message before its answer does. */
  #settleOwed(): void {
    const { outbox } = this.#screen.conversation;
    if (!outbox.some((outgoing) => outgoing.clientMessageId === this.#sentOverSocket)) this.#sentOverSocket = null;
  }

  /** The network or the page came back, or says it went: believe nothing, look. */
  readonly #wake = (): void => {
    this.#retryPause.end();
    this.#pollPause.end();
    if (this.#screen.connection.kind === "open") this.#socket?.check();
    else this.#step("woken");
  };

  // -------------------------------------------------------------------------------------------------
  // HTTP beside or instead of the socket

  async #pollEvents(session: string): Promise<void> {
    const poll = new AbortController();
    this.#poll = poll;
    const isOver = (): boolean => poll.signal.aborted;
    let after = this.#resumeAfter();
    for (let failures = 0; !isOver(); ) {
      const asked = Date.now();
      try {
        const page = await api.eventsAfter(session, after, poll.signal);
        if (isOver()) return;
        failures = 0;
        this.#reached(null);
        after = page.messages.at(-1)?.id ?? after;
        this.#tell({ kind: "stored", messages: page.messages });
        await this.#refreshHandover(session);
        this.#depart();
        if (page.messages.length === 0 && Date.now() - asked < POLL_MS_MIN) await this.#pollPause.of(POLL_MS_MIN);
      } catch (thrown) {
        if (isOver()) return;
        const failure = failureOf(thrown);
        this.#reached(failure);
        if (isSessionLost(failure)) {
          this.#loseSession(session);
          return;
        }
        failures += 1;
        const asked429 = failure.kind === "refused" ? failure.retryAfterMs : null;
        await this.#pollPause.of(asked429 ?? Math.min(RETRY_MS_MAX, 1_000 * 2 ** failures));
      }
    }
  }

  async #refreshHandover(session: string): Promise<void> {
    try {
      const handover = await api.handoverOf(session);
      if (this.#session?.id === session) this.#tell({ kind: "handover", handover });
    } catch {
      // The next round, or the socket, brings it.
    }
  }

  /** Notes whether HTTP gets through; an answer of any kind means that it does. */
  #reached(failure: Failure | null): void {
    const isHttpReachable = failure?.kind !== "unreachable";
    if (isHttpReachable === this.#screen.isHttpReachable) return;
    this.#show({ isHttpReachable });
    if (!isHttpReachable) return;
    this.#tell({ kind: "reachable" });
    this.#step("woken");
  }

  #loseSession(session: string): void {
    if (this.#session?.id !== session) return;
    memory.forgetSession(session);
    this.#leave("restarted");
  }

  // -------------------------------------------------------------------------------------------------
  // Sending

  /** Sends the next message, if there is one and something can carry it. */
  #depart(): void {
    clearTimeout(this.#departureTimer);
    const session = this.#session;
    if (session === null) return;
    const { connection, conversation } = this.#screen;
    const leaving = departure(conversation, Date.now());
    if (leaving.kind === "later") {
      this.#departureTimer = setTimeout(() => {
        this.#depart();
      }, leaving.at - Date.now());
    }
    if (leaving.kind !== "now") return;
    const { outgoing } = leaving;
    if (connection.kind === "open" && this.#socket !== null && !prefersHttp(outgoing)) {
      this.#sentOverSocket = outgoing.clientMessageId;
      this.#tell({ kind: "sending", clientMessageId: outgoing.clientMessageId });
      this.#socket.say(outgoing.clientMessageId, outgoing.text);
    } else if (connection.kind === "open" || usesHttp(connection)) {
      this.#tell({ kind: "sending", clientMessageId: outgoing.clientMessageId });
      void this.#post(session.id, session.over.signal, outgoing);
    }
    // Else the first socket is just opening; the step that follows comes here again.
  }

  async #post(session: string, over: AbortSignal, { clientMessageId, text }: Outgoing): Promise<void> {
    try {
      const reply = await api.postMessage(session, clientMessageId, text);
      if (over.aborted) return;
      this.#reached(null);
      this.#tell({ kind: "replied", reply, clientMessageId, at: Date.now() });
    } catch (thrown) {
      if (over.aborted) return;
      const failure = failureOf(thrown);
      this.#reached(failure);
      this.#undelivered(clientMessageId, failure);
      if (isSessionLost(failure)) this.#loseSession(session);
    }
    this.#depart();
  }

  #undelivered(clientMessageId: string, failure: Failure): void {
    this.#tell({ kind: "undelivered", clientMessageId, failure, at: Date.now() });
  }

  // -------------------------------------------------------------------------------------------------

  #resumeAfter(): number {
    return resumeAfter(this.#screen.conversation.messages);
  }

  #agentTyping(isTyping: boolean): void {
    clearTimeout(this.#typingTimer);
    this.#tell({ kind: "agent-typing", isTyping });
    if (!isTyping) return;
    this.#typingTimer = setTimeout(() => {
      this.#tell({ kind: "agent-typing", isTyping: false });
    }, AGENT_TYPING_MS);
  }

  #tell(event: Event): void {
    const before = this.#screen.conversation;
    const conversation = next(before, event);
    if (conversation.outbox !== before.outbox) memory.rememberOutbox(conversation.outbox);
    this.#show({ conversation });
  }

  #show(change: Partial<Screen>): void {
    this.#screen = { ...this.#screen, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Random, not guessable, and made without `crypto.randomUUID`, which a branch's plain-HTTP page does not have. */
function newMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
