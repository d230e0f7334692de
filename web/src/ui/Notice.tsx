import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import styles from "./notice.module.css";

export type NoticeTone = "wait" | "agent" | "danger";

const icons: Record<NoticeTone, IconName> = { wait: "clock", agent: "agent", danger: "alert" };

/** A calm line about the state of things; read aloud when it appears. */
export function Notice({ tone, title, children }: { readonly tone: NoticeTone; readonly title?: string; readonly children: ReactNode }) {
  return (
    <div className={`${styles.notice ?? ""} ${styles[tone] ?? ""}`}>
      <Icon name={icons[tone]} />
      <div>
        {title === undefined ? null : <p className={styles.title}>{title}</p>}
        <p>{children}</p>
      </div>
    </div>
  );
}
