import { useLayoutEffect } from "react";
import { Button } from "../ui/Button";
import { useFollowEnd } from "../ui/followEnd";
import { Icon } from "../ui/Icon";
import { entries, isAnswering, quickReplies } from "./conversation";
import type { Courier, Screen } from "./courier";
import styles from "./log.module.css";
import { OutgoingBubble, StoredBubble } from "./Bubble";
import { dayOf, useText } from "./words";

interface Props {
  readonly screen: Screen;
  readonly courier: Courier;
  readonly onChoose: (message: string) => void;
}

/** The conversation from the greeting down; it follows the newest message unless the customer reads above. */
export function Log({ screen, courier, onChoose }: Props) {
  const text = useText();
  const { conversation, greeting } = screen;
  const shown = entries(conversation);
  const replies = quickReplies(conversation);
  const answering = isAnswering(conversation);
  const { box, content, isAtEnd, scrolled, follow, stay } = useFollowEnd();

  // Who says something wants to see the answer, wherever he was reading.
  const newest = shown.at(-1);
  const ownKey = newest?.kind === "outgoing" ? newest.key : null;
  useLayoutEffect(() => {
    if (ownKey !== null) follow("instant");
  }, [ownKey, follow]);

  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.log}
        role="log"
        // `Announcer` reads answers out, whole and once.
        aria-live="off"
        aria-label={text.log.name}
        aria-busy={!screen.isReady}
        tabIndex={0}
        onScroll={scrolled}
      >
        <div ref={content} className={styles.inner}>
          {conversation.isRestarted ? <p className={styles.divider}>{text.log.restarted}</p> : null}
          {greeting === null ? (
            <p className={styles.divider}>{text.log.loading}</p>
          ) : (
            <div className={styles.greeting} lang="ko">
              <p className={styles.bubble}>{greeting.greeting}</p>
            </div>
          )}
          {shown.length === 0 && greeting !== null ? (
            <div className={styles.topics} role="group" aria-label={text.log.topics}>
              <p className={styles.caption}>{text.log.topics}</p>
              <Choices choices={greeting.topics} onChoose={onChoose} />
            </div>
          ) : null}
          <ol className={styles.entries}>
            {shown.map((entry) => {
              switch (entry.kind) {
                case "day":
                  return (
                    <li key={entry.key} className={styles.divider}>
                      {dayOf(entry.day, text.language)}
                    </li>
                  );
                case "message":
                  return <StoredBubble key={entry.key} message={entry.message} continues={entry.continues} onUnfold={stay} />;
                case "outgoing":
                  return (
                    <OutgoingBubble
                      key={entry.key}
                      outgoing={entry.outgoing}
                      continues={entry.continues}
                      onRetry={(id) => {
                        courier.retry(id);
                      }}
                      onDiscard={(id) => {
                        courier.discard(id);
                      }}
                    />
                  );
              }
            })}
          </ol>
          {replies.length > 0 ? (
            <div className={styles.replies} role="group" aria-label={text.quickReplies}>
              <Choices choices={replies} onChoose={onChoose} />
            </div>
          ) : null}
          {answering ? <Dots label={text.answering} /> : null}
          {conversation.isAgentTyping ? <Dots label={text.agentTyping} /> : null}
        </div>
      </div>
      {isAtEnd ? null : (
        <div className={styles.toEnd}>
          <Button
            look="chip"
            onClick={() => {
              follow("auto");
            }}
          >
            <Icon name="down" size={18} />
            {text.log.toBottom}
          </Button>
        </div>
      )}
    </div>
  );
}

function Choices({ choices, onChoose }: { readonly choices: readonly { label: string; message: string }[]; readonly onChoose: (message: string) => void }) {
  return (
    <div className={styles.choices} lang="ko">
      {choices.map(({ label, message }) => (
        <Button
          key={label}
          look="chip"
          onClick={() => {
            onChoose(message);
          }}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}

function Dots({ label }: { readonly label: string }) {
  return (
    <p className={styles.dots}>
      <span className="visually-hidden">{label}</span>
      <span aria-hidden="true" />
      <span aria-hidden="true" />
      <span aria-hidden="true" />
    </p>
  );
}
