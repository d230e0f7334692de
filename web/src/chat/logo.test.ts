import { expect, it } from "vitest";
import { logoFrom } from "./logo";

it.each([
  [null, null],
  ["/theme/logo.svg", "/theme/logo.svg"],
  ["https://example.org/logo.svg", null],
  ["//example.org/logo.svg", null],
  ["/\\example.org/logo.svg", null],
  ["logo.svg", null],
])("the logo %j is taken as %j", (path, logo) => {
  expect(logoFrom(path)).toBe(logo);
});
