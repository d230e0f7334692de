import { useRef, useState, useSyncExternalStore } from "react";
import { connectionLabel } from "../api/connection";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import { Composer } from "./Composer";
import { Contact } from "./Contact";
import styles from "./chat.module.css";
import { handoverProgress, type Progress } from "./conversation";
import type { Courier, Screen } from "./courier";
import type { Text } from "./ko";
import { Log } from "./Log";
import { type Language, rememberLanguage } from "./memory";
import { reasonOf, TextProvider, textIn, useText } from "./words";

/** The customer's one screen: header, conversation, composer; the bank's phone numbers beside it. */
export function ChatScreen({ courier, firstLanguage }: { readonly courier: Courier; readonly firstLanguage: Language }) {
  const [language, setLanguage] = useState(firstLanguage);
  const screen = useSyncExternalStore(courier.subscribe, courier.screen);
  const composer = useRef<HTMLTextAreaElement>(null);
  const text = textIn(language);
  const title = text.title(screen.greeting?.bank ?? "");
  const { conversation } = screen;

  function chooseLanguage(chosen: Language): void {
    rememberLanguage(chosen);
    document.documentElement.lang = chosen;
    setLanguage(chosen);
  }

  function choose(message: string): void {
    courier.say(message);
    // The button is gone now. With a mouse, go on typing; on a phone a keyboard would cover the answer.
    if (window.matchMedia("(pointer: fine)").matches) composer.current?.focus();
  }

  return (
    <TextProvider value={text}>
      <title>{title}</title>
      <div className={styles.screen}>
        <a className={styles.skip} href="#message">
          {text.skipToComposer}
        </a>
        <header className={styles.header}>
          <div className={styles.headerInner}>
            <span className={styles.mark}>
              <Icon name="mark" size={22} />
            </span>
            <h1 className={styles.title}>{title}</h1>
            <Button
              look="quiet"
              lang={text.switchTo.language}
              aria-label={text.switchTo.name}
              onClick={() => {
                chooseLanguage(text.switchTo.language);
              }}
            >
              {text.switchTo.label}
            </Button>
            <Button
              look="primary"
              disabled={conversation.isClosed || handoverProgress(conversation) === "attended"}
              onClick={() => {
                courier.say(text.connectAgentMessage);
              }}
            >
              <Icon name="agent" />
              {text.connectAgent}
            </Button>
          </div>
        </header>
        <div className={styles.columns}>
          <Contact phones={screen.greeting?.phones ?? null} />
          <main className={styles.main}>
            <div role="status">
              <State screen={screen} />
            </div>
            <Log screen={screen} courier={courier} onChoose={choose} />
            {conversation.isClosed ? (
              <Closed
                onRenew={() => {
                  courier.startOver();
                }}
              />
            ) : (
              <Composer
                field={composer}
                onSend={(message) => {
                  courier.say(message);
                }}
              />
            )}
            <ConnectionState screen={screen} />
          </main>
        </div>
      </div>
    </TextProvider>
  );
}

/** What the customer should know before reading on: no network, no session, a person on the way. */
function State({ screen }: { readonly screen: Screen }) {
  const text = useText();
  if (!screen.isHttpReachable && screen.connection.kind !== "open") return <Notice tone="danger">{text.offline}</Notice>;
  if (screen.trouble !== null) {
    return (
      <Notice tone="danger" title={text.trouble}>
        {reasonOf(screen.trouble, text)}
      </Notice>
    );
  }
  const progress = handoverProgress(screen.conversation);
  return progress === null ? null : <HandoverNotice progress={progress} words={text.handover[progress]} />;
}

function HandoverNotice({ progress, words }: { readonly progress: Progress; readonly words: Text["handover"][Progress] }) {
  return (
    <Notice tone={progress === "attended" ? "agent" : "wait"} title={words.title}>
      {words.body}
    </Notice>
  );
}

function Closed({ onRenew }: { readonly onRenew: () => void }) {
  const text = useText();
  return (
    <div className={styles.closed} role="status">
      <p>{text.closed.body}</p>
      <Button look="primary" onClick={onRenew}>
        {text.closed.renew}
      </Button>
    </div>
  );
}

function ConnectionState({ screen }: { readonly screen: Screen }) {
  const text = useText();
  const label = connectionLabel(screen.connection, screen.isHttpReachable);
  return (
    <footer className={styles.footer}>
      <p className={styles.hint}>{text.composer.hint}</p>
      <p>
        <span className="visually-hidden">{text.connectionName}: </span>
        <span>{text.connection[label]}</span>
      </p>
    </footer>
  );
}
