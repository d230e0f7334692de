/**
 * The part of a phone's screen that can be seen. Where the on-screen keyboard covers the page instead of making
 * it smaller (iOS, and Android's Chrome), only the visual viewport says how much is left and where that is.
 */

/** Below this a panel beside the page is too small to read in. */
const FULL_SCREEN = "(max-width: 479.98px), (max-height: 419.98px)";
/** A viewport this much smaller than the page has a keyboard below it. */
const KEYBOARD_PX_MIN = 120;

export interface Visible {
  readonly top: number;
  readonly height: number;
  readonly hasKeyboard: boolean;
}

export function isFullScreen(): boolean {
  return matchMedia(FULL_SCREEN).matches;
}

export function onFullScreenChange(changed: () => void): void {
  matchMedia(FULL_SCREEN).addEventListener("change", changed);
}

/** Null where the page's own idea of its height is right, or where the customer zoomed in by hand. */
export function visiblePart(): Visible | null {
  const { visualViewport } = window;
  if (visualViewport === null || Math.abs(visualViewport.scale - 1) > 0.01) return null;
  const { offsetTop, height } = visualViewport;
  return { top: offsetTop, height, hasKeyboard: window.innerHeight - height > KEYBOARD_PX_MIN };
}

export function onVisibleChange(changed: () => void): void {
  window.visualViewport?.addEventListener("resize", changed);
  window.visualViewport?.addEventListener("scroll", changed);
}
