import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Closer to the end than this is at the end. */
const AT_END_PX = 48;

export interface FollowEnd {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly isAtEnd: boolean;
  /** For the box's `onScroll`. */
  readonly scrolled: () => void;
  /** Goes to the end and stays there. */
  readonly follow: (behavior: ScrollBehavior) => void;
}

/**
 * A scrolling box that stays at its end while that is where the reader is, whatever grows: content, keyboard,
 * composer. How high things are and where they are scrolled to is nothing React can describe, hence the effect.
 */
export function useFollowEnd(): FollowEnd {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  /** How high the box was when last looked at. */
  const heightPx = useRef(0);
  const [isAtEnd, setAtEnd] = useState(true);

  const scrolled = useCallback(() => {
    const { current } = box;
    // In a box of another height nobody scrolled: it was cut or stretched, which is told as scrolling before it is told
    // as resizing. The observer is next.
    if (current === null || current.clientHeight !== heightPx.current) return;
    isFollowing.current = current.scrollHeight - current.scrollTop - current.clientHeight < AT_END_PX;
    setAtEnd(isFollowing.current);
  }, []);

  const follow = useCallback((behavior: ScrollBehavior) => {
    isFollowing.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight, behavior });
  }, []);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      heightPx.current = box.current?.clientHeight ?? 0;
      if (isFollowing.current) follow("instant");
      else scrolled();
    });
    for (const { current } of [box, content]) if (current !== null) observer.observe(current);
    return () => {
      observer.disconnect();
    };
  }, [follow, scrolled]);

  return { box, content, isAtEnd, scrolled, follow };
}
