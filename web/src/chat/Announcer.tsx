import { useEffect, useState } from "react";
import type { Conversation } from "./conversation";
import { DEAF, nextHearing } from "./hearing";
import { useText } from "./words";

/** Long enough for a reader to have taken the words; then they stand in the log only. */
const SPOKEN_MS = 3_000;

type Props = { readonly isReady: boolean } & Pick<Conversation, "messages" | "readTo">;

/** The one place a screen reader hears the conversation from. */
export function Announcer({ isReady, messages, readTo }: Props) {
  const { author } = useText();
  const [hearing, setHearing] = useState(DEAF);
  const [heard, setHeard] = useState<Props | null>(null);
  if (heard?.isReady !== isReady || heard.messages !== messages || heard.readTo !== readTo) {
    setHeard({ isReady, messages, readTo });
    setHearing(nextHearing(hearing, isReady, { messages, readTo }));
  }
  const { spoken } = hearing;

  useEffect(() => {
    if (spoken.length === 0) return;
    const timer = setTimeout(() => {
      setHearing((now) => (now.spoken === spoken ? { ...now, spoken: [] } : now));
    }, SPOKEN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [spoken]);

  return (
    <div className="visually-hidden" aria-live="polite" data-announcer>
      {spoken.map((message) => (
        <p key={message.id}>
          {author[message.author]}: <span lang="ko">{message.message}</span>
        </p>
      ))}
    </div>
  );
}
