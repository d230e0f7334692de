/** Why a call did not give what was asked. Every failure of `client.ts` is one of these. */
export type Failure =
  /** No answer came: no network, a cut connection, or too long a wait. */
  | { readonly kind: "unreachable" }
  /** The server answered and said no. `status` is null when it said so over the socket. */
  | {
      readonly kind: "refused";
      readonly status: number | null;
      readonly code: string;
      readonly detail: string;
      readonly retryAfterMs: number | null;
    };

export class CallFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind === "refused" ? `${failure.status ?? "socket"} ${failure.code}` : failure.kind);
    this.failure = failure;
  }
}

/** The failure behind whatever was thrown. What is not ours is a cut connection (fetch throws TypeError). */
export function failureOf(thrown: unknown): Failure {
  return thrown instanceof CallFailed ? thrown.failure : { kind: "unreachable" };
}

/** The session is unknown, expired, or not ours (any more): a new one is needed. */
export function isSessionLost(failure: Failure): boolean {
  // By the server's own word: a 404 of a captive portal must not cost anybody his conversation.
  return failure.kind === "refused" && SESSION_LOST.has(failure.code);
}

/** What the bank's page says of its customer is not the bank's word. */
export function isUnsigned(failure: Failure): boolean {
  return failure.kind === "refused" && UNSIGNED.has(failure.code);
}

const UNSIGNED = new Set(["customer_signature_wrong", "invalid_customer_reference"]);
const SESSION_LOST = new Set(["session_not_found", "session_token_required", "session_token_wrong"]);

/** Reads the one error body, and makes do when something else answered (a proxy's HTML page). */
export function refusal(status: number | null, body: unknown): Failure {
  const fields = isRecord(body) ? body : {};
  return {
    kind: "refused",
    status,
    code: typeof fields.code === "string" ? fields.code : "unknown",
    detail: detailText(fields.detail ?? fields.message),
    retryAfterMs: typeof fields.retry_after_ms === "number" ? fields.retry_after_ms : null,
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `detail` is a sentence, or a list of `{msg}` with 422. */
function detailText(detail: unknown): string {
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return "";
  return detail.flatMap((item: unknown) => (isRecord(item) && typeof item.msg === "string" ? [item.msg] : [])).join(", ");
}
