import { StrictMode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import "../ui/tokens.css";
import "../ui/base.css";
import { followViewport } from "../ui/viewport";
import { App } from "./App";
import { Courier } from "./courier";
import * as embed from "./embed";
import { forgetEverything, isKiosk } from "./kiosk";
import { rememberedLanguage } from "./memory";
import { Mishap } from "./Mishap";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");

const atKiosk = isKiosk(window.location.search);
// A tablet that was switched off in the middle of a conversation must not show it to the next customer.
if (atKiosk) forgetEverything();
document.documentElement.lang = rememberedLanguage(embed.requestedLanguage());
followViewport();

const courier = new Courier();
embed.report(courier);

const root = createRoot(element);
// Nothing is read or shown before it is known whose it is; for another customer it is another screen.
embed.meetPage((customer) => {
  courier.serve(customer);
  // At once: the next word of the page may be that its panel is open, and then the field gets the focus.
  flushSync(() => {
    root.render(
      <StrictMode>
        <Mishap key={customer?.signature}>
          <App courier={courier} isKiosk={atKiosk} />
        </Mishap>
      </StrictMode>,
    );
  });
});
