/** Random, not guessable, and made without `crypto.randomUUID`, which a branch's plain-HTTP page does not have. */
export function newMessageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
