/**
 * Small, so that it runs early: it opens the conversation while the screen, which is most of what there is to load, is
 * still on its way (`index.html` names both).
 */
import type { SignedCustomer } from "../api/embedding";
import { followViewport } from "../ui/viewport";
import { Courier } from "./courier";
import * as embed from "./embed";
import { forgetEverything, isKiosk } from "./kiosk";
import { abandon } from "./keeper";
import { rememberedLanguage, rememberedSession } from "./memory";

/** A screen that is complete at once is worth so much waiting, and no more: one can write without the greeting. */
const PATIENCE_MS = 200;

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

const atKiosk = isKiosk(window.location.search);
// A tablet that was switched off in the middle of a conversation must not show it to the next customer.
if (atKiosk) {
  abandon(rememberedSession());
  forgetEverything();
}
document.documentElement.lang = rememberedLanguage(embed.requestedLanguage());
followViewport();

const courier = new Courier();
embed.report(courier);

let served: SignedCustomer | null = null;
// Nothing is read or shown before it is known whose it is; for another customer it is another screen.
embed.meetPage((customer) => {
  served = customer;
  courier.serve(customer);
  void draw(root);
});

async function draw(root: HTMLElement): Promise<void> {
  const { show } = await import("./screen");
  await greeted();
  show(root, courier, atKiosk, served?.signature);
  embed.drawn();
}

/** Waits for what the bank says first. What comes after the screen is drawn moves everything below it. */
function greeted(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (courier.screen().greeting !== null) resolve();
    };
    courier.subscribe(look);
    setTimeout(resolve, PATIENCE_MS);
    look();
  });
}
