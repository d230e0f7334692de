/**
 * What the widget remembers on the bank's page: for this tab only, without a cookie, and nothing of the
 * conversation. Where storage is refused, every page begins with the panel closed.
 */

/** `expecting`: closed, while a person is on the way or there, so the next page listens for messages, too. */
export type Remembered = "open" | "closed" | "expecting";

const KEY = "bank-aicc.panel";

export function remembered(): Remembered {
  try {
    const value = sessionStorage.getItem(KEY);
    return value === "open" || value === "expecting" ? value : "closed";
  } catch {
    return "closed";
  }
}

export function remember(state: Remembered): void {
  try {
    if (state === "closed") sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, state);
  } catch {
    // Full or blocked: see above.
  }
}
