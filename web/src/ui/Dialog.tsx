import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import styles from "./dialog.module.css";

interface Props {
  readonly title: string;
  /** `alertdialog` for what cannot wait. */
  readonly role?: "dialog" | "alertdialog";
  /** Escape, or a press beside it. */
  readonly onDismiss: () => void;
  readonly children: ReactNode;
}

/** A modal dialog while it is mounted. The browser holds the focus inside, and gives it back afterwards. */
export function Dialog({ title, role = "dialog", onDismiss, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const name = useId();

  // Only `showModal` makes the rest of the page inert; it has no counterpart among the attributes.
  useLayoutEffect(() => {
    const { current } = box;
    current?.showModal();
    // The browser begins with the first control; of radio buttons only the chosen one is a stop.
    current?.querySelector<HTMLInputElement>("input:checked")?.focus();
    return () => {
      current?.close();
    };
  }, []);

  return (
    <dialog
      ref={box}
      role={role}
      className={styles.dialog}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault();
        onDismiss();
      }}
      onClick={(event) => {
        // The dialog has no padding, so only its backdrop is the dialog itself.
        if (event.target === event.currentTarget) onDismiss();
      }}
    >
      <div className={styles.inner}>
        <h2 id={name} className={styles.title}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}

/** The buttons at a dialog's end. */
export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}
