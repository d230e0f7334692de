import { useEffect, useState } from "react";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import { type Idle, idleAt } from "./kiosk";
import { useText } from "./words";

const TICK_MS = 500;

/** Watches whether anybody is still at the tablet, asks, and ends the visit if nobody answers. */
export function Kiosk({ onOver }: { readonly onOver: () => void }) {
  const text = useText();
  const [idle, setIdle] = useState<Idle>({ kind: "untouched" });

  useEffect(() => {
    let touchedAt: number | null = null;
    const look = (): void => {
      const now = idleAt(touchedAt, Date.now());
      setIdle(now);
      if (now.kind === "over") {
        touchedAt = null;
        onOver();
      }
    };
    const touch = ({ target }: Event): void => {
      // Whoever presses "finish" must not thereby take the button away from under his finger.
      if (target instanceof Element && target.closest("[data-finish]") !== null) return;
      touchedAt = Date.now();
    };
    const touches = ["pointerdown", "keydown", "input", "wheel"] as const;
    for (const kind of touches) window.addEventListener(kind, touch, { capture: true, passive: true });
    // The question goes when the finger does: a button that is gone under it would hand the press to what is below.
    window.addEventListener("click", look);
    const timer = setInterval(look, TICK_MS);
    return () => {
      for (const kind of touches) window.removeEventListener(kind, touch, { capture: true });
      window.removeEventListener("click", look);
      clearInterval(timer);
    };
  }, [onOver]);

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
