/** Where a conversation rests while it is followed. Pure; every length is in pixels of the scrolled content. */
export interface Layout {
  /** The greatest the box can be scrolled to. */
  readonly end: number;
  /** How much of the content is seen at once. */
  readonly height: number;
  /** Where the reader's own last entry begins; null when nothing is his. */
  readonly own: number | null;
  /** Where the newest entry begins; null when there is none. */
  readonly newest: number | null;
}

/** So much of what was said before stands above. */
const AIR_PX = 8;
/** Of the box; the newest entry begins no lower, however long the question before it was. */
const LOWEST_START = 0.6;

/**
 * At the end, as long as the reader then sees how the newest entry begins, and what he had said himself. A longer one
 * begins right below his question and is read downwards. Before the first entry that is the top.
 */
export function restingAt({ end, height, own, newest }: Layout): number {
  if (newest === null) return 0;
  // His own words have just come: what follows them will stand at the end.
  if (own === newest) return end;
  return Math.max(0, Math.min(end, Math.max((own ?? 0) - AIR_PX, newest - height * LOWEST_START)));
}

export interface Position {
  readonly top: number;
  readonly end: number;
}

/** Closer to where it rests than this is there. */
const AT_REST_PX = 48;

/**
 * Whether the box is followed after it was scrolled from one position to another. Only a reader scrolls up. What the
 * browser does when content goes away looks the same, but then the end has come nearer too; and our own scrolling is
 * reported late, when the content may have grown on, but it goes down.
 */
export function isFollowedAfter(wasFollowed: boolean, before: Position, now: Position, rest: number): boolean {
  if (now.top >= rest - AT_REST_PX) return true;
  return wasFollowed && !(now.top < before.top && now.end >= before.end);
}
