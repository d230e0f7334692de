/** Keys that belong to an input method, for every screen and the widget. */

/** The key code of a key that an input method took. Safari tells by it alone, once the composition has ended. */
const TAKEN = 229;

/** The key ends the composing of a syllable, or drops it, and means nothing else. */
export function isOfInputMethod(event: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
  return event.isComposing || event.keyCode === TAKEN;
}
