import { describe, expect, it } from "vitest";
import { AT_REST, nextTyping, type TypingAct, type TypingEvent } from "./typing";

const start: TypingEvent = { kind: "compositionstart" };
const end: TypingEvent = { kind: "compositionend", text: "안녕하세요" };
const endLater: TypingEvent = { kind: "compositionend", text: "안녕하세요 저는" };
const linebreak: TypingEvent = { kind: "linebreak", text: "안녕하세요" };
const enter: TypingEvent = { kind: "keydown", key: "Enter", code: "Enter", keyCode: 13, isComposing: false, isShifted: false };
const shiftEnter: TypingEvent = { ...enter, isShifted: true };
const taken: TypingEvent = { ...enter, keyCode: 229, isComposing: true };
const takenShift: TypingEvent = { ...taken, isShifted: true };
/** Safari ends the composition first, and has only the key code left to tell. */
const takenLate: TypingEvent = { ...enter, keyCode: 229 };
/** Windows names no key while the input method has it. */
const nameless: TypingEvent = { ...taken, key: "Process" };
const letter: TypingEvent = { kind: "keydown", key: "Process", code: "KeyA", keyCode: 229, isComposing: true, isShifted: false };

function acts(events: readonly TypingEvent[]): TypingAct[] {
  let typing = AT_REST;
  return events.flatMap((event) => {
    const step = nextTyping(typing, event);
    typing = step.typing;
    return step.act === "nothing" ? [] : [step.act];
  });
}

// What a press of Enter after 안녕하세요 reports, by browser and system; a prevented keydown brings no break.
describe("Enter", () => {
  it.each<[string, TypingEvent[], TypingAct[]]>([
    ["without composition sends", [enter], ["send"]],
    ["with Shift breaks the line", [shiftEnter, linebreak], []],
    ["Chrome, macOS: taken, composition ends, and once more by itself", [start, letter, taken, end, enter], ["send"]],
    ["Chrome, Windows: taken, composition ends, then only the break", [start, letter, taken, end, linebreak], ["send"]],
    ["Chrome, Windows: the last syllable was finished by a space", [start, letter, end, enter], ["send"]],
    ["Safari, macOS: composition ends, then 229, then the break", [start, letter, end, takenLate, linebreak], ["send"]],
    ["Safari, iOS: composition ends, then a plain Enter", [start, letter, end, enter], ["send"]],
    ["Firefox: taken, composition ends, then the break", [start, letter, taken, end, linebreak], ["send"]],
    ["Firefox, Linux (ibus): taken, composition ends, and once more", [start, letter, taken, end, enter], ["send"]],
    ["Android keyboards: no Enter at all, only the break", [start, letter, end, linebreak], ["send"]],
    ["Android keyboards: the break before the composition's end", [start, letter, linebreak, end], ["hold", "send"]],
    ["a Japanese input method keeps Enter to itself", [start, letter, taken, end], []],
    ["Safari with such an input method", [start, letter, end, takenLate], []],
    ["with Shift in a composition breaks the line", [start, letter, takenShift, end, linebreak], []],
    ["with Shift in Safari breaks the line", [start, letter, end, { ...takenLate, isShifted: true }, linebreak], []],
    ["Chrome, Windows: a key without a name, then the break", [start, letter, nameless, end, linebreak], ["send"]],
    ["with Shift and without a name breaks the line", [start, letter, { ...nameless, isShifted: true }, end, linebreak], []],
    ["with Shift on the number pad, without a name", [start, letter, { ...nameless, code: "NumpadEnter", isShifted: true }, end, linebreak], []],
    ["in a composition the browser did not mark", [start, enter, end, linebreak], ["send"]],
    ["twice sends twice, the second time to an empty field", [enter, enter], ["send", "send"]],
    ["other keys do nothing", [{ ...enter, key: "a", code: "KeyA", keyCode: 65 }], []],
    ["a break after which more was typed is not owed any more", [start, linebreak, letter, endLater], ["hold"]],
    ["a break that was cancelled by a new composition is not owed any more", [start, linebreak, start, end], ["hold"]],
  ])("%s", (_case, events, expected) => {
    expect(acts(events)).toEqual(expected);
  });
});
