import type { ComponentProps } from "react";
import styles from "./button.module.css";

/** `primary`: the one thing to do here. `chip`: one of several answers. `quiet`: beside the text. */
type Look = "primary" | "chip" | "quiet";

/**
 * The second press of a double tap counts as none: by then another button may stand where the first one stood. With
 * `aria-disabled` it looks as if disabled and keeps the focus; `onClick` has to know.
 */
export function Button({ look, onClick, ...rest }: { readonly look: Look } & Omit<ComponentProps<"button">, "className">) {
  return (
    <button
      type="button"
      {...rest}
      onClick={(event) => {
        if (event.detail < 2) onClick?.(event);
      }}
      className={`${styles.button ?? ""} ${styles[look] ?? ""}`}
    />
  );
}
