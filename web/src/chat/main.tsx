import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../ui/tokens.css";
import "../ui/base.css";
import { followViewport } from "../ui/viewport";
import { App } from "./App";
import { Courier } from "./courier";
import * as embed from "./embed";
import { forgetEverything, isKiosk } from "./kiosk";
import { rememberedLanguage } from "./memory";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

const atKiosk = isKiosk(window.location.search);
// A tablet that was switched off in the middle of a conversation must not show it to the next customer.
if (atKiosk) forgetEverything();
document.documentElement.lang = rememberedLanguage(embed.requestedLanguage());
followViewport();

const courier = new Courier();
void embed.meetPage().then((customer) => {
  courier.start(customer);
  embed.report(courier);
});

createRoot(root).render(
  <StrictMode>
    <App courier={courier} isKiosk={atKiosk} />
  </StrictMode>,
);
