/** The bank's logo as its configuration names it: only from here, for a logo elsewhere would tell somebody else who banks with us. */
export function logoFrom(path: string | null): string | null {
  return path !== null && /^\/[^/\\]/.test(path) ? path : null;
}
