import { useEffect, useEffectEvent, useRef, useState } from "react";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { type Idle, idleAt, USUAL, WAITING } from "./kiosk";
import { useText } from "./words";

const TICK_MS = 500;

interface Props {
  /** An agent is there, or on the way. */
  readonly isWaiting: boolean;
  readonly onOver: () => void;
}

/** Watches whether anybody is still at the tablet, asks, and ends the visit if nobody answers. */
export function Kiosk({ isWaiting, onOver }: Props) {
  const text = useText();
  const [idle, setIdle] = useState<Idle>({ kind: "untouched" });
  const touchedAt = useRef<number | null>(null);

  const look = useEffectEvent(() => {
    const now = idleAt(touchedAt.current, Date.now(), isWaiting ? WAITING : USUAL);
    setIdle(now);
    if (now.kind === "over") {
      touchedAt.current = null;
      onOver();
    }
  });

  // When the wait is over there is something to read, and patience is shorter.
  useEffect(() => {
    if (touchedAt.current !== null) touchedAt.current = Date.now();
  }, [isWaiting]);

  useEffect(() => {
    const touch = ({ target }: Event): void => {
      // Whoever presses "finish" must not thereby take the button away from under his finger.
      if (target instanceof Element && target.closest("[data-finish]") !== null) return;
      touchedAt.current = Date.now();
    };
    const touches = ["pointerdown", "keydown", "input", "wheel"] as const;
    for (const kind of touches) window.addEventListener(kind, touch, { capture: true, passive: true });
    // The question goes when the finger does: a button that is gone under it would hand the press to what is below.
    const answered = (): void => {
      look();
    };
    window.addEventListener("click", answered);
    const keeps = (event: Event): void => {
      event.preventDefault();
    };
    // The next customer would find it on the clipboard.
    for (const kind of ["copy", "cut"]) document.addEventListener(kind, keeps);
    const timer = setInterval(() => {
      look();
    }, TICK_MS);
    return () => {
      for (const kind of touches) window.removeEventListener(kind, touch, { capture: true });
      window.removeEventListener("click", answered);
      for (const kind of ["copy", "cut"]) document.removeEventListener(kind, keeps);
      clearInterval(timer);
    };
  }, []);

  if (idle.kind !== "warning") return null;
  return (
    <Dialog
      role="alertdialog"
      title={text.kiosk.warning}
      onDismiss={() => {
        // Any touch has already answered the question.
      }}
    >
      <p>{text.kiosk.left(idle.secondsLeft)}</p>
      <DialogActions>
        <Button look="primary">{text.kiosk.goOn}</Button>
        <Button look="chip" data-finish="" onClick={onOver}>
          {text.kiosk.finishNow}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
