import { type KeyboardEvent, type RefObject, type SubmitEvent, useState } from "react";
import { Icon } from "../ui/Icon";
import styles from "./composer.module.css";
import { charsOf, judgeDraft, TEXT_CHARS_MAX } from "./conversation";
import { useText } from "./words";

/** From here on the customer sees how much room is left. */
const COUNTER_FROM = 1_800;

interface Props {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onSend: (message: string) => void;
}

export function Composer({ field, onSend }: Props) {
  const text = useText();
  const [draft, setDraft] = useState("");
  const [isAskedForMore, setAskedForMore] = useState(false);
  const judgement = judgeDraft(draft);
  const chars = charsOf(draft);
  const complaint =
    judgement === "too-long"
      ? text.composer.tooLong(chars - TEXT_CHARS_MAX)
      : judgement === "too-short" && isAskedForMore
        ? text.composer.tooShort
        : null;

  function send(): void {
    setAskedForMore(judgement === "too-short");
    if (judgement !== "good") return;
    onSend(draft);
    setDraft("");
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    send();
    field.current?.focus();
  }

  function press(event: KeyboardEvent<HTMLTextAreaElement>): void {
    // While a syllable is being composed, Enter belongs to the input method.
    // Safari says so only by the key code 229, after `isComposing` has ended.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
    const isComposing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || isComposing) return;
    event.preventDefault();
    send();
  }

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
            aria-describedby="message-state"
            onChange={(event) => {
              setDraft(event.target.value);
            }}
            onKeyDown={press}
          />
        </div>
        <button type="submit" className={styles.send} aria-label={text.composer.send} disabled={judgement === "empty" || judgement === "too-long"}>
          <Icon name="send" size={22} />
        </button>
      </div>
      <p id="message-state" className={styles.state} role="status">
        {complaint === null ? null : <span className={styles.complaint}>{complaint}</span>}
        {chars >= COUNTER_FROM ? <span>{text.composer.counter(chars, TEXT_CHARS_MAX)}</span> : null}
      </p>
    </form>
  );
}
