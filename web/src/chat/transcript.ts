/** The conversation as a text a customer can keep: no React, no clock, tested by table. */
import type { Message, Source } from "../api/client";
import { citationsOf } from "./citation";
import type { Text } from "./ko";
import { inKorea } from "./korea";
import { dayOf, instantOf, timeOfDay } from "./words";

export interface Transcript {
  readonly bank: string;
  /** What the machine said first; null if it could not be loaded. */
  readonly greeting: string | null;
  readonly messages: readonly Message[];
  readonly savedAt: Date;
}

export function transcriptText({ bank, greeting, messages, savedAt }: Transcript, text: Text): string {
  const words = text.transcript;
  const parts = [`${text.title(bank)} ${words.title}\n${words.savedAt(momentOf(savedAt, text))}\n${words.aboutAi}`];
  if (greeting !== null) parts.push(`${authorOf({ author: "assistant" }, text)}\n${greeting}`);
  let day: string | null = null;
  for (const message of messages) {
    if (message.message === "") continue;
    const messageDay = message.created_at.slice(0, 10);
    if (messageDay !== day) parts.push(`--- ${dayOf(messageDay, text.language)} ---`);
    day = messageDay;
    const time = timeOfDay(instantOf(message.created_at), text);
    const lines = [`[${time}] ${authorOf(message, text)}`, message.message];
    parts.push([...lines, ...sourceLines(message.sources, text)].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Who said it; a machine is called one. */
export function authorOf({ author, agent_name: name, engine }: Pick<Message, "author" | "agent_name" | "engine">, text: Text): string {
  switch (author) {
    case "assistant":
      return `${text.author.assistant} ${engine === "llm" ? text.transcript.byGenerativeAi : text.transcript.byAi}`;
    case "agent":
      return name === null || name === undefined ? text.author.agent : text.agentNamed(name);
    case "customer":
    case "system":
      return text.author[author];
  }
}

/** An answer to be pasted elsewhere, with what it rests on and the mark it must bear. */
export function answerText(message: Message, text: Text): string {
  const mark = message.engine === "llm" ? [text.generated.mark] : [];
  return [message.message, ...sourceLines(message.sources, text), ...mark].join("\n");
}

export function fileName(savedAt: Date, text: Text): string {
  const [day = "", time = ""] = inKorea(savedAt.getTime()).toISOString().split("T");
  return `${text.transcript.file}_${day.replaceAll("-", "")}_${time.slice(0, 5).replace(":", "")}.txt`;
}

/** Day and time in Korea. */
export function momentOf(at: Date, text: Text): string {
  const day = inKorea(at.getTime()).toISOString().slice(0, 10);
  return `${dayOf(day, text.language)} ${timeOfDay(at, text)}`;
}

export function sourceLines(sources: readonly Source[], text: Text): string[] {
  return citationsOf(sources).map(({ title, section, page }) => {
    const place = [title, section, text.sources.page(page)].filter((part) => part !== "");
    return `${text.transcript.source}: ${place.join(" · ")}`;
  });
}
