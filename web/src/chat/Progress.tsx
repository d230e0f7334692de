import type { Greeting } from "../api/client";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useNow } from "../ui/now";
import type { Handover } from "./conversation";
import { agentHours, type AgentHours } from "./hours";
import { stateOf, type Step, steps } from "./journey";
import styles from "./progress.module.css";
import { useText } from "./words";

/** Opening hours are in minutes. */
const LOOK_AT_CLOCK_MS = 30_000;

interface Props {
  readonly step: Step;
  readonly handover: Handover | null;
  readonly greeting: Greeting | null;
  readonly onCancel: () => void;
}

/** The way to a person: where the customer is on it, what comes next, and the way back. */
export function Progress({ step, handover, greeting, onCancel }: Props) {
  const text = useText();
  const { progress } = text;
  const isThere = step === "connected";
  const now = useNow(LOOK_AT_CLOCK_MS);
  const hours = greeting === null || isThere ? null : agentHours(greeting.hours, now);
  const words = wordsOf(step, handover, text);
  return (
    <section className={`${styles.progress ?? ""} ${isThere ? (styles.there ?? "") : ""}`} aria-label={progress.name}>
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
      <div className={styles.row}>
        {isThere || step === "consent" ? null : (
          <div className={styles.cancel}>
            <Button look="chip" onClick={onCancel}>
              {progress.cancel}
            </Button>
          </div>
        )}
        <div role="status">
          <p className={styles.title}>{words.title}</p>
          <p>{words.body}</p>
          {hours === null || hours.isOpen ? null : <OutsideHours hours={hours} emergency={greeting?.phones.emergency ?? null} />}
        </div>
      </div>
    </section>
  );
}

function wordsOf(step: Step, handover: Handover | null, text: ReturnType<typeof useText>): { title: string; body: string } {
  const { progress, handover: words } = text;
  const position = handover?.queue_position ?? null;
  const agentName = handover?.agent_name ?? null;
  switch (step) {
    case "consent":
      return progress.consent;
    case "details":
      return words.collecting;
    case "queue":
      return { ...words.queued, title: position === null ? words.queued.title : `${words.queued.title} · ${progress.position(position)}` };
    case "connected":
      return agentName === null ? words.attended : { ...words.attended, title: progress.attendedBy(agentName) };
  }
}

/** Nobody is there now: when somebody will be, and whom to call if it cannot wait. */
function OutsideHours({ hours, emergency }: { readonly hours: AgentHours; readonly emergency: string | null }) {
  const { progress } = useText();
  const written = hours.days.map(({ kind, from, until }) => `${progress.days[kind]} ${from}~${until}`).join(", ");
  return (
    <p className={styles.hours}>
      <Icon name="clock" size={16} />
      <span>
        {progress.outside(written)} {hours.next === null ? null : progress.next(hours.next)}
        {emergency === null ? null : ` ${progress.urgent(emergency)}`}
      </span>
    </p>
  );
}
