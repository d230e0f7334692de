import { useCallback, useLayoutEffect } from "react";
import type { QuickReply } from "../api/client";
import { Button } from "../ui/Button";
import { useFollowEnd } from "../ui/followEnd";
import { Icon } from "../ui/Icon";
import { useNewest } from "../ui/newest";
import { Author, GrowingBubble, OutgoingBubble, StoredBubble } from "./Bubble";
import type { Citation } from "./citation";
import { awaited, type Entry, entries, queuePositionOf } from "./conversation";
import type { Courier, Screen } from "./courier";
import { DocumentPanel, useDocument } from "./DocumentPanel";
import { Dots } from "./Dots";
import type { SendFeedback } from "./Feedback";
import styles from "./log.module.css";
import { PrintedTranscript } from "./Transcript";
import { dayOf, today, useText } from "./words";

interface Props {
  readonly screen: Screen;
  readonly courier: Courier;
  /** The answers that are offered to the last message. */
  readonly replies: readonly QuickReply[];
  readonly onChoose: (message: string) => void;
}

/** The conversation from the greeting down; it follows the newest message unless the customer reads above. */
export function Log({ screen, courier, replies, onChoose }: Props) {
  const text = useText();
  const { greeting, conversation } = screen;
  const all = entries(conversation);
  const { box, content, list, isAtEnd, canScroll, scrolled, follow } = useFollowEnd();
  const { first, hasEarlier, hasGrown, showEarlier, nearTop } = useNewest(box, all.length, isAtEnd);
  const shown = all.slice(first);
  const document = useDocument();

  const retry = useCallback((id: string) => { courier.retry(id); }, [courier]);
  const discard = useCallback((id: string) => { courier.discard(id); }, [courier]);
  const open = document.open;
  const openSource = useCallback((citation: Citation) => void open(citation), [open]);
  const feedback = useCallback<SendFeedback>((...opinion) => courier.feedback(...opinion), [courier]);

  // Who says something wants to see the answer, wherever he was reading.
  const newest = all.at(-1);
  const ownKey = newest?.kind === "outgoing" ? newest.key : null;
  useLayoutEffect(() => {
    if (ownKey !== null) follow("instant");
  }, [ownKey, follow]);

  const coming = awaited(conversation);
  const place = queuePositionOf(coming);

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
        tabIndex={canScroll ? 0 : undefined}
        onScroll={() => {
          scrolled();
          nearTop();
        }}
      >
        <div ref={content} className={styles.inner}>
          {conversation.isRestarted ? <p className={styles.divider}>{text.log.restarted}</p> : null}
          {hasEarlier ? (
            <p className={styles.earlier}>
              <Button look="chip" onClick={showEarlier}>
                {text.earlier}
              </Button>
            </p>
          ) : greeting === null ? (
            <p className={styles.divider}>{text.log.loading}</p>
          ) : (
            <div className={styles.greeting}>
              <Author author="assistant" agentName={null} isShown />
              <p className={styles.bubble} lang="ko">
                {greeting.greeting}
              </p>
            </div>
          )}
          {all.length === 0 && greeting !== null && !conversation.isClosed ? (
            <div className={styles.topics} role="group" aria-label={text.log.topics}>
              <p className={styles.caption} aria-hidden="true">
                {text.log.topics}
              </p>
              <Choices choices={greeting.topics} onChoose={onChoose} />
            </div>
          ) : null}
          <ol ref={list} className={styles.entries} data-grown={hasGrown ? "" : undefined}>
            <FirstDay entry={shown[0]} hasSeveral={all.some((entry) => entry.kind === "day")} />
            {shown.map((entry) => {
              switch (entry.kind) {
                case "day":
                  return (
                    <li key={entry.key} className={styles.day}>
                      {dayOf(entry.day, text.language)}
                    </li>
                  );
                case "message":
                  return (
                    <StoredBubble
                      key={entry.key}
                      message={entry.message}
                      continues={entry.continues}
                      onOpenSource={openSource}
                      onFeedback={feedback}
                    />
                  );
                case "outgoing":
                  return (
                    <OutgoingBubble
                      key={entry.key}
                      outgoing={entry.outgoing}
                      continues={entry.continues}
                      onRetry={retry}
                      onDiscard={discard}
                      onOpenSource={openSource}
                    />
                  );
                case "growing":
                  return <GrowingBubble key={entry.key} text={entry.text} isCut={entry.isCut} />;
              }
            })}
          </ol>
          {replies.length > 0 ? (
            <div className={styles.replies} role="group" aria-label={text.quickReplies}>
              <Choices choices={replies} onChoose={onChoose} />
            </div>
          ) : null}
          {coming === null ? null : place === null ? <Coming label={text.answering} /> : <Coming label={text.answerQueue(place)} isShown />}
          {conversation.isAgentTyping ? <Coming label={text.agentTyping} /> : null}
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
      {document.opened === null ? null : (
        <DocumentPanel opened={document.opened} onRetry={openSource} onClose={document.close} />
      )}
      <PrintedTranscript screen={screen} />
    </div>
  );
}

/** The day of what is shown first, unless all of it is today. */
function FirstDay({ entry, hasSeveral }: { readonly entry: Entry | undefined; readonly hasSeveral: boolean }) {
  const text = useText();
  if (entry?.kind !== "message") return null;
  const day = entry.message.created_at.slice(0, 10);
  return !hasSeveral && day === today() ? null : <li className={styles.day}>{dayOf(day, text.language)}</li>;
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

/** Something will come; the eye is told by the dots, unless there is more to say. */
function Coming({ label, isShown = false }: { readonly label: string; readonly isShown?: boolean }) {
  return (
    <p className={styles.coming}>
      <span className={isShown ? undefined : "visually-hidden"}>{label}</span>
      <Dots />
    </p>
  );
}
