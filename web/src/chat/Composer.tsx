import { type RefObject, type SubmitEvent, useEffect, useEffectEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Icon } from "../ui/Icon";
import styles from "./composer.module.css";
import { charsOf, judgeDraft, type Limits } from "./conversation";
import { rememberDraft, rememberedDraft } from "./memory";
import { AT_REST, nextTyping, type TypingEvent } from "./typing";
import { useText } from "./words";

/** From this share on the customer sees how much room is left. */
const COUNTED_FROM = 0.9;

interface Props {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly limits: Limits;
  readonly onSend: (message: string) => void;
  /** A message is being begun. */
  readonly onBegin: () => void;
}

export function Composer({ field, limits, onSend, onBegin }: Props) {
  const text = useText();
  const [draft, setDraft] = useState(rememberedDraft);
  const [isAskedForMore, setAskedForMore] = useState(false);
  const typing = useRef(AT_REST);
  const judgement = judgeDraft(draft, limits);
  const chars = charsOf(draft);
  const complaint =
    judgement === "too-long"
      ? text.composer.tooLong(limits.message_chars_max, chars - limits.message_chars_max)
      : judgement === "too-short" && isAskedForMore
        ? text.composer.tooShort
        : null;

  function change(words: string): void {
    if (draft === "" && words !== "") onBegin();
    setDraft(words);
    rememberDraft(words);
  }

  /**
   * Sends what stands in the field, which may be a syllable ahead of what was rendered. The field is empty at once, not
   * at the next rendering: the button may be pressed while a break is owed, and then both would send.
   */
  function send(): void {
    const words = field.current?.value ?? "";
    const verdict = judgeDraft(words, limits);
    setAskedForMore(verdict === "too-short");
    if (verdict !== "good") return;
    onSend(words);
    flushSync(() => {
      change("");
    });
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    // Some keyboards go on composing while the button is pressed, and would put the last syllable back
    // into the emptied field. Without the focus they let go of it.
    if (typing.current.isComposing) field.current?.blur();
    send();
    field.current?.focus();
  }

  const report = useEffectEvent((event: Event, what: TypingEvent) => {
    const { typing: after, act } = nextTyping(typing.current, what);
    typing.current = after;
    if (act === "nothing") return;
    event.preventDefault();
    if (act === "send") send();
  });

  // The browser's own events in the browser's own order: React makes up its `beforeInput` from other events.
  useEffect(() => {
    const { current } = field;
    if (current === null) return;
    const over = new AbortController();
    const { signal } = over;
    current.addEventListener("compositionstart", (event) => { report(event, { kind: "compositionstart" }); }, { signal });
    current.addEventListener("compositionend", (event) => { report(event, { kind: "compositionend", text: current.value }); }, { signal });
    current.addEventListener(
      "keydown",
      (event) => {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- Safari tells by the key code alone (`typing.ts`)
        const { key, code, keyCode, isComposing, shiftKey } = event;
        report(event, { kind: "keydown", key, code, keyCode, isComposing, isShifted: shiftKey });
      },
      { signal },
    );
    current.addEventListener(
      "beforeinput",
      (event) => {
        if (event.inputType === "insertLineBreak" || event.inputType === "insertParagraph") report(event, { kind: "linebreak", text: current.value });
      },
      { signal },
    );
    return () => {
      over.abort();
    };
  }, [field]);

  return (
    <form className={styles.composer} aria-label={text.composer.name} onSubmit={submit}>
      <div className={styles.row}>
        <label className="visually-hidden" htmlFor="message">
          {text.composer.label}
        </label>
        {/* The mirror gives the field its height without a script or an inline style. */}
        <div className={styles.grow} data-mirror={`${draft}\n`}>
          <textarea
            id="message"
            ref={field}
            className={styles.field}
            rows={1}
            value={draft}
            placeholder={text.composer.placeholder}
            enterKeyHint="send"
            autoComplete="off"
            aria-invalid={complaint !== null}
            aria-describedby="message-state message-count"
            onChange={(event) => {
              change(event.target.value);
            }}
          />
        </div>
        <button type="submit" className={styles.send} aria-label={text.composer.send} disabled={judgement === "empty" || judgement === "too-long"}>
          <Icon name="send" size={22} />
        </button>
      </div>
      <div className={styles.state}>
        <p id="message-state" className={styles.complaint} role="status">
          {complaint}
        </p>
        {/* Not read out at every key. */}
        <p id="message-count">{chars >= COUNTED_FROM * limits.message_chars_max ? text.composer.counter(chars, limits.message_chars_max) : null}</p>
      </div>
    </form>
  );
}
