import { useId } from "react";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./aiNotice.module.css";
import { useText } from "./words";

interface Props {
  /** The bank's own, in Korean. */
  readonly words: string;
  readonly onAcknowledge: () => void;
}

/**
 * Says before the first word that a machine answers and may be wrong; the rest unfolds. It is read, not trapped in:
 * typing goes on below.
 */
export function AiNotice({ words, onAcknowledge }: Props) {
  const { aiNotice } = useText();
  const name = useId();
  return (
    <section className={styles.notice} aria-labelledby={name}>
      <Icon name="info" />
      <h2 id={name} className={styles.title}>
        {aiNotice.name}
      </h2>
      <details className={styles.more}>
        <summary>
          {aiNotice.brief}
          <span className={styles.unfold}>
            {aiNotice.more}
            <Icon name="chevron" size={16} />
          </span>
        </summary>
        <p lang="ko">{words}</p>
      </details>
      <Button look="chip" onClick={onAcknowledge}>
        {aiNotice.acknowledge}
      </Button>
    </section>
  );
}
