/** Words that need a little logic: why something failed, and Korean time. */
import { createContext, useContext } from "react";
import type { Failure } from "../api/errors";
import { type Delivery, NOT_RECORDED } from "./conversation";
import { en } from "./en";
import { ko, type Text } from "./ko";
import type { Language } from "./memory";

const TextContext = createContext<Text>(ko);
export const TextProvider = TextContext.Provider;

export function useText(): Text {
  return useContext(TextContext);
}

export function textIn(language: Language): Text {
  return language === "ko" ? ko : en;
}

/** Why it failed, in the customer's language. */
export function reasonOf(failure: Failure, text: Text): string {
  if (failure.kind === "unreachable") return text.unreachable;
  return text.failures.get(failure.code) ?? text.otherFailure(failure);
}

/** Why a message is still here. `answer`: what is shown of its answer. That there is no connection stands above everything already. */
export function whyHeld(delivery: Extract<Delivery, { kind: "waiting" | "refused" }>, answer: string, text: Text): string {
  if (delivery.kind === "waiting" && answer !== "") return text.delivery.cut;
  if (delivery.failure.kind === "refused" && delivery.failure.code === NOT_RECORDED) return text.delivery.unrecorded;
  const reason = delivery.failure.kind === "unreachable" ? "" : reasonOf(delivery.failure, text);
  return `${reason} ${text.delivery[delivery.kind]}`.trim();
}

const ZONE = "Asia/Seoul";
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: ZONE });

/** The time of day in Korea, where the bank is, wherever the customer is. Browsers disagree about 오전 and AM, so we say it. */
export function timeOfDay(at: Date, text: Text): string {
  const [hour = "", minute = ""] = clock.format(at).split(":");
  return text.timeOfDay(Number(hour), minute);
}

export function dayOf(day: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "full", timeZone: ZONE }).format(instantOf(`${day}T00:00:00`));
}

/** Today in Korea, as the contract writes days. */
export function today(): string {
  return new Intl.DateTimeFormat("sv", { timeZone: ZONE }).format(new Date());
}

/** A day as documents print it: 2026. 1. 1. */
export function dayInNumbers(day: string, text: Text): string {
  return new Intl.DateTimeFormat(text.language, { dateStyle: "medium", timeZone: ZONE }).format(instantOf(`${day}T00:00:00`));
}

/** The contract's times are Korean wall-clock time without an offset. */
export function instantOf(kst: string): Date {
  return new Date(`${kst}+09:00`);
}
