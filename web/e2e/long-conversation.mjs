// Measures how a conversation of 10,000 messages opens, scrolls and types: the longest frame of each, in milliseconds.
// Not a test, since a number depends on the machine; run it on a built screen with a server behind it:
//   npx vite build && BASE_URL=http://127.0.0.1:8080 npx vite preview --port 4173
//   BASE_URL=http://127.0.0.1:4173 node e2e/long-conversation.mjs [messages]
import { chromium } from "@playwright/test";

const count = Number(process.argv[2] ?? 10_000);
const table = "한도는 다음과 같습니다.\n" + [1, 2, 3].map((n) => `거래: 거래 ${n} / 1회 한도: ${n}00만원 / 1일 한도: ${n}000만원`).join("\n");
const source = { document_id: "d", title: "이체한도 안내", section: "한도", page: 1, excerpt: "한도", score: 0.9, source: "d.md" };
const messages = Array.from({ length: count }, (_, index) => {
  const isAnswer = index % 2 === 1;
  return {
    id: index + 1,
    role: isAnswer ? "assistant" : "user",
    author: isAnswer ? "assistant" : "customer",
    message: isAnswer ? table : `질문 ${index}`,
    created_at: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString().slice(0, 19),
    client_message_id: null,
    protected: false,
    sources: isAnswer ? [source] : [],
    quick_replies: [],
    suggested_action: null,
  };
});

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 360, height: 740 }, locale: "ko-KR", timezoneId: "Asia/Seoul" });
const handover = { handover_status: null, assigned_agent_id: null, handover_accepted_at: null, handover_requested_at: null };
await page.route("**/api/v1/sessions/*/messages", (route) => route.fulfill({ json: messages }));
await page.route("**/api/v1/sessions/*/handover-status", (route) => route.fulfill({ json: handover }));
await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, (socket) => {
  socket.send(JSON.stringify({ type: "status", data: {} }));
  let id = count;
  socket.onMessage((text) => {
    const frame = JSON.parse(text);
    if (frame.type !== "message") return;
    const reply = { ai_message: table, source_documents: [source], quick_replies: [], stage: "assisted", handover_status: null, protected: false };
    const ids = { user_message_id: (id += 1), message_id: (id += 1), user_message: frame.user_message, client_message_id: frame.client_message_id };
    socket.send(JSON.stringify({ type: "response", data: { ...reply, ...ids, suggested_action: "CONTINUE", created_at: "2026-03-02T12:00:00" } }));
  });
});
await page.addInitScript(() => {
  localStorage.setItem("bank-aicc.session", "long");
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) window.tasks.push({ duration, startTime });
  }).observe({ type: "longtask", buffered: true });
});

/** What `act` took: the longest task on the main thread; "< 50" when none was long enough for the browser to report. */
async function measure(name, act) {
  await page.evaluate(() => (window.tasks.length = 0));
  await act();
  await page.waitForTimeout(300);
  const tasks = await page.evaluate(() => window.tasks.map(({ duration }) => Math.round(duration)));
  console.log(`${name}: longest ${tasks.length === 0 ? "< 50" : Math.max(...tasks)} ms${tasks.length > 1 ? ` (of ${tasks.join(", ")})` : ""}`);
}

const log = page.getByRole("log");
const field = page.getByRole("textbox").first();
await page.goto(process.env.BASE_URL ?? "http://127.0.0.1:8080/");
await page.getByText(`질문 ${count - 2}`, { exact: true }).waitFor();
await page.waitForTimeout(300);
const opening = await page.evaluate(() => window.tasks.map(({ duration }) => Math.round(duration)));
console.log(`${count} messages; opening: longest ${opening.length === 0 ? "< 50" : Math.max(...opening)} ms (${opening.join(", ")})`);
await measure("typing 40 letters", () => field.pressSequentially("가나다라마바사아자차카타파하 한도를 올리고 싶어요 알려 주세요 네", { delay: 20 }));
await measure("sending, with its answer", async () => {
  await field.press("Enter");
  await page.waitForTimeout(500);
});
await measure("scrolling up ten times to earlier messages", async () => {
  for (let step = 0; step < 10; step += 1) {
    await log.evaluate((box) => box.scrollTo({ top: 300, behavior: "instant" }));
    await page.waitForTimeout(100);
  }
});
await measure("typing there", () => field.pressSequentially("가나다라마바사", { delay: 20 }));
console.log(`entries in the page: ${await log.locator("ol > li").count()}`);
await browser.close();
