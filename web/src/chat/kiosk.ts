/** A tablet in a branch: whoever walks away leaves nothing behind. Pure but for what is said to be forgotten. */

export interface Patience {
  /** Without a touch for this long, the conversation is over. */
  readonly idleMs: number;
  /** The last part of it, in which the customer is asked (WCAG 2.2, 2.2.1: 20 seconds at least to extend with one touch). */
  readonly warningMs: number;
}

export const USUAL: Patience = { idleMs: 120_000, warningMs: 20_000 };
/** Who waits for an agent, or for an agent's answer, has nothing to touch, and may look elsewhere meanwhile. */
export const WAITING: Patience = { idleMs: 600_000, warningMs: 60_000 };

export type Idle =
  /** Nobody has touched it since the last customer. */
  | { readonly kind: "untouched" }
  | { readonly kind: "in-use" }
  | { readonly kind: "warning"; readonly secondsLeft: number }
  | { readonly kind: "over" };

/** `touchedAt` is null until somebody touches the screen. Unix milliseconds. */
export function idleAt(touchedAt: number | null, now: number, { idleMs, warningMs }: Patience): Idle {
  if (touchedAt === null) return { kind: "untouched" };
  const left = touchedAt + idleMs - now;
  if (left <= 0) return { kind: "over" };
  return left > warningMs ? { kind: "in-use" } : { kind: "warning", secondsLeft: Math.ceil(left / 1000) };
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
