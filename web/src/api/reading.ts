/**
 * How the conversation is read over HTTP when there is no socket: the best way the network lets through. Pure: the
 * `Reader` reads and says how it went.
 *
 * A proxy that holds answers back until they are complete stops a stream, one that ends whatever is silent for a few
 * seconds stops a long-poll too. An answer given at once passes everywhere.
 */
export type Way = "stream" | "long-poll" | "plain";

export interface Reading {
  readonly way: Way;
  /** In a row, while HTTP as such got through. */
  readonly failures: number;
  /** This way has brought something, or has stood for a while. */
  readonly isProven: boolean;
  /** Unix milliseconds. */
  readonly since: number;
}

export type ReadingEvent =
  | "held"
  /** Cut before it brought anything. */
  | "broke"
  /** Nothing came through in time: somebody on the way holds it back. */
  | "silent"
  /** The network or the page came back; it may be another network. */
  | "woken";

const FAILURES_MAX = 2;
/** What was in the way may be gone. */
const TRY_BETTER_MS = 60_000;

const better: Readonly<Record<Way, Way>> = { stream: "stream", "long-poll": "stream", plain: "long-poll" };
const simpler: Readonly<Record<Way, Way>> = { stream: "long-poll", "long-poll": "plain", plain: "plain" };

export function firstReading(at: number): Reading {
  return { way: "stream", failures: 0, isProven: false, since: at };
}

export function nextReading(reading: Reading, event: ReadingEvent, at: number): Reading {
  const { way, failures } = reading;
  switch (event) {
    case "woken":
      return firstReading(at);
    case "held":
      // One more failure is enough to return from there.
      return way !== "stream" && at - reading.since >= TRY_BETTER_MS
        ? { way: better[way], failures: FAILURES_MAX - 1, isProven: false, since: at }
        : { ...reading, failures: 0, isProven: true };
    case "broke":
      return failures + 1 < FAILURES_MAX ? { ...reading, failures: failures + 1, isProven: false } : stepDown(reading, at);
    case "silent":
      return stepDown(reading, at);
  }
}

function stepDown({ way }: Reading, at: number): Reading {
  return { way: simpler[way], failures: 0, isProven: false, since: at };
}
