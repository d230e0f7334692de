/** A tablet in a branch: whoever walks away leaves nothing behind. Pure but for what is said to be forgotten. */

/** Without a touch for this long, the conversation is over. */
export const IDLE_MS = 120_000;
/** The last part of it, in which the customer is asked (WCAG 2.2, 2.2.1: 20 seconds to extend with one touch). */
export const WARNING_MS = 20_000;

export type Idle =
  /** Nobody has touched it since the last customer. */
  | { readonly kind: "untouched" }
  | { readonly kind: "in-use" }
  | { readonly kind: "warning"; readonly secondsLeft: number }
  | { readonly kind: "over" };

/** `touchedAt` is null until somebody touches the screen. Unix milliseconds. */
export function idleAt(touchedAt: number | null, now: number): Idle {
  if (touchedAt === null) return { kind: "untouched" };
  const left = touchedAt + IDLE_MS - now;
  if (left <= 0) return { kind: "over" };
  return left > WARNING_MS ? { kind: "in-use" } : { kind: "warning", secondsLeft: Math.ceil(left / 1000) };
}

export function isKiosk(search: string): boolean {
  return new URLSearchParams(search).has("kiosk");
}

const PREFIX = "bank-aicc.";

/** Removes everything this site has put into the browser's storage. */
export function forgetEverything(): void {
  for (const storage of [() => localStorage, () => sessionStorage]) {
    try {
      const kept = storage();
      for (const key of Object.keys(kept)) if (key.startsWith(PREFIX)) kept.removeItem(key);
    } catch {
      // Storage is blocked, so nothing is in it.
    }
  }
}
