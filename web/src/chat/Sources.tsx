import type { Source } from "../api/client";
import { Icon } from "../ui/Icon";
import { type Citation, citationsOf } from "./citation";
import styles from "./sources.module.css";
import { useText } from "./words";

/** What an answer rests on: a card for each place, which opens the document there. */
export function Sources({ sources, onOpen }: { readonly sources: readonly Source[]; readonly onOpen: (citation: Citation) => void }) {
  const text = useText();
  const citations = citationsOf(sources);
  return (
    <div className={styles.sources}>
      <p className={styles.count}>{text.sources.name(citations.length)}</p>
      <ul className={styles.cards} lang="ko">
        {citations.map((citation) => (
          <li key={JSON.stringify([citation.documentId, citation.section, citation.page])}>
            <button
              type="button"
              className={styles.card}
              aria-haspopup="dialog"
              onClick={() => {
                onOpen(citation);
              }}
            >
              <Icon name="document" size={20} />
              <span className={styles.words}>
                <span className={styles.title}>{citation.title}</span>{" "}
                <span className={styles.place}>
                  {citation.section === "" ? null : <span>{citation.section}</span>} <span>{text.sources.page(citation.page)}</span>
                </span>
              </span>
              <span className={styles.chevron}>
                <Icon name="chevron" size={18} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
