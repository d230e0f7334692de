/** How long the page may have stood still without having slept: a busy phone is not a sleeping one. */
const ASLEEP_MS = 10_000;
const TICK_MS = 2_000;

/**
 * Calls back when there is reason to doubt every connection: the network came, went or changed; the page came back to
 * the front or out of the browser's cache; the machine slept, which no event tells.
 */
export function onAwake(wake: () => void): void {
  window.addEventListener("online", wake);
  window.addEventListener("offline", wake);
  window.addEventListener("focus", wake);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) wake();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
  if ("connection" in navigator && navigator.connection instanceof EventTarget) navigator.connection.addEventListener("change", wake);
  let tickedAt = Date.now();
  setInterval(() => {
    const now = Date.now();
    // Browsers slow down the timers of hidden pages; those are woken when they are looked at.
    if (now - tickedAt > ASLEEP_MS && document.visibilityState === "visible") wake();
    tickedAt = now;
  }, TICK_MS);
}
