import { afterEach, expect, it, vi } from "vitest";
import { postMessage } from "./client";
import { failureOf } from "./errors";

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const words = event("delta", { text: "금리는 " }) + event("delta", { text: "연 4.52%입니다." });
const reply = { ai_message: "금리는 연 4.52%입니다." };

/** A server that answers with these pieces, and then with nothing more. */
function serve(pieces: readonly string[], type = "text/event-stream", status = 200, isOpen = false): void {
  vi.stubGlobal("fetch", (_path: string, { signal }: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
        if (!isOpen) controller.close();
        signal?.addEventListener("abort", () => { controller.error(signal.reason); });
      },
    });
    return Promise.resolve(new Response(body, { status, headers: { "Content-Type": type } }));
  });
}

/** What is heard of a turn, and how it ends. */
async function hear(): Promise<unknown[]> {
  const heard: unknown[] = [];
  const listener = { delta: (text: string) => heard.push(text), processing: (place: number | null) => heard.push(place) };
  const end: unknown = await postMessage("s", "a", "금리", listener, new AbortController().signal).catch(failureOf);
  return [...heard, end];
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const refused = (status: number | null, code: string): object => ({ kind: "refused", status, code, detail: "x", retryAfterMs: null });

it.each<[string, Parameters<typeof serve>, unknown[]]>([
  ["a server that does not stream", [[JSON.stringify(reply)], "application/json"], [reply]],
  ["a stream", [[words, event("response", reply)]], ["금리는 ", "연 4.52%입니다.", reply]],
  ["that is left open", [[event("response", reply)], "text/event-stream; charset=utf-8", 200, true], [reply]],
  ["the queue", [[event("processing", { queue_position: 2 }), event("processing", {}), event("response", reply)]], [2, null, reply]],
  ["cut in the middle", [[words]], ["금리는 ", "연 4.52%입니다.", { kind: "unreachable" }]],
  ["an error on the way", [[words, event("error", { detail: "x", code: "contended", request_id: "r" })]], ["금리는 ", "연 4.52%입니다.", refused(null, "contended")]],
  ["refused at once", [['{"detail":"x","code":"rate_limited"}'], "application/json", 429], [refused(429, "rate_limited")]],
  ["somebody else's page", [["<html>"], "text/html"], [{ kind: "unreachable" }]],
  ["events nobody knows", [[event("delta", {}), event("news", {}), event("response", reply)]], [reply]],
])("%s", async (_case, served, heard) => {
  serve(...served);
  expect(await hear()).toEqual(heard);
});

it("is given up after a minute of silence, and not before", async () => {
  vi.useFakeTimers();
  serve([words], "text/event-stream", 200, true);
  const turn = hear();
  let isOver = false;
  void turn.then(() => { isOver = true; });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await turn).at(-1)).toEqual({ kind: "unreachable" });
});
