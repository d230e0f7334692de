import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../ui/tokens.css";
import "../ui/base.css";
import { ChatScreen } from "./ChatScreen";
import { Courier } from "./courier";
import * as embed from "./embed";
import { rememberedLanguage } from "./memory";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

const language = rememberedLanguage(embed.requestedLanguage());
document.documentElement.lang = language;

const courier = new Courier();
void embed.meetPage().then((customer) => {
  courier.start(customer);
  embed.report(courier);
});

createRoot(root).render(
  <StrictMode>
    <ChatScreen courier={courier} firstLanguage={language} />
  </StrictMode>,
);
