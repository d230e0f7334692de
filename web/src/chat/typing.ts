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
  /** A break came before the composition's end; sent when the last syllable is there. */
  readonly isOwed: boolean;
}

export type TypingEvent =
  | { readonly kind: "compositionstart" }
  | { readonly kind: "compositionend" }
  | { readonly kind: "keydown"; readonly key: string; readonly keyCode: number; readonly isComposing: boolean; readonly isShifted: boolean }
  /** `beforeinput` with `insertLineBreak` or `insertParagraph`. */
  | { readonly kind: "linebreak" };

/** `send`: send, and keep the browser from breaking the line. `hold`: only keep it from breaking. */
export type TypingAct = "send" | "hold" | "nothing";

export const AT_REST: Typing = { isComposing: false, wantsBreak: false, isOwed: false };

export function nextTyping(typing: Typing, event: TypingEvent): { readonly typing: Typing; readonly act: TypingAct } {
  switch (event.kind) {
    case "compositionstart":
      return { typing: { ...typing, isComposing: true, isOwed: false }, act: "nothing" };
    case "compositionend":
      return { typing: { ...typing, isComposing: false, isOwed: false }, act: typing.isOwed ? "send" : "nothing" };
    case "keydown": {
      const isEnter = event.key === "Enter";
      const after = { ...typing, wantsBreak: isEnter ? event.isShifted : typing.wantsBreak };
      const isTaken = isOfInputMethod(event) || typing.isComposing;
      return { typing: after, act: isEnter && !event.isShifted && !isTaken ? "send" : "nothing" };
    }
    case "linebreak": {
      const after = { ...typing, wantsBreak: false };
      if (typing.wantsBreak) return { typing: after, act: "nothing" };
      return typing.isComposing ? { typing: { ...after, isOwed: true }, act: "hold" } : { typing: after, act: "send" };
    }
  }
}
