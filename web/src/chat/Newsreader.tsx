import { useEffect, useState } from "react";
import { isAlike, type News, newsBetween, type Standing } from "./news";
import { useText } from "./words";

/** Long enough for a reader to have taken the words. */
const SPOKEN_MS = 3_000;

/**
 * The one place a screen reader hears from how things stand. It is always there, since a region that comes with its
 * words is read by few; and it is empty at rest, since what is said here can be seen elsewhere.
 */
export function Newsreader({ standing, greeting }: { readonly standing: Standing; readonly greeting: string }) {
  const text = useText();
  const [known, setKnown] = useState(standing);
  /** As it was said first: what is being read does not change. */
  const [news, setNews] = useState<readonly { readonly kind: News; readonly words: string | null }[]>([]);
  if (!isAlike(known, standing)) {
    const words: Record<News, string | null> = {
      begun: `${text.log.begun} ${greeting}`,
      back: text.online,
      held: standing.held,
      queued: standing.queue,
      progress: standing.progress,
    };
    const fresh = newsBetween(known, standing).map((kind) => ({ kind, words: words[kind] }));
    setKnown(standing);
    if (fresh.length > 0) setNews(fresh);
  }

  useEffect(() => {
    if (news.length === 0) return;
    const timer = setTimeout(() => {
      setNews([]);
    }, SPOKEN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [news]);

  return (
    <div className="visually-hidden" role="status" data-newsreader>
      {news.map(({ kind, words }) => (
        <p key={kind}>{words}</p>
      ))}
    </div>
  );
}
