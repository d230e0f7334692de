import { memo } from "react";
import { type Block, blocksOf, spansOf } from "./answer";
import styles from "./answer.module.css";
import { useIsShared } from "./device";

/** What the bank says, from plain text: paragraphs, lists and tables as what they are. */
export const Answer = memo(function Answer({ text }: { readonly text: string }) {
  return blocksOf(text).map((block, index) => <AnswerBlock key={index} block={block} />);
});

function AnswerBlock({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p className={styles.paragraph}>
          <Line text={block.text} />
        </p>
      );
    case "heading":
      return <h3 className={styles.heading}>{block.text}</h3>;
    case "list":
      return (
        <ul className={styles.list}>
          {block.items.map((item, index) => (
            <li key={index}>
              <Line text={item} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return <Table header={block.header} rows={block.rows} />;
    case "pairs":
      return (
        <dl className={styles.pairs}>
          {block.pairs.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Line text={value} />
              </dd>
            </div>
          ))}
        </dl>
      );
  }
}

interface TableProps {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly isMarked?: (row: readonly string[]) => boolean;
}

/**
 * Where three columns or more find no room, each row becomes a card. A table that is laid out as something else is no
 * table to some screen readers any more, hence the roles that say again what the elements are.
 */
export function Table({ header, rows, isMarked }: TableProps) {
  return (
    <table role="table" className={`${styles.table ?? ""} ${header.length > 2 ? (styles.wide ?? "") : ""}`}>
      <thead role="rowgroup">
        <tr role="row">
          {header.map((name, column) => (
            <th key={column} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row, index) => {
          const marked = isMarked?.(row) === true;
          return (
            <tr key={index} role="row" className={marked ? styles.marked : undefined} data-cited={marked ? "" : undefined}>
              {row.map((cell, column) =>
                column === 0 ? (
                  <th key={column} role="rowheader" scope="row" data-name={header[column]}>
                    <Line text={cell} />
                  </th>
                ) : (
                  <td key={column} role="cell" data-name={header[column]}>
                    <Line text={cell} />
                  </td>
                ),
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** A text in which the bank's phone numbers can be called, where there is a telephone; nothing else becomes a link. */
export function Line({ text }: { readonly text: string }) {
  const isShared = useIsShared();
  if (isShared) return text;
  return spansOf(text).map((span, index) =>
    span.kind === "phone" ? (
      <a key={index} className={styles.phone} href={`tel:${span.text}`}>
        {span.text}
      </a>
    ) : (
      span.text
    ),
  );
}
