import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import { isFollowedAfter, type Position, restingAt } from "./resting";

export interface FollowEnd {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  /** Has the entries as its children; the reader's own are marked `data-own`. */
  readonly list: RefObject<HTMLOListElement | null>;
  /** False once the reader has scrolled up from what is newest. */
  readonly isAtEnd: boolean;
  readonly canScroll: boolean;
  /** For the box's `onScroll`. */
  readonly scrolled: () => void;
  /** Goes to what is newest and stays there. */
  readonly follow: (behavior: ScrollBehavior) => void;
}

/**
 * A scrolling box that stays with its newest entry (`restingAt`) while that is where the reader is, whatever grows:
 * content, keyboard, composer. How high things are and where they are scrolled to is nothing React can describe,
 * hence the effect.
 */
export function useFollowEnd(): FollowEnd {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const isFollowing = useRef(true);
  const position = useRef<Position>({ top: 0, end: 0 });
  const [isAtEnd, setAtEnd] = useState(true);
  const [canScroll, setCanScroll] = useState(false);

  const scrolled = useCallback(() => {
    if (box.current === null) return;
    const now = positionOf(box.current);
    isFollowing.current = isFollowedAfter(isFollowing.current, position.current, now, restOf(box.current, list.current));
    position.current = now;
    setAtEnd(isFollowing.current);
  }, []);

  const follow = useCallback((behavior: ScrollBehavior) => {
    isFollowing.current = true;
    setAtEnd(true);
    if (box.current === null) return;
    const top = restOf(box.current, list.current);
    // Who reads on below is not fetched back.
    if (box.current.scrollTop < top) box.current.scrollTo({ top, behavior });
    position.current = positionOf(box.current);
  }, []);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) follow("instant");
      else scrolled();
      setCanScroll(position.current.end > 0);
    });
    for (const { current } of [box, content]) if (current !== null) observer.observe(current);
    return () => {
      observer.disconnect();
    };
  }, [follow, scrolled]);

  return { box, content, list, isAtEnd, canScroll, scrolled, follow };
}

function positionOf(box: HTMLElement): Position {
  return { top: box.scrollTop, end: box.scrollHeight - box.clientHeight };
}

function restOf(box: HTMLElement, list: HTMLElement | null): number {
  const origin = box.getBoundingClientRect().top - box.scrollTop;
  const topOf = (entry: Element | null | undefined): number | null => (entry ? entry.getBoundingClientRect().top - origin : null);
  let own = list?.lastElementChild;
  while (own && !own.matches("[data-own]")) own = own.previousElementSibling;
  const { end } = positionOf(box);
  return restingAt({ end, height: box.clientHeight, own: topOf(own), newest: topOf(list?.lastElementChild) });
}
