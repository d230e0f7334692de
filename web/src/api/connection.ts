/**
 * When to open the socket, when to try again, when to live without it. Pure: the caller opens sockets and
 * sets timers, and says what happened.
 *
 * Five further attempts, 2 s × attempt apart; then HTTP only, with a look at the socket every minute and
 * whenever the network or the page comes back.
 */
export type Connection =
  /**
   * A socket is being opened; `attempt` 0 is the first ever, or the first after a good one. `isSlow`: it takes so
   * long that HTTP stands in meanwhile.
   */
  | { readonly kind: "connecting"; readonly attempt: number; readonly isSlow: boolean }
  | { readonly kind: "open" }
  /** The socket is lost; attempt `attempt` comes after a pause. HTTP carries the conversation meanwhile. */
  | { readonly kind: "waiting"; readonly attempt: number }
  /** HTTP carries the conversation. `probing`: a socket is being tried beside it. */
  | { readonly kind: "http"; readonly probing: boolean };

export type ConnectionEvent =
  | "opened"
  /** The socket closed, or did not open in time. */
  | "lost"
  /** The time of `pauseMs` is over. */
  | "paused"
  /** The network or the page came back: try now. */
  | "woken";

const ATTEMPTS_MAX = 5;
/** A network that swallows upgrades says nothing for as long as one waits; nobody should wait for it to send. */
const SLOW_MS = 1_500;
const PAUSE_STEP_MS = 2_000;
const PROBE_MS = 60_000;
/** So that a restarted server is not met by everybody in the same instant. */
const JITTER_MS_MAX = 1_000;

export const FIRST: Connection = { kind: "connecting", attempt: 0, isSlow: false };

export function nextConnection(connection: Connection, event: ConnectionEvent): Connection {
  if (event === "opened") return { kind: "open" };
  switch (connection.kind) {
    case "connecting":
      if (event === "paused") return { ...connection, isSlow: true };
      if (event === "woken") return connection;
      return connection.attempt < ATTEMPTS_MAX
        ? { kind: "waiting", attempt: connection.attempt + 1 }
        : { kind: "http", probing: false };
    case "open":
      return event === "lost" ? { kind: "waiting", attempt: 1 } : connection;
    case "waiting":
      return event === "lost" ? connection : { kind: "connecting", attempt: connection.attempt, isSlow: false };
    case "http":
      return { kind: "http", probing: event !== "lost" };
  }
}

/** How long to stay in this state before `paused`; null: until something happens. `random` is in [0, 1). */
export function pauseMs(connection: Connection, random: number): number | null {
  switch (connection.kind) {
    case "connecting":
      return usesHttp(connection) ? null : SLOW_MS;
    case "open":
      return null;
    case "waiting":
      return connection.attempt * PAUSE_STEP_MS + random * JITTER_MS_MAX;
    case "http":
      return connection.probing ? null : PROBE_MS + random * JITTER_MS_MAX;
  }
}

/** A socket should be open or opening. */
export function wantsSocket(connection: Connection): boolean {
  return connection.kind === "connecting" || connection.kind === "open" || (connection.kind === "http" && connection.probing);
}

/** HTTP stands in: ask for new messages, and send without waiting for a socket. */
export function usesHttp(connection: Connection): boolean {
  switch (connection.kind) {
    case "connecting":
      return connection.attempt > 0 || connection.isSlow;
    case "open":
      return false;
    case "waiting":
    case "http":
      return true;
  }
}

/** What the customer is told, bottom right. */
export type ConnectionLabel = "socket" | "connecting" | "lost" | "http";

export function connectionLabel(connection: Connection, isHttpReachable: boolean): ConnectionLabel {
  switch (connection.kind) {
    case "open":
      return "socket";
    case "connecting":
      return isHttpReachable ? "connecting" : "lost";
    case "waiting":
      return "lost";
    case "http":
      return isHttpReachable ? "http" : "lost";
  }
}
