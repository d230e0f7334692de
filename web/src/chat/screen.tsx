import { StrictMode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import "../ui/tokens.css";
import "../ui/base.css";
import { App } from "./App";
import type { Courier } from "./courier";

/** Puts the screen on the page; it is there when this returns. */
export function show(root: HTMLElement, courier: Courier, isKiosk: boolean): void {
  flushSync(() => {
    createRoot(root).render(
      <StrictMode>
        <App courier={courier} isKiosk={isKiosk} />
      </StrictMode>,
    );
  });
}
