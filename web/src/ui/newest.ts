import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** At the end, at least so many entries are rendered. */
const PAGE = 60;
/** So many join or go at once: few enough for one frame on a slow phone. */
const STEP = 30;
/** Closer to the top than this, earlier entries are fetched before the reader gets there. */
const NEAR_TOP_PX = 800;

/**
 * Of a long list in a scrolling box only the newest entries are rendered; earlier ones join when the reader comes near
 * the top, and what he reads stays where it is. Back at the end they go again.
 */
export function useNewest(box: RefObject<HTMLDivElement | null>, total: number, isAtEnd: boolean) {
  const newest = Math.max(0, Math.floor((total - PAGE) / STEP) * STEP);
  const [first, setFirst] = useState(newest);
  /** How far from the end the reader was before earlier entries joined; null when none just did. */
  const fromEnd = useRef<number | null>(null);

  // While the end is followed the window moves with it; a list that was replaced begins anew.
  if ((isAtEnd || first > newest) && first !== newest) setFirst(newest);

  const showEarlier = useCallback(() => {
    const { current } = box;
    if (current === null) return;
    fromEnd.current = current.scrollHeight - current.scrollTop;
    setFirst((from) => Math.max(0, from - STEP));
  }, [box]);

  const nearTop = useCallback(() => {
    if (first > 0 && fromEnd.current === null && (box.current?.scrollTop ?? NEAR_TOP_PX) < NEAR_TOP_PX) showEarlier();
  }, [box, first, showEarlier]);

  // The heights of what joined are known only once it is laid out.
  useLayoutEffect(() => {
    if (fromEnd.current === null || box.current === null) return;
    box.current.scrollTo({ top: box.current.scrollHeight - fromEnd.current, behavior: "instant" });
    fromEnd.current = null;
  }, [box, first]);

  return { first, hasEarlier: first > 0, hasGrown: first < newest, showEarlier, nearTop };
}
