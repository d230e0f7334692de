import { Fragment, useEffect, useState } from "react";
import { createPortal, flushSync } from "react-dom";
import { Icon } from "../ui/Icon";
import { saveText } from "../ui/saveText";
import { Answer } from "./Answer";
import type { Screen } from "./courier";
import { authorOf, fileName, momentOf, sourceLines, transcriptText } from "./transcript";
import styles from "./transcript.module.css";
import { dayOf, instantOf, timeOfDay, useText } from "./words";

interface Props {
  readonly screen: Screen;
}

/** The customer's own copy of the conversation, as items of the screen's menu: a text file, or the page to print and save as PDF. */
export function TranscriptMenu({ screen }: Props) {
  const text = useText();
  const { greeting, conversation } = screen;
  if (conversation.messages.length === 0) return null;

  function save(): void {
    const savedAt = new Date();
    const { messages } = conversation;
    const transcript = { bank: greeting?.bank ?? "", greeting: greeting?.greeting ?? null, messages, savedAt };
    saveText(fileName(savedAt, text), transcriptText(transcript, text));
  }

  return (
    <>
      <li>
        <button type="button" onClick={save}>
          <Icon name="download" size={18} />
          {text.transcript.download}
        </button>
      </li>
      <li>
        <button
          type="button"
          onClick={() => {
            window.print();
          }}
        >
          <Icon name="print" size={18} />
          {text.transcript.print}
        </button>
      </li>
    </>
  );
}

/** What is printed instead of the screen: the whole conversation, made when the browser is about to print. */
export function PrintedTranscript({ screen }: Props) {
  const text = useText();
  const [printedAt, setPrintedAt] = useState<Date | null>(null);

  // Printing is announced by events, and the page must stand before the listener returns.
  useEffect(() => {
    const before = (): void => {
      flushSync(() => {
        setPrintedAt(new Date());
      });
    };
    const after = (): void => {
      setPrintedAt(null);
    };
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, []);

  if (printedAt === null) return null;
  const { greeting, conversation } = screen;
  return createPortal(
    <article className={styles.printed} lang={text.language}>
      <h1>
        {text.title(greeting?.bank ?? "")} {text.transcript.title}
      </h1>
      <p>{text.transcript.savedAt(momentOf(printedAt, text))}</p>
      <p>{text.transcript.aboutAi}</p>
      {greeting === null ? null : (
        <section className={styles.said}>
          <h2>{authorOf({ author: "assistant" }, text)}</h2>
          <div lang="ko">
            <Answer text={greeting.greeting} />
          </div>
        </section>
      )}
      {conversation.messages.map((message, index) => {
        if (message.message === "") return null;
        const day = message.created_at.slice(0, 10);
        const isNewDay = day !== conversation.messages[index - 1]?.created_at.slice(0, 10);
        return (
          <Fragment key={message.id}>
            {isNewDay ? <p className={styles.day}>{dayOf(day, text.language)}</p> : null}
            <section className={`${styles.said ?? ""} ${styles[message.author] ?? ""}`}>
              <h2>
                {authorOf(message, text)} <span>{timeOfDay(instantOf(message.created_at), text)}</span>
              </h2>
              <div lang="ko">
                {message.author === "customer" ? <p className={styles.own}>{message.message}</p> : <Answer text={message.message} />}
              </div>
              {sourceLines(message.sources, text).map((line) => (
                <p key={line} className={styles.source}>
                  {line}
                </p>
              ))}
            </section>
          </Fragment>
        );
      })}
    </article>,
    document.body,
  );
}
