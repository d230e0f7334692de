import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { documentOf, type KnowledgeDocument } from "../api/client";
import { type Failure, failureOf } from "../api/errors";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Line, Table } from "./Answer";
import { blocksOfSection, type Citation, citedLines, citedSection, type DocumentBlock, isRowCited, passagesOf } from "./citation";
import styles from "./document.module.css";
import { isEmbedded } from "./embed";
import type { Text } from "./ko";
import { dayInNumbers, reasonOf, useText } from "./words";

export type Loading =
  | { readonly kind: "loading" }
  | { readonly kind: "loaded"; readonly document: KnowledgeDocument }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface OpenDocument {
  readonly citation: Citation;
  readonly loading: Loading;
}

/**
 * The document that is open, and how it is opened and closed. Where it covers the screen, the browser's own way back
 * closes it, too.
 */
export function useDocument() {
  const [opened, setOpened] = useState<OpenDocument | null>(null);
  /** A page in the tab's history stands for the document. */
  const hasPage = useRef(false);

  useEffect(() => {
    const leave = (): void => {
      if (!hasPage.current) return;
      hasPage.current = false;
      setOpened(null);
    };
    window.addEventListener("popstate", leave);
    return () => {
      window.removeEventListener("popstate", leave);
    };
  }, []);

  const open = useCallback(async (citation: Citation) => {
    // In a frame the history is the bank's page's as well, and going back could turn that.
    if (!wide.matches && !isEmbedded() && !hasPage.current) {
      hasPage.current = true;
      history.pushState(null, "");
    }
    setOpened({ citation, loading: { kind: "loading" } });
    const loading = await load(citation.documentId);
    // Unless it was closed, or another was opened, meanwhile.
    setOpened((current) => (current?.citation === citation ? { citation, loading } : current));
  }, []);
  const close = useCallback(() => {
    setOpened(null);
    if (!hasPage.current) return;
    hasPage.current = false;
    history.back();
  }, []);
  return { opened, open, close };
}

async function load(documentId: string): Promise<Loading> {
  try {
    return { kind: "loaded", document: await documentOf(documentId) };
  } catch (thrown) {
    return { kind: "failed", failure: failureOf(thrown) };
  }
}

/** Wide enough for the conversation and the document side by side; `document.module.css` has the same number. */
const wide = window.matchMedia("(min-width: 80rem)");

function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      wide.addEventListener("change", listener);
      return () => {
        wide.removeEventListener("change", listener);
      };
    },
    () => wide.matches,
  );
}

interface Props {
  readonly opened: OpenDocument;
  readonly onRetry: (citation: Citation) => void;
  readonly onClose: () => void;
}

/** The whole document an answer cites, opened at the words it quotes: beside the conversation, or over it on a phone. */
export function DocumentPanel({ opened: { citation, loading }, onRetry, onClose }: Props) {
  const text = useText();
  const isWide = useIsWide();
  const dialog = useRef<HTMLDialogElement>(null);

  // A dialog is opened by a call and not by an attribute; closing it gives the focus back to where it came from.
  useLayoutEffect(() => {
    const { current } = dialog;
    if (isWide) current?.show();
    else current?.showModal();
    return () => {
      current?.close();
    };
  }, [isWide]);

  // Beside the conversation it need not have the focus to be closed.
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      const around = event.target instanceof Element ? event.target.closest("dialog") : null;
      if (around !== null && around !== dialog.current) return;
      event.preventDefault();
      onClose();
    };
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, [onClose]);

  return (
    <dialog
      ref={dialog}
      className={styles.panel}
      aria-label={`${text.document.name}: ${citation.title}`}
      data-side={isWide ? "" : undefined}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // The dialog's content covers it, so only its backdrop gives the dialog itself.
        if (event.target === event.currentTarget && !isWide) onClose();
      }}
    >
      <div className={styles.inside}>
        <header className={styles.header}>
          <div>
            <p className={styles.kind}>{text.document.name}</p>
            <h2 className={styles.title} lang="ko">
              {citation.title}
            </h2>
            {loading.kind === "loaded" ? <Validity document={loading.document} /> : null}
          </div>
          <Button look="quiet" aria-label={text.document.close} onClick={onClose}>
            <Icon name="close" size={22} />
          </Button>
        </header>
        {loading.kind === "loaded" ? (
          <Content key={JSON.stringify(citation)} document={loading.document} citation={citation} />
        ) : (
          <div className={styles.state} role="status">
            {loading.kind === "loading" ? (
              <p>{text.document.loading}</p>
            ) : (
              <>
                <p>
                  <Icon name="alert" />
                  {failedWords(loading.failure, text)}
                </p>
                <Button
                  look="chip"
                  onClick={() => {
                    onRetry(citation);
                  }}
                >
                  {text.document.retry}
                </Button>
              </>
            )}
          </div>
        )}
      </div>
    </dialog>
  );
}

function Validity({ document: { effective_from: from, effective_until: until } }: { readonly document: KnowledgeDocument }) {
  const text = useText();
  const words =
    from !== null && until !== null
      ? text.document.between(dayInNumbers(from, text), dayInNumbers(until, text))
      : from !== null
        ? text.document.from(dayInNumbers(from, text))
        : until !== null
          ? text.document.until(dayInNumbers(until, text))
          : null;
  return words === null ? null : <p className={styles.validity}>{words}</p>;
}

function Content({ document, citation }: { readonly document: KnowledgeDocument; readonly citation: Citation }) {
  const text = useText();
  const body = useRef<HTMLDivElement>(null);
  const at = citedSection(document.sections, citation);
  const cited = citedLines(citation);

  // Where the quoted words stand is known only once they are laid out.
  useLayoutEffect(() => {
    const passage = body.current?.querySelector("mark, [data-cited]") ?? body.current?.querySelector("[data-section]");
    passage?.scrollIntoView({ block: "center", behavior: "instant" });
  }, []);

  return (
    <div ref={body} className={styles.body} lang="ko" tabIndex={0} role="region" aria-label={text.document.body}>
      {at === -1 ? <p className={styles.moved}>{text.document.moved}</p> : null}
      {document.sections.map((section, index) => (
        <section key={index} className={index === at ? styles.cited : undefined} data-section={index === at ? "" : undefined}>
          <div className={styles.heading}>
            <h3>{section.heading}</h3>
            <span>{text.sources.page(section.page)}</span>
          </div>
          {index === at ? <p className={styles.label}>{text.document.cited}</p> : null}
          {blocksOfSection(section).map((block, position) => (
            <Part key={position} block={block} cited={index === at ? cited : []} />
          ))}
        </section>
      ))}
    </div>
  );
}

function Part({ block, cited }: { readonly block: DocumentBlock; readonly cited: readonly string[] }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Marked text={block.text} cited={cited} />
        </p>
      );
    case "list":
      return (
        <ul className={styles.list}>
          {block.items.map((item, index) => (
            <li key={index}>
              <Marked text={item} cited={cited} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return (
        <div className={styles.table}>
          <Table header={block.header} rows={block.rows} isMarked={(row) => isRowCited(block.header, row, cited)} />
        </div>
      );
    case "faq":
      return (
        <dl className={styles.faq}>
          <dt>
            <Marked text={block.question} cited={cited} />
          </dt>
          <dd>
            <Marked text={block.answer} cited={cited} />
          </dd>
        </dl>
      );
  }
}

function Marked({ text, cited }: { readonly text: string; readonly cited: readonly string[] }) {
  return passagesOf(text, cited).map((passage, index) =>
    passage.isCited ? (
      <mark key={index}>
        <Line text={passage.text} />
      </mark>
    ) : (
      <Line key={index} text={passage.text} />
    ),
  );
}

function failedWords(failure: Failure, text: Text): string {
  if (failure.kind === "refused" && failure.status === 404) return text.document.gone;
  return `${text.document.failed} ${reasonOf(failure, text)}`.trim();
}
