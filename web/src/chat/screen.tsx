import { StrictMode } from "react";
import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import "../ui/tokens.css";
import "../ui/base.css";
import { App } from "./App";
import type { Courier } from "./courier";
import { Mishap } from "./Mishap";

let drawn: Root | null = null;

/** Puts the screen on the page; it is there when this returns. For another `owner` it is another screen. */
export function show(root: HTMLElement, courier: Courier, isKiosk: boolean, owner: string | undefined): void {
  drawn ??= createRoot(root);
  const screen = (
    <StrictMode>
      <Mishap key={owner}>
        <App courier={courier} isKiosk={isKiosk} />
      </Mishap>
    </StrictMode>
  );
  const on = drawn;
  flushSync(() => {
    on.render(screen);
  });
}
