/**
 * What a newer server tells beside what this screen cannot do without. Each is read with care and has an answer
 * for when it is absent, so the screen works with a server of before and after.
 */
import { isRecord } from "../api/errors";

export interface BankTheme {
  /** `#rrggbb`. */
  readonly accent: string | null;
  /** A path on this server. */
  readonly logo: string | null;
}

/** The notice that a machine answers (인공지능기본법). */
export interface AiNotice {
  readonly version: string;
  readonly text: string;
}

/** Where a customer on the way to a person stands. */
export interface Waiting {
  /** 1 is next. */
  readonly position: number | null;
  readonly agentName: string | null;
}

export function themeOf(greeting: object | null): BankTheme {
  const theme = fieldOf(greeting, "theme");
  const accent = fieldOf(theme, "accent");
  const logo = fieldOf(theme, "logo");
  return {
    accent: typeof accent === "string" ? accent : null,
    // Only from here: a logo elsewhere would tell somebody else who banks with us.
    logo: typeof logo === "string" && /^\/[^/\\]/.test(logo) ? logo : null,
  };
}

export function noticeOf(greeting: object | null): AiNotice | null {
  const notice = fieldOf(greeting, "notice");
  const version = fieldOf(notice, "version");
  const text = fieldOf(notice, "text");
  return typeof version === "string" && typeof text === "string" ? { version, text } : null;
}

/** Reads the conversation's hand-over, where the server's own words for it are kept. */
export function waitingOf(conversation: object): Waiting {
  const handover = fieldOf(conversation, "handover");
  const position = fieldOf(handover, "queue_position");
  const agentName = fieldOf(handover, "agent_name");
  return {
    position: typeof position === "number" && position >= 1 ? position : null,
    agentName: typeof agentName === "string" && agentName !== "" ? agentName : null,
  };
}

/** Which version of the notice was seen in this very session; undefined where the courier does not keep it. */
export function noticeSeenIn(screen: object): string | null | undefined {
  const seen = fieldOf(screen, "noticeSeen");
  return typeof seen === "string" || seen === null ? seen : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
