import { useSyncExternalStore } from "react";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { dropTopic, pageTopic, subscribe } from "./embed";
import styles from "./embed.module.css";
import { useText } from "./words";

/** Above the composer: what the page that led here is about, as a question that one tap asks. */
export function PageTopic({ onChoose }: { readonly onChoose: (message: string) => void }) {
  const text = useText();
  const topic = useSyncExternalStore(subscribe, pageTopic);
  if (topic === null) return null;
  return (
    <div className={styles.topic} role="group" aria-label={text.embed.topic}>
      <span className={styles.caption} aria-hidden="true">
        {text.embed.topic}
      </span>
      <Button
        look="chip"
        onClick={() => {
          dropTopic();
          onChoose(topic);
        }}
      >
        {topic}
      </Button>
      <Button look="quiet" aria-label={text.embed.dropTopic} onClick={dropTopic}>
        <Icon name="close" size={18} />
      </Button>
    </div>
  );
}
