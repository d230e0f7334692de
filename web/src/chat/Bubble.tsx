import type { ReactNode } from "react";
import type { Message } from "../api/client";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import type { Delivery, Outgoing } from "./conversation";
import type { Text } from "./ko";
import styles from "./log.module.css";
import { Sources } from "./Sources";
import { instantOf, reasonOf, timeOfDay, useText } from "./words";

interface StoredProps {
  readonly message: Message;
  readonly continues: boolean;
  readonly onUnfold: () => void;
}

/** A message the server has. */
export function StoredBubble({ message, continues, onUnfold }: StoredProps) {
  const text = useText();
  const at = instantOf(message.created_at);
  if (message.author === "system") {
    return (
      <li className={styles.divider} lang="ko">
        {message.message}
      </li>
    );
  }
  const isOwn = message.author === "customer";
  return (
    <Bubble author={message.author} continues={continues}>
      <p className={styles.bubble} lang="ko">
        {message.message}
      </p>
      {message.protected ? (
        <p className={styles.protected}>
          <Icon name="shield" size={16} />
          {text.protected}
        </p>
      ) : null}
      {message.sources.length > 0 ? <Sources sources={message.sources} onUnfold={onUnfold} /> : null}
      <p className={styles.meta}>
        <time dateTime={at.toISOString()}>{timeOfDay(at, text)}</time>
        {isOwn ? (
          <span className={styles.delivered}>
            <Icon name="check" size={14} />
            {text.delivery.sent}
          </span>
        ) : null}
      </p>
    </Bubble>
  );
}

interface OutgoingProps {
  readonly outgoing: Outgoing;
  readonly continues: boolean;
  readonly onRetry: (clientMessageId: string) => void;
  readonly onDiscard: (clientMessageId: string) => void;
}

/** A message typed here that the server may not have yet. */
export function OutgoingBubble({ outgoing, continues, onRetry, onDiscard }: OutgoingProps) {
  const text = useText();
  const { clientMessageId, delivery } = outgoing;
  const at = new Date(outgoing.typedAt);
  const isOnItsWay = delivery.kind === "sending";
  const isHeld = delivery.kind === "waiting" || delivery.kind === "refused";
  return (
    <Bubble author="customer" continues={continues}>
      <p className={`${styles.bubble ?? ""} ${isOnItsWay ? "" : (styles.unsent ?? "")}`}>{outgoing.text}</p>
      {isHeld ? (
        <div className={styles.held}>
          <p>
            <Icon name="alert" size={16} />
            <span>{heldWords(delivery, text)}</span>
          </p>
          <div>
            <Button
              look="quiet"
              onClick={() => {
                onRetry(clientMessageId);
              }}
            >
              {text.delivery.retry}
            </Button>
            <Button
              look="quiet"
              onClick={() => {
                onDiscard(clientMessageId);
              }}
            >
              {text.delivery.discard}
            </Button>
          </div>
        </div>
      ) : (
        <p className={styles.meta}>
          <time dateTime={at.toISOString()}>{timeOfDay(at, text)}</time>
          <span className={styles.delivered}>
            <Icon name="clock" size={14} />
            {text.delivery[delivery.kind]}
          </span>
        </p>
      )}
    </Bubble>
  );
}

function Bubble({ author, continues, children }: { readonly author: "customer" | "assistant" | "agent"; readonly continues: boolean; readonly children: ReactNode }) {
  const name = useText().author[author];
  const isNamed = author !== "customer" && !continues;
  return (
    <li className={`${styles.entry ?? ""} ${styles[author] ?? ""} ${continues ? (styles.continues ?? "") : ""}`}>
      <p className={isNamed ? styles.author : "visually-hidden"}>{name}</p>
      {children}
    </li>
  );
}

function heldWords(delivery: Extract<Delivery, { kind: "waiting" | "refused" }>, text: Text): string {
  return `${reasonOf(delivery.failure, text)} ${text.delivery[delivery.kind]}`.trim();
}
