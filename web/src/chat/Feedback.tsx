import { type SubmitEvent, useState } from "react";
import type { FeedbackReason } from "../api/client";
import { isOfInputMethod } from "../inputMethod";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./feedback.module.css";
import { useText } from "./words";

/** False if the opinion did not get through. */
export type SendFeedback = (messageId: number, useful: boolean, reason: FeedbackReason | null, comment: string | null) => Promise<boolean>;

const REASONS: readonly FeedbackReason[] = ["wrong", "incomplete", "unclear", "other"];
const COMMENT_CHARS_MAX = 500;

type View =
  /** `isAgain`: the customer came back from one of the others. */
  | { readonly kind: "choosing"; readonly isAgain: boolean }
  /** What was missing? */
  | { readonly kind: "asking" }
  /** `isNew`: given just now, not before a reload. */
  | { readonly kind: "given"; readonly useful: boolean; readonly isNew: boolean };

interface Props {
  readonly messageId: number;
  /** What the customer said before; null if nothing. */
  readonly known: boolean | null;
  readonly onSend: SendFeedback;
}

/** Was the answer useful, and if not, why. It can be changed for as long as it is shown. */
export function Feedback({ messageId, known, onSend }: Props) {
  const text = useText().feedback;
  const [view, setView] = useState<View>(known === null ? { kind: "choosing", isAgain: false } : { kind: "given", useful: known, isNew: false });
  const [sending, setSending] = useState<"no" | "yes" | "failed">("no");

  async function send(useful: boolean, reason: FeedbackReason | null, comment: string | null): Promise<void> {
    setSending("yes");
    if (await onSend(messageId, useful, reason, comment)) {
      setView({ kind: "given", useful, isNew: true });
      setSending("no");
    } else {
      setSending("failed");
    }
  }

  function turnTo(next: View): void {
    setSending("no");
    setView(next);
  }

  return (
    <div className={styles.feedback} role="group" aria-label={text.name}>
      {view.kind === "choosing" ? (
        <>
          <Button
            look="quiet"
            disabled={sending === "yes"}
            // What had the focus is gone.
            autoFocus={view.isAgain}
            onClick={() => void send(true, null, null)}
          >
            <Icon name="useful" size={16} />
            {text.useful}
          </Button>
          <Button
            look="quiet"
            onClick={() => {
              turnTo({ kind: "asking" });
            }}
          >
            <Icon name="notUseful" size={16} />
            {text.notUseful}
          </Button>
        </>
      ) : null}
      {view.kind === "asking" ? (
        <Reasons
          isSending={sending === "yes"}
          onSend={(reason, comment) => void send(false, reason, comment)}
          onCancel={() => {
            turnTo({ kind: "choosing", isAgain: true });
          }}
        />
      ) : null}
      <p role="status" className={sending === "failed" ? styles.failed : styles.given}>
        {sending === "failed" ? text.failed : view.kind === "given" ? given(view, text) : null}
      </p>
      {view.kind === "given" ? (
        <Button
          look="quiet"
          // The button that was pressed is gone; who uses the keyboard goes on from here.
          autoFocus={view.isNew}
          onClick={() => {
            turnTo({ kind: "choosing", isAgain: true });
          }}
        >
          {text.change}
        </Button>
      ) : null}
    </div>
  );
}

interface ReasonsProps {
  readonly isSending: boolean;
  readonly onSend: (reason: FeedbackReason, comment: string | null) => void;
  readonly onCancel: () => void;
}

function Reasons({ isSending, onSend, onCancel }: ReasonsProps) {
  const text = useText().feedback;
  const [reason, setReason] = useState<FeedbackReason | null>(null);
  const [comment, setComment] = useState("");

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (reason !== null && !isSending) onSend(reason, comment.trim() === "" ? null : comment.trim());
  }

  return (
    <form
      ref={show}
      className={styles.form}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isOfInputMethod(event.nativeEvent)) return;
        event.preventDefault();
        onCancel();
      }}
    >
      <fieldset className={styles.reasons}>
        <legend>{text.reasonsTitle}</legend>
        {REASONS.map((name, index) => (
          <label key={name} className={styles.reason}>
            <input
              type="radio"
              name="reason"
              required
              autoFocus={index === 0}
              checked={reason === name}
              onChange={() => {
                setReason(name);
              }}
            />
            {text.reasons[name]}
          </label>
        ))}
      </fieldset>
      <label className={styles.comment}>
        <span>{text.comment}</span>
        <textarea
          rows={2}
          maxLength={COMMENT_CHARS_MAX}
          value={comment}
          onChange={(event) => {
            setComment(event.target.value);
          }}
        />
      </label>
      <p className={styles.hint}>
        <span>{text.commentHint}</span> <span>{text.counter(comment.length, COMMENT_CHARS_MAX)}</span>
      </p>
      <div className={styles.buttons}>
        <Button look="primary" type="submit" disabled={isSending}>
          {isSending ? text.sending : text.send}
        </Button>
        <Button look="quiet" onClick={onCancel}>
          {text.cancel}
        </Button>
      </div>
    </form>
  );
}

/** The form opens below the answer, where a phone's screen ends. */
function show(form: HTMLFormElement | null): void {
  form?.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function given({ useful, isNew }: Extract<View, { kind: "given" }>, text: ReturnType<typeof useText>["feedback"]): string {
  return isNew ? text.thanks : text.given[useful ? "useful" : "notUseful"];
}
