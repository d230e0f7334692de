import { expect, it } from "vitest";
import { isOfInputMethod } from "./inputMethod";

it.each([
  ["a key by itself", { isComposing: false, keyCode: 27 }, false],
  ["a key in a composition", { isComposing: true, keyCode: 27 }, true],
  ["in Safari, where the composition has ended already", { isComposing: false, keyCode: 229 }, true],
])("%s", (_case, event, isIt) => {
  expect(isOfInputMethod(event)).toBe(isIt);
});
