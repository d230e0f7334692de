import { expect, test, vi } from "vitest";
import { visiblePart } from "./viewport";

test.each([
  ["a phone without a keyboard", { offsetTop: 0, height: 740, scale: 1 }, { top: 0, height: 740, hasKeyboard: false }],
  ["a keyboard that covers the page, which was pushed up", { offsetTop: 40, height: 400, scale: 1 }, { top: 40, height: 400, hasKeyboard: true }],
  ["an address bar that comes and goes", { offsetTop: 0, height: 690, scale: 1 }, { top: 0, height: 690, hasKeyboard: false }],
  ["zoomed in by hand", { offsetTop: 100, height: 370, scale: 2 }, null],
  ["a browser that does not say", null, null],
])("%s", (_name, visualViewport, expected) => {
  vi.stubGlobal("window", { visualViewport, innerHeight: 740 });
  expect(visiblePart()).toEqual(expected);
});
