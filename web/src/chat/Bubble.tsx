import { memo, type ReactNode } from "react";
import type { Message } from "../api/client";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Answer } from "./Answer";
import { beginningOf, settled } from "./answer";
import type { Citation } from "./citation";
import { isOut, type Outgoing } from "./conversation";
import { CopyAnswer } from "./CopyAnswer";
import { Dots } from "./Dots";
import { Feedback, type SendFeedback } from "./Feedback";
import styles from "./log.module.css";
import { Sources } from "./Sources";
import { instantOf, timeOfDay, useText, whyHeld } from "./words";

interface StoredProps {
  readonly message: Message & { readonly feedback?: { readonly useful: boolean } | null };
  readonly continues: boolean;
  readonly onOpenSource: (citation: Citation) => void;
  /** Null where opinions cannot be sent. */
  readonly onFeedback: SendFeedback | null;
}

/** A message the server has. Memoised, since a long conversation has many and each stays as it is. */
export const StoredBubble = memo(function StoredBubble({ message, continues, onOpenSource, onFeedback }: StoredProps) {
  const text = useText();
  if (message.author === "system") {
    return (
      <li className={styles.divider} lang="ko">
        {message.message}
      </li>
    );
  }
  const at = instantOf(message.created_at);
  const time = <time dateTime={at.toISOString()}>{timeOfDay(at, text)}</time>;
  const isProtected = message.protected ? (
    <p className={styles.protected}>
      <Icon name="shield" size={16} />
      {text.protected}
    </p>
  ) : null;
  if (message.author === "customer") {
    return (
      <Bubble author="customer" continues={continues}>
        <p className={styles.bubble} lang="ko">
          {message.message}
        </p>
        {isProtected}
        <p className={styles.meta}>
          {time}
          <span className={styles.delivered}>
            <Icon name="check" size={14} />
            {text.delivery.sent}
          </span>
        </p>
      </Bubble>
    );
  }
  const rests = message.author === "assistant" && message.sources.length > 0;
  return (
    <Bubble author={message.author} continues={continues} agentName={message.agent_name}>
      <div className={styles.bubble} lang="ko">
        <Answer text={message.message} />
      </div>
      {isProtected}
      {message.engine === "llm" && message.author === "assistant" ? (
        <p className={styles.generated}>
          <Icon name="generated" size={16} />
          <span>
            {text.generated.mark} {rests ? text.generated.check : null}
          </span>
        </p>
      ) : null}
      {rests ? <Sources sources={message.sources} onOpen={onOpenSource} /> : null}
      {message.author === "agent" ? (
        <p className={styles.meta}>{time}</p>
      ) : (
        <div className={styles.below} role="group" aria-label={text.answerNamed(beginningOf(message.message))}>
          <p className={styles.meta}>{time}</p>
          <CopyAnswer message={message} />
          {rests && onFeedback !== null ? (
            <Feedback messageId={message.id} known={message.feedback?.useful ?? null} onSend={onFeedback} />
          ) : null}
        </div>
      )}
    </Bubble>
  );
});

interface OutgoingProps {
  readonly outgoing: Outgoing;
  readonly continues: boolean;
  readonly onRetry: (clientMessageId: string) => void;
  readonly onDiscard: (clientMessageId: string) => void;
  readonly onOpenSource: (citation: Citation) => void;
}

/** A message typed here that the server may not have yet. */
export function OutgoingBubble({ outgoing, continues, onRetry, onDiscard, onOpenSource }: OutgoingProps) {
  const text = useText();
  const { clientMessageId, delivery, answer } = outgoing;
  // The server had it; that is not to be taken back here.
  const isBegun = answer !== "";
  const at = new Date(outgoing.typedAt);
  const isHeld = delivery.kind === "waiting" || delivery.kind === "refused";
  const unrecorded = delivery.kind === "refused" ? delivery.unrecorded : undefined;
  const own = (
    <Bubble author="customer" continues={continues}>
      <p className={`${styles.bubble ?? ""} ${isOut(outgoing) || isBegun ? "" : (styles.unsent ?? "")}`}>{outgoing.text}</p>
      {isHeld ? (
        <div className={`${styles.held ?? ""} ${delivery.kind === "refused" ? (styles.refused ?? "") : ""}`}>
          <p>
            <Icon name={delivery.kind === "refused" ? "alert" : "clock"} size={16} />
            <span>{whyHeld(delivery, answer, text)}</span>
          </p>
          <div>
            <Button
              look="quiet"
              onClick={() => {
                onRetry(clientMessageId);
              }}
            >
              {isBegun ? text.delivery.fetch : text.delivery.retry}
            </Button>
            {isBegun ? null : (
              <Button
                look="quiet"
                onClick={() => {
                  onDiscard(clientMessageId);
                }}
              >
                {text.delivery.discard}
              </Button>
            )}
          </div>
        </div>
      ) : (
        <p className={styles.meta}>
          <time dateTime={at.toISOString()}>{timeOfDay(at, text)}</time>
          {/* That it is being answered, or was, says that it arrived; not that it is stored. */}
          {delivery.kind === "answering" || isBegun ? null : (
            <span className={styles.delivered}>
              <Icon name="clock" size={14} />
              {text.delivery[delivery.kind]}
            </span>
          )}
        </p>
      )}
    </Bubble>
  );
  if (unrecorded === undefined) return own;
  return (
    <>
      {own}
      <Bubble author="assistant" continues={false}>
        <div className={styles.bubble} lang="ko">
          <Answer text={unrecorded.text} />
        </div>
        {unrecorded.sources.length > 0 ? <Sources sources={unrecorded.sources} onOpen={onOpenSource} /> : null}
      </Bubble>
    </>
  );
}

/**
 * An answer while it is written. It looks as it will when it is stored, so the one takes the other's place without a
 * jump; and it is not read aloud word by word, the stored one is read once and whole.
 */
export function GrowingBubble({ text, isCut }: { readonly text: string; readonly isCut: boolean }) {
  return (
    <Bubble author="assistant" continues={false} isGrowing>
      <div className={styles.bubble} lang="ko">
        <Answer text={settled(text)} />
        {/* Seconds may pass between two sentences. */}
        {isCut ? null : <Dots />}
      </div>
    </Bubble>
  );
}

interface BubbleProps {
  readonly author: "customer" | "assistant" | "agent";
  /** Who the agent is, where that is known. */
  readonly agentName?: string | null | undefined;
  readonly continues: boolean;
  readonly isGrowing?: boolean;
  readonly children: ReactNode;
}

function Bubble({ author, continues, agentName = null, isGrowing = false, children }: BubbleProps) {
  return (
    <li
      className={`${styles.entry ?? ""} ${styles[author] ?? ""} ${continues ? (styles.continues ?? "") : ""}`}
      data-own={author === "customer" ? "" : undefined}
      aria-live={isGrowing ? "off" : undefined}
      aria-busy={isGrowing ? true : undefined}
    >
      <Author author={author} agentName={agentName} isShown={author === "assistant" || (author === "agent" && !continues)} />
      {children}
    </li>
  );
}

/** Who speaks. That a machine does stands above each of its messages, to be seen and heard. */
export function Author({ author, agentName, isShown }: { readonly author: "customer" | "assistant" | "agent"; readonly agentName: string | null; readonly isShown: boolean }) {
  const text = useText();
  const name = author === "agent" && agentName !== null ? text.agentNamed(agentName) : text.author[author];
  return (
    <p className={isShown ? styles.author : "visually-hidden"}>
      {author === "assistant" ? (
        <>
          <span role="img" aria-label={text.aiBadge.name} className={styles.badge}>
            {text.aiBadge.label}
          </span>{" "}
          {text.aiBadge.rest}
        </>
      ) : (
        name
      )}
    </p>
  );
}
