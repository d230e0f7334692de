import type { Greeting } from "../api/client";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import type { Handover } from "./conversation";
import { agentHours, type AgentHours } from "./hours";
import { stateOf, type Step, steps } from "./journey";
import type { Text } from "./ko";
import styles from "./progress.module.css";
import { useText } from "./words";

/** What is said at a step. */
export interface ProgressWords {
  readonly title: string;
  readonly body: string;
}

interface Props {
  readonly step: Step;
  readonly words: ProgressWords;
  readonly onCancel: () => void;
}

/** The way to a person: what comes next, the way back, and where the customer is. On a short screen the first line remains. */
export function Progress({ step, words, onCancel }: Props) {
  const { progress } = useText();
  const isThere = step === "connected";
  return (
    <section className={`${styles.progress ?? ""} ${isThere ? (styles.there ?? "") : ""}`} aria-label={progress.name}>
      <div className={styles.head}>
        <p className={styles.title}>{words.title}</p>
        {isThere || step === "consent" ? null : (
          <Button look="chip" onClick={onCancel}>
            {progress.cancel}
          </Button>
        )}
      </div>
      <p>{words.body}</p>
      <ol className={styles.steps}>
        {steps.map((each) => {
          const state = stateOf(each, step);
          return (
            <li key={each} className={`${styles.step ?? ""} ${styles[state] ?? ""}`} aria-current={state === "current" ? "step" : undefined}>
              <span className={styles.dot}>{state === "done" ? <Icon name="check" size={14} /> : null}</span>
              <span>
                {progress.steps[each]}
                {state === "done" ? <span className="visually-hidden"> {progress.done}</span> : null}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Nobody comes outside hours, so then it is said when somebody does. `now` in Unix milliseconds. */
export function progressWords(step: Step, waits: Handover | null, greeting: Greeting | null, now: number, text: Text): ProgressWords {
  const { progress, handover } = text;
  const position = waits?.queue_position ?? null;
  const agentName = waits?.agent_name ?? null;
  const hours = greeting === null ? null : agentHours(greeting.hours, now);
  const outside = hours === null || hours.isOpen ? null : outsideHours(hours, greeting?.phones.emergency ?? null, text);
  switch (step) {
    case "consent":
      return { title: progress.consent.title, body: outside ?? progress.consent.body };
    case "details":
      return { title: handover.collecting.title, body: outside ?? handover.collecting.body };
    case "queue": {
      const { title, body } = handover.queued;
      // A place says nothing in a queue that does not move.
      if (outside !== null || position === null) return { title, body: outside ?? body };
      return { title: `${title} · ${progress.position(position)}`, body };
    }
    case "connected":
      return { title: agentName === null ? handover.attended.title : progress.attendedBy(agentName), body: handover.attended.body };
  }
}

/** Nobody is there now: when somebody will be, and whom to call if it cannot wait. */
function outsideHours(hours: AgentHours, emergency: string | null, { progress }: Text): string {
  const written = hours.days.map(({ kind, from, until }) => `${progress.days[kind]} ${from}~${until}`).join(", ");
  const sentences = [progress.outside(written)];
  if (hours.next !== null) sentences.push(progress.next(hours.next));
  if (emergency !== null) sentences.push(progress.urgent(emergency));
  return sentences.join(" ");
}
