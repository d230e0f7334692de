/**
 * A bad network: a TCP proxy between the browser and the server that cuts, delays and repeats at random, and keeps
 * from passing what real networks keep from passing. It knows just enough of HTTP/1.1 to see what a request is.
 */
import { createServer, type AddressInfo, type Server, Socket } from "node:net";

export type Kind =
  | "socket"
  /** Server-sent events. */
  | "stream"
  | "long-poll"
  /** A read that is answered at once. */
  | "read"
  | "post"
  | "api"
  /** The page itself: no fault ever, for a page that is not there has no network to survive. */
  | "page";

export type Fault = "cut" | "delayed" | "repeated" | "refused" | "collected";

export interface Weather {
  /** "frozen": nothing passes any more, and nobody is told. */
  readonly upgrades: "pass" | "refused" | "frozen";
  /** "collected": as a proxy does that passes answers on when they are complete. */
  readonly streams: "pass" | "collected";
  /** "cut": as a gateway does with what is silent for a moment. */
  readonly polls: "pass" | "cut";
  /** The share of pieces that meet each of these, 0 to 1. */
  readonly cut: number;
  readonly delayed: number;
  readonly repeated: number;
}

export const CALM: Weather = { upgrades: "pass", streams: "pass", polls: "pass", cut: 0, delayed: 0, repeated: 0 };

const POLL_SILENCE_MS = 150;
const DELAY_MS_MAX = 200;
/** How long the second copy of a request may take; nobody reads its answer. */
const REPEAT_MS_MAX = 5_000;
const REFUSAL = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

export class Proxy {
  weather: Weather = CALM;
  readonly faults: Record<Fault, number> = { cut: 0, delayed: 0, repeated: 0, refused: 0, collected: 0 };
  readonly requests: Record<Kind, number> = { socket: 0, stream: 0, "long-poll": 0, read: 0, post: 0, api: 0, page: 0 };
  readonly random: () => number;
  readonly #server: Server;
  readonly #target: URL;
  readonly #connections = new Set<Connection>();

  private constructor(target: URL, seed: number) {
    this.#target = target;
    this.random = randomOf(seed);
    this.#server = createServer((client) => {
      const connection = new Connection(this, client, this.dial());
      this.#connections.add(connection);
      client.once("close", () => this.#connections.delete(connection));
    });
  }

  static open(target: string, seed: number): Promise<Proxy> {
    const proxy = new Proxy(new URL(target), seed);
    return new Promise((resolve) => {
      proxy.#server.listen(0, "127.0.0.1", () => {
        resolve(proxy);
      });
    });
  }

  get url(): string {
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- it listens on TCP
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  get faultCount(): number {
    return Object.values(this.faults).reduce((sum, count) => sum + count, 0);
  }

  dial(): Socket {
    const socket = new Socket();
    socket.setNoDelay(true);
    return socket.connect(Number(this.#target.port), this.#target.hostname);
  }

  happens(share: number): boolean {
    return this.random() < share;
  }

  /** Whole numbers below `end`. */
  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  /** The network changes: every connection ends, and new ones meet `weather`. */
  turn(weather: Weather): void {
    this.weather = weather;
    for (const connection of this.#connections) connection.cut();
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

type Direction = "up" | "down";

/** One connection of the browser and its counterpart at the server. */
class Connection {
  readonly #proxy: Proxy;
  readonly #ends: Readonly<Record<Direction, Socket>>;
  /** What still waits to be passed on, in order. */
  readonly #queues: Record<Direction, Promise<void>> = { up: Promise.resolve(), down: Promise.resolve() };
  #kind: Kind = "page";
  /** The bytes of the current request, and the pieces of its answer so far. */
  #request: Buffer = Buffer.alloc(0);
  #answered = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(proxy: Proxy, client: Socket, server: Socket) {
    this.#proxy = proxy;
    this.#ends = { up: server, down: client };
    client.setNoDelay(true);
    client.on("data", (piece) => {
      this.#meet("up", Buffer.from(piece));
    });
    server.on("data", (piece) => {
      this.#meet("down", Buffer.from(piece));
    });
    for (const [end, direction] of [[client, "up"], [server, "down"]] as const) {
      end.on("error", () => {
        this.cut();
      });
      end.on("close", () => {
        // A frozen connection does not tell that the other end has gone; any other passes on first what it holds.
        if (!this.#isFrozen()) this.#after(direction, 0, () => this.#ends[direction].end());
      });
    }
  }

  cut(): void {
    clearTimeout(this.#silence);
    this.#ends.up.destroy();
    this.#ends.down.destroy();
  }

  #isFrozen(): boolean {
    return this.#kind === "socket" && this.#proxy.weather.upgrades === "frozen";
  }

  #meet(direction: Direction, piece: Buffer): void {
    if (direction === "up") this.#read(piece);
    else this.#answered += 1;
    const { weather, faults } = this.#proxy;
    if (this.#isFrozen()) return;
    if (direction === "up" && this.#kind === "socket" && this.#answered === 0 && weather.upgrades === "refused") {
      faults.refused += 1;
      this.#ends.down.end(REFUSAL);
      this.#ends.up.destroy();
      return;
    }
    if (direction === "down" && this.#kind === "stream" && weather.streams === "collected") {
      if (this.#answered === 1) faults.collected += 1;
      return;
    }
    if (this.#kind === "long-poll" && weather.polls === "cut") this.#endSilence(direction);
    this.#pass(direction, piece);
  }

  #pass(direction: Direction, piece: Buffer): void {
    const { weather, faults } = this.#proxy;
    const isSpared = this.#kind === "page";
    if (!isSpared && this.#proxy.happens(weather.cut)) {
      faults.cut += 1;
      // Lost altogether, torn, or passed whole with only its answer lost.
      const passed = this.#proxy.below(3);
      const part = passed === 0 ? 0 : passed === 1 ? this.#proxy.below(piece.length) : piece.length;
      this.#after(direction, 0, () => {
        this.#ends[direction].write(piece.subarray(0, part), () => {
          this.cut();
        });
      });
      return;
    }
    const isDelayed = !isSpared && this.#proxy.happens(weather.delayed);
    if (isDelayed) faults.delayed += 1;
    const isRepeated = !isSpared && this.#proxy.happens(weather.repeated) && this.#repeat(direction);
    const copies = isRepeated && this.#kind !== "post" ? [piece, piece] : [piece];
    this.#after(direction, isDelayed ? this.#proxy.below(DELAY_MS_MAX) : 0, () => {
      for (const copy of copies) if (!this.#ends[direction].destroyed) this.#ends[direction].write(copy);
    });
  }

  /**
   * TCP repeats nothing, but what speaks through it does: a proxy sends a request again that it got no answer to, and
   * an intermediary of frames or events may pass one on twice. Headers are not repeated, that would be no HTTP.
   */
  #repeat(direction: Direction): boolean {
    const isRepeatable = this.#kind === "socket" ? this.#answered > 1 : this.#kind === "stream" && direction === "down" && this.#answered > 1;
    const isWholePost = this.#kind === "post" && direction === "up" && isWhole(this.#request);
    if (!isRepeatable && !isWholePost) return false;
    this.#proxy.faults.repeated += 1;
    if (isWholePost) {
      const again = this.#proxy.dial();
      again.on("error", () => undefined);
      again.on("data", () => undefined);
      again.setTimeout(REPEAT_MS_MAX, () => {
        again.destroy();
      });
      again.write(this.#request);
    }
    return true;
  }

  #after(direction: Direction, ms: number, pass: () => void): void {
    this.#queues[direction] = this.#queues[direction].then(async () => {
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      pass();
    });
  }

  #endSilence(direction: Direction): void {
    clearTimeout(this.#silence);
    if (direction === "down") return;
    this.#silence = setTimeout(() => {
      this.#proxy.faults.cut += 1;
      this.cut();
    }, POLL_SILENCE_MS);
  }

  /** A connection carries one request after the other; each may be another kind. */
  #read(piece: Buffer): void {
    const [, method, path] = (this.#kind === "socket" ? null : /^(GET|POST|PUT|DELETE|OPTIONS|HEAD) (\S+) HTTP\/1\.1\r\n/.exec(piece.toString("latin1"))) ?? [];
    if (method === undefined || path === undefined) {
      this.#request = Buffer.concat([this.#request, piece]);
      return;
    }
    this.#request = piece;
    this.#answered = 0;
    this.#kind = kindOf(method, path);
    this.#proxy.requests[this.#kind] += 1;
  }
}

function kindOf(method: string, path: string): Kind {
  const { pathname, searchParams } = new URL(path, "http://proxy");
  if (!pathname.startsWith("/api/")) return "page";
  if (pathname.startsWith("/api/v1/chat/ws/")) return "socket";
  if (method === "POST" && pathname === "/api/v1/chat/message") return "post";
  if (!pathname.endsWith("/events")) return "api";
  const wait = searchParams.get("wait");
  return wait === null ? "stream" : wait === "0" ? "read" : "long-poll";
}

function isWhole(request: Buffer): boolean {
  const text = request.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const length = /\r\nContent-Length: (\d+)\r\n/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length - end - 4 === Number(length);
}

/** mulberry32: the same numbers for the same seed, so that a run can be had again. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
