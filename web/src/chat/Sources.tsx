import type { Source } from "../api/client";
import { Icon } from "../ui/Icon";
import styles from "./sources.module.css";
import { useText } from "./words";

/** What an answer rests on: closed, how many documents; open, where each says it and in which words. */
export function Sources({ sources, onUnfold }: { readonly sources: readonly Source[]; readonly onUnfold: () => void }) {
  const text = useText();
  return (
    <details
      className={styles.sources}
      onClick={onUnfold}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) currentTarget.scrollIntoView({ block: "nearest" });
      }}
    >
      <summary className={styles.summary}>
        <Icon name="document" size={18} />
        <span className={styles.count}>{text.sources.name(sources.length)}</span>
        <span className={styles.first} lang="ko">
          {sources[0]?.title}
        </span>
        <span className={styles.chevron}>
          <Icon name="chevron" size={18} />
        </span>
      </summary>
      <ol className={styles.list} lang="ko">
        {sources.map((source, index) => (
          <li key={`${source.document_id}-${index}`}>
            <p className={styles.title}>{source.title}</p>
            <p className={styles.place}>
              {source.section === "" ? null : <span>{source.section}</span>}
              <span>{text.sources.page(source.page)}</span>
            </p>
            <blockquote className={styles.excerpt}>{source.excerpt}</blockquote>
          </li>
        ))}
      </ol>
    </details>
  );
}
