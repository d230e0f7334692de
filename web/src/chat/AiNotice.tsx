import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import styles from "./aiNotice.module.css";

interface Props {
  readonly title: string;
  /** The bank's own, in Korean. */
  readonly words: string;
  readonly acknowledge: string;
  readonly onAcknowledge: () => void;
}

/** Says before the first word that a machine answers, and how to reach a person. It is read, not trapped in: typing goes on below. */
export function AiNotice({ title, words, acknowledge, onAcknowledge }: Props) {
  return (
    <section className={styles.notice} aria-label={title}>
      <Notice tone="info" title={title}>
        <div className={styles.row}>
          <p className={styles.words} lang="ko">
            {words}
          </p>
          <Button look="chip" onClick={onAcknowledge}>
            {acknowledge}
          </Button>
        </div>
      </Notice>
    </section>
  );
}
