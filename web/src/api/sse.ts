/** Server-sent events, as they arrive in the body of an answer. */

export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** What each piece of a body completes; empty for a piece that completes nothing. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent[], void> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield parser.push(decoder.decode(chunk.value, { stream: true }));
  } finally {
    // Whoever has what he wanted leaves the rest; of a body that was cut there is none.
    reader.cancel().catch(() => undefined);
  }
}

/** Server-sent events out of a text that comes in pieces (HTML standard, 9.2.6). Ids are in the data as well. */
export class EventParser {
  #rest = "";

  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text.replaceAll("\r\n", "\n")).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap(parseEvent);
  }
}

function parseEvent(block: string): ServerEvent[] {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  if (data.length === 0) return [];
  try {
    const body: unknown = JSON.parse(data.join("\n"));
    return [{ name, data: body }];
  } catch {
    // Not ours; an unknown event is no error.
    return [];
  }
}
