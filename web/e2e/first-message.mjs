// Measures how soon a customer can write: from the moment the address is opened, with nothing cached, on simulated
// mobile networks. Not a test, since a number depends on the machine; run it on the product itself:
//   BASE_URL=http://127.0.0.1:8080 node e2e/first-message.mjs [runs]
// Chromium delays each request by the round trip, and the bytes by the width of the line. What opening a connection
// costs beside that (three more round trips with TLS 1.2, two with 1.3) it does not simulate.
import { chromium } from "@playwright/test";

const runs = Number(process.argv[2] ?? 5);
const kbit = (count) => (count * 1024) / 8;
const networks = {
  // As Lighthouse measures "mobile".
  "slow 4G, 150 ms, 1.6 / 0.75 Mbit/s": { latency: 150, downloadThroughput: kbit(1638.4), uploadThroughput: kbit(768) },
  "4G, 60 ms, 9 / 3 Mbit/s": { latency: 60, downloadThroughput: kbit(9 * 1024), uploadThroughput: kbit(3 * 1024) },
};
const LIMIT_MS = 1_000;

/** Runs in the page before anything of its own: writes as soon as there is a field, and notes when what happened. */
function writeAtOnce() {
  const words = "대출 금리가 얼마인가요?";
  const times = {};
  const note = (what) => (times[what] ??= performance.now());
  window.times = times;
  for (const [owner, verb] of [[WebSocket.prototype, "send"], [window, "fetch"]]) {
    const original = owner[verb];
    owner[verb] = function (...given) {
      if (JSON.stringify(given).includes("client_message_id")) note("sent");
      return original.apply(this, given);
    };
  }
  const write = (field) => {
    Reflect.set(HTMLTextAreaElement.prototype, "value", words, field);
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, bubbles: true, cancelable: true }));
  };
  new MutationObserver(() => {
    const field = document.querySelector("#message");
    if (field instanceof HTMLTextAreaElement && !field.disabled && times.field === undefined) {
      times.field = null;
      // In the frame after the one that shows it: earlier, nobody could.
      requestAnimationFrame(() => setTimeout(() => {
        times.field = performance.now();
        write(field);
      }));
    }
    const texts = [...document.querySelectorAll("[role=log] ol > li")].map((entry) => entry.textContent);
    if (texts.some((text) => text.includes(words))) note("written");
    if (texts.length > 1) note("answered");
  }).observe(document, { childList: true, subtree: true });
}

const median = (numbers) => Math.round([...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const address = process.env.BASE_URL ?? "http://127.0.0.1:8080/";
for (const [network, conditions] of Object.entries(networks)) {
  for (const cpu of [1, 4]) {
    const measured = [];
    for (let run = 0; run < runs; run += 1) {
      const page = await browser.newPage({ viewport: { width: 360, height: 740 }, locale: "ko-KR", timezoneId: "Asia/Seoul" });
      const tools = await page.context().newCDPSession(page);
      await tools.send("Network.enable");
      await tools.send("Network.emulateNetworkConditions", { offline: false, ...conditions });
      await tools.send("Emulation.setCPUThrottlingRate", { rate: cpu });
      await page.addInitScript(writeAtOnce);
      await page.goto(address, { waitUntil: "commit" });
      await page.waitForFunction(() => window.times?.answered !== undefined, null, { timeout: 60_000 });
      measured.push(await page.evaluate(() => window.times));
      if (process.env.WATERFALL) {
        console.log(await page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((e) => `${e.name.slice(22, 80)} ${Math.round(e.startTime)} -> ${Math.round(e.responseStart)} -> ${Math.round(e.responseEnd)} (${e.encodedBodySize})`).join("\n")));
      }
      await page.context().close();
    }
    const of = (what) => median(measured.map((times) => times[what]));
    console.log(
      `${network}, CPU 1/${cpu}: field ${of("field")} ms, message in the conversation ${of("written")} ms, ` +
        `on its way ${of("sent")} ms, answered ${of("answered")} ms${of("written") > LIMIT_MS ? " (too slow)" : ""}`,
    );
  }
}
await browser.close();
