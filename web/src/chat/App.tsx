import { useCallback, useState } from "react";
import { ChatScreen } from "./ChatScreen";
import type { Courier } from "./courier";
import { requestedLanguage } from "./embed";
import { forgetEverything } from "./kiosk";
import { rememberedLanguage } from "./memory";

/** One visit after another: at a branch's tablet each begins with nothing of the one before. */
export function App({ courier, isKiosk }: { readonly courier: Courier; readonly isKiosk: boolean }) {
  const [visit, setVisit] = useState(0);

  const leave = useCallback(() => {
    // The courier first: it notes what it lets go of, and that is to be forgotten too.
    courier.startOver();
    forgetEverything();
    document.documentElement.lang = rememberedLanguage(requestedLanguage());
    // A new key is a new screen: draft, dialogs, language and appearance go with the old one.
    setVisit((past) => past + 1);
  }, [courier]);

  return <ChatScreen key={visit} courier={courier} firstLanguage={rememberedLanguage(requestedLanguage())} onLeave={isKiosk ? leave : null} />;
}
