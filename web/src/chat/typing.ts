/**
 * When Enter sends. Pure: the composer says what its field reported, this says what to do; the orders in which
 * browsers report a Hangul syllable and the Enter after it are tested by table.
 *
 * While a syllable is in the making, Enter belongs to the input method. Browsers tell so differently: by
 * `isComposing`, by the key code 229 after the composition has ended (Safari), by sending Enter a second time
 * (Chrome), or by no key at all (phones). What they agree on is that an Enter the input method lets through wants
 * to break the line. So a plain Enter sends at once, and any other is judged by the break that it does or does not ask for.
 */
import { isOfInputMethod } from "../inputMethod";

export interface Typing {
  readonly isComposing: boolean;
  /** Shift was held with the last Enter: its break is a break. */
  readonly wantsBreak: boolean;
  /** A break came before the composition's end, when this stood in the field; sent at the end unless more was typed. */
  readonly owed: string | null;
}

export type TypingEvent =
  | { readonly kind: "compositionstart" }
  /** `text`: what stands in the field. */
  | { readonly kind: "compositionend"; readonly text: string }
  | {
      readonly kind: "keydown";
      readonly key: string;
      /** Which key it is, also where `key` says only that the input method takes it (`Process`). */
      readonly code: string;
      readonly keyCode: number;
      readonly isComposing: boolean;
      readonly isShifted: boolean;
    }
  /** `beforeinput` with `insertLineBreak` or `insertParagraph`. */
  | { readonly kind: "linebreak"; readonly text: string };

/** `send`: send, and keep the browser from breaking the line. `hold`: only keep it from breaking. */
export type TypingAct = "send" | "hold" | "nothing";

export const AT_REST: Typing = { isComposing: false, wantsBreak: false, owed: null };

export function nextTyping(typing: Typing, event: TypingEvent): { readonly typing: Typing; readonly act: TypingAct } {
  switch (event.kind) {
    case "compositionstart":
      return { typing: { ...typing, isComposing: true, owed: null }, act: "nothing" };
    case "compositionend":
      return { typing: { ...typing, isComposing: false, owed: null }, act: typing.owed === event.text ? "send" : "nothing" };
    case "keydown": {
      const isEnter = event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";
      const after = { ...typing, wantsBreak: isEnter ? event.isShifted : typing.wantsBreak };
      const isTaken = isOfInputMethod(event) || typing.isComposing;
      return { typing: after, act: isEnter && !event.isShifted && !isTaken ? "send" : "nothing" };
    }
    case "linebreak": {
      const after = { ...typing, wantsBreak: false };
      if (typing.wantsBreak) return { typing: after, act: "nothing" };
      return typing.isComposing ? { typing: { ...after, owed: event.text }, act: "hold" } : { typing: after, act: "send" };
    }
  }
}
