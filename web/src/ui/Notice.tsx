import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";
import styles from "./notice.module.css";

export type NoticeTone = "info" | "wait" | "agent" | "danger";

const icons: Record<NoticeTone, IconName> = { info: "info", wait: "clock", agent: "agent", danger: "alert" };

/** A calm line about the state of things; read aloud when it appears. */
export function Notice({ tone, title, children }: { readonly tone: NoticeTone; readonly title?: string; readonly children: ReactNode }) {
  return (
    <div className={`${styles.notice ?? ""} ${styles[tone] ?? ""}`}>
      <Icon name={icons[tone]} />
      <div className={styles.words}>
        {title === undefined ? null : <p className={styles.title}>{title}</p>}
        <div>{children}</div>
      </div>
    </div>
  );
}
