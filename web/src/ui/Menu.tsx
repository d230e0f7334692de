import { type ReactNode, useId, useRef, useState } from "react";
import { Icon, type IconName } from "./Icon";
import styles from "./menu.module.css";

/**
 * A button that unfolds a list of buttons: a disclosure and not an ARIA menu, so Tab, Enter and a reader's own
 * keys work as everywhere. Closes on Escape, on a choice, and when the focus or a press goes elsewhere.
 */
export function Menu({ id, name, children }: { readonly id: string; readonly name: string; readonly children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useId();

  return (
    <div
      className={styles.menu}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        // It has done its work, and closes nothing else.
        event.preventDefault();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        id={id}
        type="button"
        className={styles.button}
        aria-label={name}
        aria-expanded={isOpen}
        aria-controls={list}
        onClick={() => {
          setOpen(!isOpen);
          // Safari does not focus a pressed button, and without a focus there is no blur to close it.
          button.current?.focus();
        }}
      >
        <Icon name="menu" size={22} />
      </button>
      <ul
        id={list}
        className={styles.list}
        hidden={!isOpen}
        // So that a press on the padding keeps the focus inside.
        tabIndex={-1}
        onClick={({ target }) => {
          if (!(target instanceof Element) || target.closest("button, a") === null) return;
          // A dialog that opens now gives the focus back to where it was; that is here.
          button.current?.focus();
          setOpen(false);
        }}
      >
        {children}
      </ul>
    </div>
  );
}

interface ItemProps {
  readonly icon: IconName;
  readonly onChoose: () => void;
  readonly lang?: string;
  /** For where a screen has the same elsewhere. */
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function MenuItem({ icon, onChoose, lang, className, children }: ItemProps) {
  return (
    <li className={className}>
      <button type="button" lang={lang} onClick={onChoose}>
        <Icon name={icon} size={18} />
        {children}
      </button>
    </li>
  );
}
