import { describe, expect, it } from "vitest";
import { CallFailed, failureOf, isSessionLost, refusal } from "./errors";

describe("refusal", () => {
  it.each([
    {
      case: "the one error body",
      body: { detail: "세션을 찾을 수 없습니다: s", code: "session_not_found", request_id: "r" },
      read: { code: "session_not_found", detail: "세션을 찾을 수 없습니다: s", retryAfterMs: null },
    },
    {
      case: "a rate limit",
      body: { detail: "잠시 후", code: "rate_limited", request_id: "r", retry_after_ms: 500 },
      read: { code: "rate_limited", detail: "잠시 후", retryAfterMs: 500 },
    },
    {
      case: "FastAPI's list",
      body: { detail: [{ msg: "Field required" }, { msg: "too long" }], code: "invalid_request" },
      read: { code: "invalid_request", detail: "Field required, too long", retryAfterMs: null },
    },
    {
      case: "an error frame of the socket",
      body: { type: "error", message: "다시 시도해 주세요", code: "unavailable" },
      read: { code: "unavailable", detail: "다시 시도해 주세요", retryAfterMs: null },
    },
    { case: "a proxy's page", body: null, read: { code: "unknown", detail: "", retryAfterMs: null } },
  ])("reads $case", ({ body, read }) => {
    expect(refusal(400, body)).toEqual({ kind: "refused", status: 400, ...read });
  });
});

describe("isSessionLost", () => {
  it.each([
    [401, "session_token_required", true],
    [403, "session_token_wrong", true],
    [404, "session_not_found", true],
    [404, "not_found", false],
    [404, "unknown", false],
    [429, "rate_limited", false],
    [503, "store_unavailable", false],
    [null, "unavailable", false],
  ])("%s %s → %s", (status, code, lost) => {
    expect(isSessionLost(refusal(status, { code }))).toBe(lost);
  });
});

describe("failureOf", () => {
  it("takes whatever fetch throws for a cut connection", () => {
    expect(failureOf(new TypeError("Failed to fetch"))).toEqual({ kind: "unreachable" });
    expect(failureOf(new CallFailed(refusal(503, null)))).toMatchObject({ kind: "refused", status: 503 });
  });
});
