import { useEffect, useState } from "react";
import { Notice } from "../ui/Notice";

const SLOW_MS = 5_000;

/** Appears when what it waits for, which is as long as it is mounted, takes longer than one expects. */
export function Slow({ words }: { readonly words: string }) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSlow(true);
    }, SLOW_MS);
    return () => {
      clearTimeout(timer);
    };
  }, []);
  return isSlow ? <Notice tone="info">{words}</Notice> : null;
}
