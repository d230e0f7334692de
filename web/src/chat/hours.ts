/** When agents work, read as the server reads it (`knowledge/hours.rs`): KST, `09:00-18:00` for a kind of day. */
import type { Greeting } from "../api/client";
import { inKorea } from "./korea";

export type KindOfDay = "weekdays" | "saturday" | "sunday";

export interface Opening {
  readonly daysAhead: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** `09:00`. */
  readonly from: string;
}

export interface AgentHours {
  readonly isOpen: boolean;
  /** What is written down, in the order of the week. */
  readonly days: readonly { readonly kind: KindOfDay; readonly from: string; readonly until: string }[];
  /** The next time somebody is there; null while somebody is. Public holidays are not known here. */
  readonly next: Opening | null;
}

const kinds: readonly KindOfDay[] = ["weekdays", "saturday", "sunday"];
const DAYS_PER_WEEK = 7;

/** Null where the bank does not say, or says it in a way that is not understood. */
export function agentHours(hours: Greeting["hours"], at: number): AgentHours | null {
  const days = kinds.flatMap((kind) => {
    const [, from, until] = /^(\d\d:\d\d)\s*-\s*(\d\d:\d\d)$/.exec(hours[kind]?.trim() ?? "") ?? [];
    return from === undefined || until === undefined ? [] : [{ kind, from, until }];
  });
  if (!days.some(({ kind }) => kind === "weekdays")) return null;
  const korea = inKorea(at);
  const today = korea.getUTCDay();
  // `09:00` compares as text as it does as a time.
  const now = korea.toISOString().slice(11, 16);
  const on = (weekday: number) => days.find(({ kind }) => kind === kindOf(weekday));
  const current = on(today);
  const isOpen = current !== undefined && current.from <= now && now < current.until;
  if (isOpen) return { isOpen, days, next: null };
  for (let daysAhead = 0; daysAhead <= DAYS_PER_WEEK; daysAhead += 1) {
    const weekday = (today + daysAhead) % DAYS_PER_WEEK;
    const day = on(weekday);
    if (day !== undefined && (daysAhead > 0 || now < day.from)) return { isOpen, days, next: { daysAhead, weekday, from: day.from } };
  }
  return { isOpen, days, next: null };
}

function kindOf(weekday: number): KindOfDay {
  if (weekday === 0) return "sunday";
  return weekday === 6 ? "saturday" : "weekdays";
}
