import { useRef, useState, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { connectionLabel } from "../api/connection";
import { type Appearance, useAppearance } from "../ui/appearance";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { Notice } from "../ui/Notice";
import { useNow } from "../ui/now";
import { AiNotice } from "./AiNotice";
import { Announcer } from "./Announcer";
import styles from "./chat.module.css";
import { Composer } from "./Composer";
import { Contact, PhoneItems } from "./Contact";
import { awaited, isOnItsWay, queuePositionOf, quickReplies, USUAL_LIMITS } from "./conversation";
import type { Courier, Screen } from "./courier";
import { SharedProvider } from "./device";
import { Header } from "./Header";
import { stepOf } from "./journey";
import { Kiosk } from "./Kiosk";
import type { Text } from "./ko";
import { Log } from "./Log";
import { logoFrom } from "./logo";
import { type Language, rememberLanguage } from "./memory";
import type { Standing } from "./news";
import { Newsreader } from "./Newsreader";
import { PageTopic } from "./PageTopic";
import { Progress, progressWords } from "./Progress";
import { Settings } from "./Settings";
import { Slow } from "./Slow";
import { TranscriptMenu } from "./Transcript";
import { reasonOf, TextProvider, textIn, useText, whyHeld } from "./words";

const USUAL: Appearance = { theme: "system", textSize: "2" };
/** A tablet stands on a desk, and is read from further away. */
const USUAL_AT_KIOSK: Appearance = { theme: "system", textSize: "3" };

/** Opening hours are in minutes. */
const LOOK_AT_CLOCK_MS = 30_000;

interface Props {
  readonly courier: Courier;
  readonly firstLanguage: Language;
  /** Ends the visit and leaves nothing behind; null where the customer's own device is. */
  readonly onLeave: (() => void) | null;
}

/** The customer's one screen: header, conversation, composer; the bank's phone numbers beside it. */
export function ChatScreen({ courier, firstLanguage, onLeave }: Props) {
  const [language, setLanguage] = useState(firstLanguage);
  const [opened, setOpened] = useState<"settings" | "renewal" | null>(null);
  const screen = useSyncExternalStore(courier.subscribe, courier.screen);
  const composer = useRef<HTMLTextAreaElement>(null);
  const { conversation, greeting } = screen;
  const [appearance, setAppearance] = useAppearance(onLeave === null ? USUAL : USUAL_AT_KIOSK, greeting?.theme.accent ?? null);
  const text = textIn(language);
  const title = text.title(greeting?.bank ?? "");
  const step = stepOf(conversation);
  const now = useNow(LOOK_AT_CLOCK_MS);
  const progress = step === null ? null : progressWords(step, conversation.handover, greeting, now, text);
  // The way back from waiting stands in the progress, for as long as there is one.
  const replies = quickReplies(conversation).filter(({ message }) => message !== text.cancelAgentMessage);
  const coming = awaited(conversation);
  const place = queuePositionOf(coming);
  const standing: Standing = {
    isOffline: isOffline(screen),
    held: heldWords(screen, text),
    queue: place === null ? null : text.answerQueue(place),
    progress: progress === null ? null : `${progress.title}. ${progress.body}`,
    hasMessages: conversation.messages.length > 0,
  };
  const notice = greeting?.notice ?? null;
  // Where consent is asked for, asking for an agent once more would pass for a yes.
  const isAgentAsked = conversation.isClosed || (step !== null && step !== "details") || isOnItsWay(conversation, text.connectAgentMessage);

  function chooseLanguage(chosen: Language): void {
    rememberLanguage(chosen);
    document.documentElement.lang = chosen;
    setLanguage(chosen);
  }

  function acknowledge(): void {
    if (notice !== null) courier.acknowledgeNotice(notice.version);
  }

  /** Whoever writes below the notice has seen it. */
  function say(message: string): void {
    acknowledge();
    courier.say(message);
  }

  function choose(message: string): void {
    if (isOnItsWay(conversation, message)) return;
    say(message);
    goOnTyping();
  }

  /** The button that was pressed is gone. With a mouse, go on in the field; on a phone a keyboard would cover what is to be read. */
  function goOnTyping(): void {
    if (window.matchMedia("(pointer: fine)").matches) composer.current?.focus();
  }

  function renew(): void {
    setOpened(null);
    if (onLeave !== null) {
      onLeave();
      return;
    }
    // The field may be new, too.
    flushSync(() => {
      courier.startOver();
    });
    goOnTyping();
  }

  function close(): void {
    setOpened(null);
  }

  function askToRenew(): void {
    setOpened("renewal");
  }

  return (
    <TextProvider value={text}>
      <SharedProvider value={onLeave !== null}>
        <title>{title}</title>
        <div className={styles.screen}>
          <a className={styles.skip} href="#message">
            {text.skipToComposer}
          </a>
          <Header
            bank={greeting?.bank ?? ""}
            logo={logoFrom(greeting?.theme.logo ?? null)}
            step={step}
            isAgentAsked={isAgentAsked}
            onFinish={onLeave === null ? null : askToRenew}
            onLanguage={chooseLanguage}
            onSettings={() => {
              setOpened("settings");
            }}
            onRenew={askToRenew}
            onAgent={() => {
              say(text.connectAgentMessage);
            }}
          >
            {onLeave === null ? <TranscriptMenu screen={screen} /> : null}
            {onLeave === null ? <PhoneItems phones={greeting?.phones ?? {}} /> : null}
          </Header>
          <div className={styles.columns}>
            <Contact phones={greeting?.phones ?? null} />
            <main className={styles.main}>
              {notice === null || notice.version === screen.noticeSeen ? null : (
                <AiNotice
                  words={notice.text}
                  onAcknowledge={() => {
                    acknowledge();
                    goOnTyping();
                  }}
                />
              )}
              <div role="status">
                <State screen={screen} />
              </div>
              {step === null || progress === null ? null : (
                <Progress
                  step={step}
                  words={progress}
                  onCancel={() => {
                    choose(text.cancelAgentMessage);
                  }}
                />
              )}
              <div className={styles.conversation}>
                <Log screen={screen} courier={courier} replies={replies} onChoose={choose} />
              </div>
              <Announcer isReady={screen.isReady} messages={conversation.messages} readTo={conversation.readTo} replies={replies} />
              <Newsreader standing={standing} greeting={greeting?.greeting ?? ""} />
              {/* Who waits for his turn is told his place instead. */}
              <div role="status">{coming !== null && place === null ? <Slow key={coming.clientMessageId} words={text.slow} /> : null}</div>
              {/* Back over all that was answered. */}
              <a className={styles.skip} href="#menu">
                {text.skipToMenu}
              </a>
              {conversation.isClosed ? null : <PageTopic onChoose={choose} />}
              {conversation.isClosed ? <Closed onRenew={renew} /> : <Composer field={composer} limits={greeting?.limits ?? USUAL_LIMITS} onSend={say} onBegin={courier.lookAround} />}
              <ConnectionState screen={screen} />
            </main>
          </div>
          {opened === "settings" ? (
            <Settings appearance={appearance} onAppearance={setAppearance} onLanguage={chooseLanguage} onClose={close} />
          ) : null}
          {opened === "renewal" ? <Renewal isKiosk={onLeave !== null} onConfirm={renew} onCancel={close} /> : null}
          {onLeave === null ? null : <Kiosk isWaiting={step === "queue" || step === "connected"} onOver={onLeave} />}
        </div>
      </SharedProvider>
    </TextProvider>
  );
}

function isOffline({ isHttpReachable, connection }: Screen): boolean {
  return !isHttpReachable && connection.kind !== "open";
}

/** Why the first message that is still here was not sent; null when none is held up. */
function heldWords({ conversation }: Screen, text: Text): string | null {
  for (const { delivery, answer } of conversation.outbox) if (delivery.kind === "waiting" || delivery.kind === "refused") return whyHeld(delivery, answer, text);
  return null;
}

/** What the customer should know before reading on: no network, or no session. */
function State({ screen }: { readonly screen: Screen }) {
  const text = useText();
  if (isOffline(screen)) return <Notice tone="wait">{text.offline}</Notice>;
  if (screen.trouble === null) return null;
  return (
    <Notice tone="danger" title={text.trouble}>
      {reasonOf(screen.trouble, text)}
    </Notice>
  );
}

function Renewal({ isKiosk, onConfirm, onCancel }: { readonly isKiosk: boolean; readonly onConfirm: () => void; readonly onCancel: () => void }) {
  const { renewal, kiosk } = useText();
  return (
    <Dialog title={isKiosk ? kiosk.finishQuestion : renewal.question} onDismiss={onCancel}>
      <p>{isKiosk ? kiosk.finishBody : renewal.body}</p>
      <DialogActions>
        <Button look="chip" onClick={onCancel}>
          {isKiosk ? kiosk.goOn : renewal.cancel}
        </Button>
        <Button look="primary" onClick={onConfirm}>
          {isKiosk ? kiosk.finish : renewal.confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Closed({ onRenew }: { readonly onRenew: () => void }) {
  const text = useText();
  return (
    // Where the skip link leads when there is no field.
    <div id="message" className={styles.closed} role="status" tabIndex={-1}>
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
      {screen.conversation.isClosed ? null : <p className={styles.hint}>{text.composer.hint}</p>}
      <p>
        <span className="visually-hidden">
          {text.connectionName}: {text.connectionSpoken[label]}
        </span>
        <span aria-hidden="true">{text.connection[label]}</span>
      </p>
    </footer>
  );
}
