import type { ComponentProps } from "react";
import styles from "./button.module.css";

/** `primary`: the one thing to do here. `chip`: one of several answers. `quiet`: beside the text. */
type Look = "primary" | "chip" | "quiet";

export function Button({ look, ...rest }: { readonly look: Look } & Omit<ComponentProps<"button">, "className">) {
  return <button type="button" {...rest} className={`${styles.button ?? ""} ${styles[look] ?? ""}`} />;
}
