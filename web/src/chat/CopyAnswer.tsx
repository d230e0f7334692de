import { useState } from "react";
import type { Message } from "../api/client";
import { Button } from "../ui/Button";
import { copyText } from "../ui/clipboard";
import { Icon } from "../ui/Icon";
import { useIsShared } from "./device";
import { answerText } from "./transcript";
import { useText } from "./words";

const SHOWN_MS = 2_500;

export function CopyAnswer({ message }: { readonly message: Message }) {
  const text = useText();
  const isShared = useIsShared();
  const [state, setState] = useState<"copy" | "copied" | "failed">("copy");

  async function copy(): Promise<void> {
    setState((await copyText(answerText(message, text))) ? "copied" : "failed");
    setTimeout(() => {
      setState("copy");
    }, SHOWN_MS);
  }

  if (isShared) return null;
  return (
    <>
      <Button look="quiet" onClick={() => void copy()}>
        <Icon name={state === "copied" ? "check" : "copy"} size={16} />
        {text.copy[state]}
      </Button>
      <span role="status" className="visually-hidden">
        {state === "copy" ? "" : text.copy[state]}
      </span>
    </>
  );
}
