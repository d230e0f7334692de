/**
 * Carries the conversation: keeps a socket or reads over HTTP, sends what was typed, in the session its `Keeper` is in.
 *
 * It decides nothing by itself. What happened goes through `next` (conversation) and `nextConnection`
 * (transport); this class performs what those states call for: a socket when one is wanted, a `Reader` when
 * there is none, the next message when something can carry it. React reads `screen` and calls verbs.
 */
import * as api from "../api/client";
import { type Connection, type ConnectionEvent, FIRST, nextConnection, pauseMs, usesHttp, wantsSocket } from "../api/connection";
import type { SignedCustomer } from "../api/embedding";
import { Reader } from "../api/events";
import { type Failure, failureOf, isSessionLost } from "../api/errors";
import { Pause } from "../api/pause";
import { type Frame, Socket } from "../api/socket";
import { onAwake } from "./awake";
import { type Conversation, departure, EMPTY, type Event, isExpecting, isFarAhead, isOut, next, type Outgoing, prefersHttp } from "./conversation";
import { abandon, Keeper, retryMs, type Session } from "./keeper";
import * as memory from "./memory";
import { newMessageId } from "./messageId";
import { Posts } from "./posts";
import { Receipt } from "./receipt";

export interface Screen {
  readonly greeting: api.Greeting | null;
  /** The session is open and its history shown. */
  readonly isReady: boolean;
  readonly connection: Connection;
  readonly isHttpReachable: boolean;
  /** Why no session could be opened so far. */
  readonly trouble: Failure | null;
  /** The version of the notice the customer has seen in this session; null: none yet. */
  readonly noticeSeen: string | null;
  readonly conversation: Conversation;
}

const AGENT_TYPING_MS = 5_000;
/** How old the place in the queue may be; no event tells that others went before. */
const PLACE_MS = 15_000;

export class Courier {
  #screen: Screen = {
    greeting: null,
    isReady: false,
    connection: FIRST,
    isHttpReachable: true,
    trouble: null,
    noticeSeen: null,
    conversation: EMPTY,
  };
  readonly #listeners = new Set<() => void>();
  readonly #keeper = new Keeper({
    entered: (session, messages, handover) => {
      this.#begin(session, messages, handover);
    },
    failed: (failure) => {
      this.#reached(failure);
      this.#show({ trouble: failure });
    },
    displaced: () => {
      this.#release();
    },
  });
  #isListening = false;
  #socket: Socket | null = null;
  #reader: Reader | null = null;
  /** Which messages the socket owes an answer for, in the order in which they are answered. */
  #owed: readonly string[] = [];
  /** The socket was asked for what was missed, and has not told yet. */
  #isHistoryDue = false;
  readonly #posts = new Posts();
  readonly #receipt = new Receipt();

  /** Waits that an event may cut short. */
  readonly #greetPause = new Pause();
  #connectionTimer: ReturnType<typeof setTimeout> | undefined;
  #departureTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly screen = (): Screen => this.#screen;

  /** Begins, for whom the page names; null: nobody. Again when it names another, and then nothing is left of the one before. */
  serve(customer: SignedCustomer | null): void {
    abandon(memory.belongTo(customer));
    this.#letGo();
    this.#show({ conversation: EMPTY });
    this.#tell({ kind: "restored", outbox: memory.rememberedOutbox() });
    if (!this.#isListening) this.#listen();
    this.#keeper.enterFor(customer);
  }

  say(text: string): void {
    this.#tell({ kind: "typed", clientMessageId: newMessageId(), text: text.trim(), at: Date.now() });
    this.#depart();
  }

  /** Something will be said soon; a connection that has died is found out before it is needed. */
  readonly lookAround = (): void => {
    this.#socket?.check();
  };

  retry(clientMessageId: string): void {
    this.#tell({ kind: "retried", clientMessageId });
    this.#wake();
    this.#depart();
  }

  discard(clientMessageId: string): void {
    this.#tell({ kind: "discarded", clientMessageId });
    this.#depart();
  }

  /** The customer begins a new conversation; what was not sent belongs to the old one. */
  startOver(): void {
    this.#keeper.close();
    this.#leave("renewed");
    this.serve(this.#keeper.customer);
  }

  /** Shown at once; false when the server could not be told, and what stood there before stands there again. */
  async feedback(messageId: number, useful: boolean, reason: api.FeedbackReason | null, comment: string | null): Promise<boolean> {
    const session = this.#keeper.session;
    if (session === null) return false;
    const judged = (): api.Message["feedback"] => this.#screen.conversation.messages.find(({ id }) => id === messageId)?.feedback ?? null;
    const before = judged();
    const feedback = { useful };
    this.#tell({ kind: "judged", messageId, feedback });
    try {
      await api.sendFeedback(session.id, messageId, { useful, reason, comment });
      return true;
    } catch {
      // Unless it was said otherwise meanwhile.
      if (!session.over.signal.aborted && judged() === feedback) this.#tell({ kind: "judged", messageId, feedback: before });
      return false;
    }
  }

  /** The customer has seen the notice; the server is told as soon as it can be. */
  acknowledgeNotice(version: string): void {
    if (this.#screen.noticeSeen === version) return;
    this.#receipt.owe(version);
    this.#show({ noticeSeen: version });
    void this.#receipt.send(this.#keeper.session);
  }

  // -------------------------------------------------------------------------------------------------
  // Session

  #listen(): void {
    this.#isListening = true;
    onAwake(this.#wake);
    memory.onSessionElsewhere((session) => {
      if (session === this.#keeper.session?.id) return;
      this.#leave("restarted");
      void this.#keeper.enter();
    });
    memory.onOwnerElsewhere(() => {
      this.#release();
    });
    void this.#greet();
  }

  async #greet(): Promise<void> {
    for (let attempt = 1; this.#screen.greeting === null; attempt += 1) {
      try {
        this.#show({ greeting: await api.greeting() });
      } catch {
        // The screen works without; the session's own calls tell the customer what is wrong.
        await this.#greetPause.of(retryMs(attempt));
      }
    }
  }

  #begin(session: Session, messages: readonly api.Message[], handover: api.HandoverState): void {
    const { id, over } = session;
    const noticeSeen = this.#receipt.seenIn(id);
    this.#show({ isReady: true, isHttpReachable: true, trouble: null, connection: FIRST, noticeSeen });
    this.#tell({ kind: "read", messages });
    this.#tell({ kind: "handover", handover });
    void this.#receipt.send(session);
    const placeTimer = setInterval(() => {
      this.#refreshPlace(id);
    }, PLACE_MS);
    over.signal.addEventListener("abort", () => {
      clearInterval(placeTimer);
    });
    this.#perform();
  }

  /** Lets go of the session, with what was said in it. */
  #leave(kind: "restarted" | "renewed"): void {
    this.#letGo();
    this.#tell({ kind });
  }

  #letGo(): void {
    this.#keeper.leave();
    this.#socket?.close();
    this.#socket = null;
    this.#owed = [];
    this.#posts.giveUp();
    this.#reader?.close();
    this.#reader = null;
    clearTimeout(this.#connectionTimer);
    this.#receipt.drop();
    this.#show({ isReady: false, connection: FIRST, noticeSeen: null });
  }

  /**
   * Another tab serves another customer, and the session's cookie is that one's: nothing of ours stays to be seen or
   * sent. Whoever wants to go on here begins anew.
   */
  #release(): void {
    this.#leave("renewed");
    memory.rememberDraft("");
    this.#tell({ kind: "closed" });
    // There is nothing to wait for.
    this.#show({ isReady: true });
  }

  // -------------------------------------------------------------------------------------------------
  // Connection

  #step(event: ConnectionEvent): void {
    const connection = nextConnection(this.#screen.connection, event);
    if (connection === this.#screen.connection) return;
    this.#show({ connection });
    this.#perform();
  }

  /** Brings socket, timer and reader in line with the connection's state. */
  #perform(): void {
    const session = this.#keeper.session;
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
      this.#reader ??= this.#openReader(session.id);
    } else {
      this.#reader?.close();
      this.#reader = null;
    }
    this.#depart();
  }

  #openSocket(session: string): Socket {
    this.#isHistoryDue = true;
    const socket = new Socket(api.socketUrl(session, this.#screen.conversation.readTo), {
      ready: () => {
        this.#tell({ kind: "reachable" });
        this.#show({ isHttpReachable: true });
        this.#step("opened");
        // A change during the gap is in no message.
        void this.#refreshHandover(session);
      },
      frame: (frame) => {
        this.#receive(frame, socket, session);
      },
      lost: () => {
        this.#socket = null;
        const owed = this.#owed;
        this.#owed = [];
        for (const clientMessageId of owed) this.#undelivered(clientMessageId, { kind: "unreachable" });
        this.#step("lost");
      },
    });
    return socket;
  }

  #receive(frame: Frame, socket: Socket, session: string): void {
    const first = this.#owed[0] ?? null;
    switch (frame.type) {
      case "history": {
        this.#tell({ kind: "read", messages: frame.page.messages });
        this.#isHistoryDue = frame.page.more && frame.page.messages.length > 0;
        if (this.#isHistoryDue) socket.resume(this.#screen.conversation.readTo);
        this.#settleOwed();
        break;
      }
      case "response": {
        this.#tell({ kind: "replied", reply: frame.reply, clientMessageId: this.#answeredBy(frame.reply), at: Date.now() });
        this.#refreshPlace(session);
        this.#settleOwed();
        break;
      }
      case "processing":
        if (first !== null) this.#tell({ kind: "processing", clientMessageId: first, queuePosition: frame.queuePosition });
        break;
      case "delta":
        if (first !== null) this.#tell({ kind: "delta", clientMessageId: first, text: frame.text });
        break;
      case "message":
        this.#tell({ kind: "stored", messages: [frame.message] });
        if (frame.message.author === "agent") this.#agentTyping(false);
        this.#settleOwed();
        break;
      case "error": {
        const failed = frame.clientMessageId ?? first;
        if (failed !== null && this.#owed.includes(failed)) {
          this.#owed = this.#owed.filter((owed) => owed !== failed);
          this.#undelivered(failed, frame.failure);
        }
        // What was missed cannot be read now; it is asked for again, or the other way reads it.
        if (frame.clientMessageId === null && this.#isHistoryDue) socket.abandon();
        break;
      }
      case "handover":
        this.#tell({ kind: "handover", handover: frame.handover });
        this.#refreshPlace(session);
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
    if (!this.#isHistoryDue && isFarAhead(this.#screen.conversation)) {
      this.#isHistoryDue = true;
      socket.resume(this.#screen.conversation.readTo);
    }
    this.#depart();
  }

  /** Which message of ours a reply answers; null if another tab's. */
  #answeredBy(reply: api.Reply): string | null {
    if (typeof reply.client_message_id === "string") return reply.client_message_id;
    const isKnown = this.#screen.conversation.messages.some((message) => message.id === reply.user_message_id);
    return isKnown ? null : (this.#owed[0] ?? null);
  }

  /** The store may report a message before its answer does, and an answer may be to what another way carried. */
  #settleOwed(): void {
    const { outbox } = this.#screen.conversation;
    this.#owed = this.#owed.filter((owed) => outbox.some((outgoing) => outgoing.clientMessageId === owed && isOut(outgoing)));
  }

  /** The network or the page came back, or says it went: believe nothing, look. */
  readonly #wake = (): void => {
    this.#greetPause.end();
    this.#keeper.wake();
    this.#reader?.wake();
    this.#posts.giveUpDoubtful();
    void this.#receipt.send(this.#keeper.session);
    if (this.#screen.connection.kind === "open") this.#socket?.check();
    else this.#step("woken");
  };

  // -------------------------------------------------------------------------------------------------
  // HTTP beside or instead of the socket

  #openReader(session: string): Reader {
    return new Reader(session, () => this.#screen.conversation.readTo, () => isExpecting(this.#screen.conversation), {
      read: (messages) => {
        if (messages.length === 0) return;
        this.#tell({ kind: "read", messages });
        if (messages.some(({ author }) => author === "agent")) this.#agentTyping(false);
        this.#settleOwed();
        this.#depart();
      },
      handover: (handover) => {
        this.#tell({ kind: "handover", handover });
        this.#refreshPlace(session);
      },
      closed: () => {
        this.#tell({ kind: "closed" });
      },
      caughtUp: () => {
        void this.#refreshHandover(session);
      },
      reached: (failure) => {
        this.#reached(failure);
        if (failure !== null && isSessionLost(failure)) this.#loseSession(session);
      },
    });
  }

  #refreshPlace(session: string): void {
    const { handover, isClosed } = this.#screen.conversation;
    if (handover?.handover_status === "pending" && !isClosed) void this.#refreshHandover(session);
  }

  async #refreshHandover(session: string): Promise<void> {
    try {
      const handover = await api.handoverOf(session);
      if (this.#keeper.session?.id === session) this.#tell({ kind: "handover", handover });
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
    if (this.#keeper.session?.id !== session) return;
    memory.forgetSession(session);
    this.#leave("restarted");
    void this.#keeper.enter();
  }

  // -------------------------------------------------------------------------------------------------
  // Sending

  /** Sends the next message, if there is one and something can carry it. */
  #depart(): void {
    clearTimeout(this.#departureTimer);
    const session = this.#keeper.session;
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
      this.#owed = [...this.#owed, outgoing.clientMessageId];
      this.#tell({ kind: "sending", clientMessageId: outgoing.clientMessageId });
      this.#socket.say(outgoing.clientMessageId, outgoing.text);
    } else if (connection.kind === "open" || usesHttp(connection)) {
      this.#tell({ kind: "sending", clientMessageId: outgoing.clientMessageId });
      void this.#send(session.id, session.over.signal, outgoing);
    }
    // Else the first socket is just opening; the step that follows comes here again.
  }

  async #send(session: string, over: AbortSignal, { clientMessageId, text }: Outgoing): Promise<void> {
    const post = this.#posts.begin();
    const hear = (event: Event): void => {
      if (over.aborted) return;
      post.heardAt = Date.now();
      this.#reached(null);
      this.#tell(event);
      this.#depart();
    };
    const listener: api.AnswerListener = {
      delta: (words) => { hear({ kind: "delta", clientMessageId, text: words }); },
      processing: (queuePosition) => { hear({ kind: "processing", clientMessageId, queuePosition }); },
    };
    try {
      const reply = await api.postMessage(session, clientMessageId, text, listener, post.given.signal);
      if (over.aborted) return;
      this.#reached(null);
      this.#tell({ kind: "replied", reply, clientMessageId, at: Date.now() });
      this.#refreshPlace(session);
      this.#reader?.nudge();
    } catch (thrown) {
      if (over.aborted) return;
      const failure = failureOf(thrown);
      // Given up by us, it says nothing about the network.
      if (!post.given.signal.aborted) this.#reached(failure);
      this.#undelivered(clientMessageId, failure);
      if (isSessionLost(failure)) this.#loseSession(session);
    } finally {
      this.#posts.end(post);
    }
    this.#depart();
  }

  #undelivered(clientMessageId: string, failure: Failure): void {
    this.#tell({ kind: "undelivered", clientMessageId, failure, at: Date.now() });
  }

  // -------------------------------------------------------------------------------------------------

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
    this.#socket?.watch(isExpecting(conversation));
  }

  #show(change: Partial<Screen>): void {
    this.#screen = { ...this.#screen, ...change };
    for (const listener of this.#listeners) listener();
  }
}
