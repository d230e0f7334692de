/** Which version of the AI notice was seen in which conversation; a new conversation shows it again. */
const NOTICE = "bank-aicc.notice";

export function acknowledgedNotice(): string | null {
  try {
    return localStorage.getItem(NOTICE);
  } catch {
    return null;
  }
}

export function rememberAcknowledged(version: string | null): void {
  try {
    if (version === null) localStorage.removeItem(NOTICE);
    else localStorage.setItem(NOTICE, version);
  } catch {
    // Storage is blocked: the notice is shown again, which does no harm.
  }
}
