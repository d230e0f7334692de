/**
 * One WebSocket of one session: typed frames, a heartbeat, and a single `lost` at its end. It never
 * reconnects by itself; `connection.ts` decides that.
 */
import type { EventsPage, HandoverState, Message, Reply } from "./client";
import { type Failure, isRecord, refusal } from "./errors";
import { queuePositionIn, wordsIn } from "./writing";

export type Frame =
  | { readonly type: "status" }
  | { readonly type: "history"; readonly page: EventsPage }
  | { readonly type: "response"; readonly reply: Reply }
  /** The answer to what was said here takes a while. `queuePosition`: it waits for the language model, 1 is next; null: it is at work. */
  | { readonly type: "processing"; readonly queuePosition: number | null }
  /** The next words of the answer to what was said here. */
  | { readonly type: "delta"; readonly text: string }
  /** Typed in another tab, or written by an agent. */
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "handover"; readonly handover: HandoverState }
  | { readonly type: "typing" }
  | { readonly type: "closed" }
  | { readonly type: "error"; readonly failure: Failure; readonly clientMessageId: string | null }
  | { readonly type: "pong" };

export interface SocketEvents {
  /** The server greeted us; messages may be sent. */
  ready(): void;
  frame(frame: Frame): void;
  /** The end, exactly once, unless `close` was called. */
  lost(): void;
}

const OPEN_MS = 5_000;
/** A connection can end without a word (a tunnel, a gateway that forgot it), so whoever is at the other end is asked this often, and is gone if he owes an answer longer. */
const AT_REST = { pingMs: 15_000, pongMs: 4_000 };
/** While something is expected: another way carries it within five seconds. */
const WATCHED = { pingMs: 2_000, pongMs: 2_500 };

export class Socket {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  #pace = AT_REST;
  #pings: ReturnType<typeof setInterval>;
  /** Runs while an answer is due: the greeting first, then pongs. */
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(url: string, events: SocketEvents) {
    this.#events = events;
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener("message", (event) => {
      this.#receive(event.data);
    });
    this.#socket.addEventListener("close", this.#lose);
    this.#pings = this.#ping();
    this.#deadline = setTimeout(this.#lose, OPEN_MS);
  }

  say(clientMessageId: string, text: string): void {
    this.#send({ type: "message", user_message: text, client_message_id: clientMessageId, stream: true });
    // The answer may take long; that the message gets through must not.
    this.check();
  }

  /** Asks for the messages after `afterId`; the answer is a `history` frame. */
  resume(afterId: number): void {
    this.#send({ type: "resume", after_id: afterId });
  }

  /** Is anybody still there? `lost` follows soon if not. */
  check(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#send({ type: "ping", timestamp: Date.now() });
    // Whoever owes an answer already is given no more time by being asked again.
    this.#deadline ??= setTimeout(this.#lose, this.#pace.pongMs);
  }

  /** Whether something is expected from the other side, so that silence must not last. */
  watch(isExpecting: boolean): void {
    const pace = isExpecting ? WATCHED : AT_REST;
    if (pace === this.#pace || this.#isOver) return;
    this.#pace = pace;
    clearInterval(this.#pings);
    this.#pings = this.#ping();
    if (isExpecting) this.check();
  }

  /** Ends it as if the network had. */
  abandon(): void {
    this.#lose();
  }

  /** Ends it from our side, without a `lost`. */
  close(): void {
    this.#end();
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    // Whatever arrives proves that the other side lives.
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    const frame = typeof data === "string" ? parseFrame(data) : null;
    if (frame === null) return;
    if (frame.type === "status") this.#events.ready();
    else this.#events.frame(frame);
  }

  #ping(): ReturnType<typeof setInterval> {
    return setInterval(() => {
      this.check();
    }, this.#pace.pingMs);
  }

  #send(frame: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  readonly #lose = (): void => {
    if (this.#isOver) return;
    this.#end();
    this.#events.lost();
  };

  #end(): void {
    this.#isOver = true;
    clearInterval(this.#pings);
    clearTimeout(this.#deadline);
    this.#socket.close();
  }
}

/** A frame this screen acts on; null for one it does not know, which is no error (design §4). */
export function parseFrame(text: string): Frame | null {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(frame)) return null;
  const { type, data } = frame;
  switch (type) {
    case "status":
    case "typing":
    case "pong":
      return { type };
    case "session_closed":
      return { type: "closed" };
    case "processing":
      return { type, queuePosition: queuePositionIn(frame) };
    case "error":
      return {
        type,
        failure: refusal(null, frame),
        clientMessageId: typeof frame.client_message_id === "string" ? frame.client_message_id : null,
      };
  }
  if (!isRecord(data)) return null;
  if (type === "delta") {
    const text = wordsIn(data);
    return text === null ? null : { type, text };
  }
  const body: unknown = data;
  /* eslint-disable @typescript-eslint/consistent-type-assertions -- frames carry the bodies of the HTTP routes, from the same server */
  switch (type) {
    case "history":
      return { type, page: body as EventsPage };
    case "response":
      return { type, reply: body as Reply };
    case "customer_message":
    case "agent_message":
      return { type: "message", message: body as Message };
    case "handover_status":
      return { type: "handover", handover: body as HandoverState };
    default:
      return null;
  }
  /* eslint-enable @typescript-eslint/consistent-type-assertions */
}
