/** Korea's wall clock, where the bank is: nine hours ahead all year. */
const OFFSET_MS = 9 * 60 * 60 * 1000;

/** A date whose UTC fields are Korea's. `at` in Unix milliseconds. */
export function inKorea(at: number): Date {
  return new Date(at + OFFSET_MS);
}
