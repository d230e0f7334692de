import { describe, expect, it } from "vitest";
import {
  type Connection,
  type ConnectionEvent,
  connectionLabel,
  FIRST,
  nextConnection,
  pauseMs,
  usesHttp,
  wantsSocket,
} from "./connection";

const connecting = (attempt: number): Connection => ({ kind: "connecting", attempt, isSlow: false });
const slow = (attempt: number): Connection => ({ kind: "connecting", attempt, isSlow: true });
const waiting = (attempt: number): Connection => ({ kind: "waiting", attempt });
const open: Connection = { kind: "open" };
const http: Connection = { kind: "http", probing: false };
const probing: Connection = { kind: "http", probing: true };

describe("nextConnection", () => {
  it.each<[Connection, ConnectionEvent, Connection]>([
    [FIRST, "opened", open],
    [FIRST, "lost", waiting(1)],
    [FIRST, "paused", slow(0)],
    [slow(0), "opened", open],
    [slow(0), "lost", waiting(1)],
    [slow(0), "woken", slow(0)],
    [FIRST, "woken", FIRST],
    [connecting(4), "lost", waiting(5)],
    [connecting(5), "lost", http],
    [connecting(5), "opened", open],
    [open, "lost", waiting(1)],
    [open, "paused", open],
    [open, "woken", open],
    [waiting(3), "paused", connecting(3)],
    [waiting(3), "woken", connecting(3)],
    [waiting(3), "lost", waiting(3)],
    [http, "paused", probing],
    [http, "woken", probing],
    [http, "lost", http],
    [probing, "lost", http],
    [probing, "opened", open],
  ])("%o, %s → %o", (before, event, after) => {
    expect(nextConnection(before, event)).toEqual(after);
  });

  it("tries five more times after the first failure, then lives on HTTP", () => {
    let connection: Connection = FIRST;
    const pauses: (number | null)[] = [];
    while (connection.kind !== "http") {
      connection = nextConnection(connection, "lost");
      pauses.push(pauseMs(connection, 0));
      connection = connection.kind === "waiting" ? nextConnection(connection, "paused") : connection;
    }
    expect(pauses).toEqual([2_000, 4_000, 6_000, 8_000, 10_000, 60_000]);
  });
});

it("adds up to a second of jitter, so that not everybody comes at once", () => {
  expect(pauseMs(waiting(2), 0.5)).toBe(4_500);
  expect(pauseMs(open, 0.5)).toBeNull();
  expect(pauseMs(probing, 0.5)).toBeNull();
  expect(pauseMs(slow(0), 0.5)).toBeNull();
});

it("lets HTTP stand in for a socket that takes long to open", () => {
  expect(pauseMs(FIRST, 0.5)).toBe(1_500);
});

it.each<[Connection, boolean, boolean]>([
  // state, wants a socket, uses HTTP
  [FIRST, true, false],
  [slow(0), true, true],
  [connecting(1), true, true],
  [open, true, false],
  [waiting(1), false, true],
  [http, false, true],
  [probing, true, true],
])("%o: socket %s, HTTP %s", (connection, socket, overHttp) => {
  expect([wantsSocket(connection), usesHttp(connection)]).toEqual([socket, overHttp]);
});

it.each<[Connection, boolean, string]>([
  [FIRST, true, "connecting"],
  [FIRST, false, "lost"],
  [connecting(2), true, "connecting"],
  [open, true, "socket"],
  [open, false, "socket"],
  [waiting(1), true, "lost"],
  [http, true, "http"],
  [probing, true, "http"],
  [http, false, "lost"],
])("%o, HTTP reachable %s: %s", (connection, isHttpReachable, label) => {
  expect(connectionLabel(connection, isHttpReachable)).toBe(label);
});
