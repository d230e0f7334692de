import { useEffect, useState } from "react";
import type { QuickReply } from "../api/client";
import { aloud } from "./answer";
import { citationsOf } from "./citation";
import type { Conversation } from "./conversation";
import { DEAF, nextHearing } from "./hearing";
import { useText } from "./words";

/** Long enough for a reader to have taken the words; then they stand in the log only. */
const SPOKEN_MS = 3_000;

type Heard = { readonly isReady: boolean } & Pick<Conversation, "messages" | "readTo">;

interface Props extends Heard {
  /** The answers that are offered to the last message. */
  readonly replies: readonly QuickReply[];
}

/** The one place a screen reader hears the conversation from. */
export function Announcer({ isReady, messages, readTo, replies }: Props) {
  const text = useText();
  const [hearing, setHearing] = useState(DEAF);
  const [heard, setHeard] = useState<Heard | null>(null);
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
          {text.author[message.author]}: <span lang="ko">{aloud(message.message)}</span>{" "}
          {message.engine === "llm" ? `${text.generated.mark} ` : null}
          {message.sources.length > 0 ? text.sources.name(citationsOf(message.sources).length) : null}
        </p>
      ))}
      {spoken.length > 0 && replies.length > 0 ? <p>{text.offered(replies.map(({ label }) => label))}</p> : null}
    </div>
  );
}
