/**
 * Reads a conversation over HTTP, by the way `reading.ts` chooses. Every way reads the same stream after the last id
 * known, so changing the way loses nothing.
 */
import { anyOf, Silence } from "./abort";
import { eventsAfter, eventStream, type EventsPage, type HandoverState, type Message } from "./client";
import { type Failure, failureOf, isSessionLost } from "./errors";
import { Pause } from "./pause";
import { firstReading, nextReading, type Reading, type ReadingEvent } from "./reading";
import { eventsOf, type ServerEvent } from "./sse";

export interface ReaderEvents {
  /** The next messages of the stream. */
  read(messages: readonly Message[]): void;
  handover(handover: HandoverState): void;
  closed(): void;
  /** Asked to the end. What no message tells was not asked for. */
  caughtUp(): void;
  /** Whether HTTP gets through; null: it does. */
  reached(failure: Failure | null): void;
}

/** No byte of a stream by then: somebody collects it. The server's first comment comes at once. */
const STREAM_OPEN_MS = 2_500;
/** The server says that it is still there every 2.5 s. */
const STREAM_SILENT_MS = 4_900;
/** A stream that stood this long was not in anybody's way. */
const STREAM_HELD_MS = 5_000;
const POLL_S = 25;
/** The same while something is expected: a poll that has died is given up within five seconds. */
const WATCHED_POLL_S = 1;
/** The first poll finds out whether the network lets one wait, so it is short. */
const FIRST_POLL_S = 2;
/** A long-poll that returns sooner without news is not waiting; do not let it spin. */
const POLL_MS_MIN = 1_000;
const PLAIN_MS = 4_000;
const RETRY_MS = 500;
/** Short enough that a network that comes back without a word carries the conversation within five seconds. */
const RETRY_MS_MAX = 4_000;

export class Reader {
  readonly #session: string;
  /** Up to which id everything is known. */
  readonly #readTo: () => number;
  readonly #isExpecting: () => boolean;
  readonly #events: ReaderEvents;
  #isOver = false;
  readonly #pause = new Pause();
  /** What runs now; ended when there is reason to doubt it. */
  #round = new AbortController();
  #reading: Reading = firstReading(Date.now());

  constructor(session: string, readTo: () => number, isExpecting: () => boolean, events: ReaderEvents) {
    this.#session = session;
    this.#readTo = readTo;
    this.#isExpecting = isExpecting;
    this.#events = events;
    void this.#run();
  }

  /** The network or the page came back: what was waited for may be dead. */
  wake(): void {
    this.#round.abort();
    this.#pause.end();
  }

  /** There may be something new; read on if nothing would tell. */
  nudge(): void {
    if (this.#reading.way === "plain") this.#pause.end();
  }

  close(): void {
    this.#isOver = true;
    this.#round.abort();
    this.#pause.end();
  }

  async #run(): Promise<void> {
    // How the last round ended. Unless it held, the network itself is asked first, so that only what passes less than
    // plain HTTP is held against a way of reading; the customer is up to date meanwhile.
    let last: ReadingEvent = "woken";
    let failures = 0;
    while (!this.#isOver) {
      this.#round = new AbortController();
      const { signal } = this.#round;
      if (last !== "held") {
        const failure = await this.#catchUp(signal);
        if (isEnded(signal)) continue;
        if (failure !== null) {
          this.#events.reached(failure);
          if (isSessionLost(failure)) return;
          failures += 1;
          const asked = failure.kind === "refused" ? failure.retryAfterMs : null;
          await this.#pause.of(asked ?? Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (failures - 1)));
          continue;
        }
      }
      failures = 0;
      this.#reading = nextReading(this.#reading, last, Date.now());
      const ended = await this.#readOn(signal);
      last = signal.aborted ? "woken" : ended;
    }
  }

  #readOn(signal: AbortSignal): Promise<ReadingEvent> {
    switch (this.#reading.way) {
      case "stream":
        return this.#stream(signal);
      case "long-poll":
        return this.#poll(signal);
      case "plain":
        return this.#askLater(signal);
    }
  }

  async #stream(signal: AbortSignal): Promise<ReadingEvent> {
    const silence = new Silence(STREAM_OPEN_MS);
    const openedAt = Date.now();
    let chunks = 0;
    let isUseful = false;
    try {
      const stream = await eventStream(this.#session, this.#readTo(), anyOf([signal, silence.signal]));
      for await (const events of eventsOf(stream)) {
        if (signal.aborted) break;
        silence.broken(STREAM_SILENT_MS);
        chunks += 1;
        for (const event of events) {
          isUseful = true;
          this.#take(event);
        }
      }
    } catch {
      // Cut, silent or refused: the round that follows finds out.
    } finally {
      silence.over();
    }
    if (chunks === 0 && silence.signal.aborted) return "silent";
    return isUseful || Date.now() - openedAt >= STREAM_HELD_MS ? "held" : "broke";
  }

  #take({ name, data }: ServerEvent): void {
    /* eslint-disable @typescript-eslint/consistent-type-assertions -- events carry the bodies of the HTTP routes, from the same server */
    if (name === "message") this.#events.read([data as Message]);
    else if (name === "handover_status") this.#events.handover(data as HandoverState);
    else if (name === "session_closed") this.#events.closed();
    /* eslint-enable @typescript-eslint/consistent-type-assertions */
  }

  async #poll(signal: AbortSignal): Promise<ReadingEvent> {
    const restS = this.#isExpecting() ? WATCHED_POLL_S : POLL_S;
    const waitS = this.#reading.isProven ? restS : FIRST_POLL_S;
    const askedAt = Date.now();
    try {
      const page = await eventsAfter(this.#session, this.#readTo(), waitS, signal);
      if (signal.aborted) return "woken";
      this.#turn(page);
      if (page.messages.length === 0 && Date.now() - askedAt < POLL_MS_MIN) await this.#pause.of(POLL_MS_MIN);
      return "held";
    } catch {
      return Date.now() - askedAt >= waitS * 1000 ? "silent" : "broke";
    }
  }

  async #askLater(signal: AbortSignal): Promise<ReadingEvent> {
    await this.#pause.of(PLAIN_MS);
    return (await this.#catchUp(signal)) === null ? "held" : "broke";
  }

  /** Everything there is now; null if that worked. */
  async #catchUp(signal: AbortSignal): Promise<Failure | null> {
    try {
      for (let isMore = true; isMore; ) {
        const page = await eventsAfter(this.#session, this.#readTo(), 0, signal);
        if (signal.aborted) return { kind: "unreachable" };
        this.#turn(page);
        isMore = page.more && page.messages.length > 0;
      }
      return null;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  #turn(page: EventsPage): void {
    this.#events.reached(null);
    this.#events.read(page.messages);
    this.#events.caughtUp();
  }
}

/** Asked anew after every wait; a compiler that remembers the last answer would not believe it. */
function isEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}
