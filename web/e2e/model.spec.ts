/** What the customer sees of a language model: an answer as it is written, its mark, and its queue. The server is scripted. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import type { Message } from "../src/api/client";
import { CONNECTED, Customer, HTTP_MODE, listen, LOST } from "./customer";
import { type Asked, type Line, play, rate, replied, said, talks } from "./scripted";

const ASKED = "대출 금리와 중도상환수수료를 알려 주세요";
const FIRST = "신용대출 금리는 연 4.52%~6.87%입니다.";
const SECOND = "중도상환수수료는 3년이 지나면 없습니다.";
const MARK = "생성형 AI가 은행 문서를 바탕으로 작성한 답변입니다.";
const CUT = "답변을 끝까지 받지 못했습니다. 자동으로 다시 받습니다.";

test.use({ contextOptions: { reducedMotion: "reduce" } });

test("an answer grows sentence by sentence, and stands there once, whole and marked", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  await expect(page.getByText("답변을 준비하고 있습니다")).toBeAttached();
  write(line, FIRST);
  await expect(customer.answers().last()).toContainText(FIRST);
  await expect(customer.answers()).toHaveCount(1);
  await expect(page.getByText("답변을 준비하고 있습니다")).toHaveCount(0);
  write(line, ` ${SECOND}`);
  await expect(customer.answers().last()).toContainText(`${FIRST} ${SECOND}`);
  await expect(page.getByText(MARK)).toHaveCount(0);
  line.answer(question, { ai_message: `${FIRST} ${SECOND}`, engine: "llm", source_documents: [rate] });
  await expect(customer.answers().last()).toContainText(`${MARK} 중요한 내용은 아래 출처에서 확인해 주세요.`);
  await expect(customer.answers().last().getByRole("button", { name: /1쪽$/ })).toBeVisible();
  await expect(customer.answers()).toHaveCount(1);
  await customer.hasDelivered(ASKED);
});

test("what the server says at the end takes the place of what was written", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  write(line, FIRST);
  await expect(customer.answers()).toHaveCount(1);
  line.answer(question, { ai_message: "문서에서 찾은 답변입니다.", engine: "extractive", source_documents: [rate] });
  await expect(customer.answers().last()).toContainText("문서에서 찾은 답변입니다.");
  await expect(customer.log).not.toContainText(FIRST);
  await expect(page.getByText(MARK)).toHaveCount(0);
});

test("an agent who took over meanwhile ends it", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  write(line, FIRST);
  await expect(customer.answers()).toHaveCount(1);
  line.answer(question, { message_id: null, stage: "attended", handover_status: "accepted" });
  await expect(customer.answers()).toHaveCount(0);
  await customer.hasDelivered(ASKED);
});

test("the place in the queue, until the answer begins", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  for (const [position, words] of [[3, "앞선 문의 2건에 이어 답변해 드리겠습니다."], [1, "다음 차례에 바로 답변해 드립니다."]] as const) {
    line.tell({ type: "processing", message: "…", queue_position: position });
    await customer.sees(words);
  }
  line.tell({ type: "processing", message: "…" });
  await expect(customer.log.getByText(/앞선 문의|다음 차례/)).toHaveCount(0);
  await expect(page.getByText("답변을 준비하고 있습니다")).toBeAttached();
  write(line, FIRST);
  line.answer(question, { ai_message: FIRST, engine: "llm" });
  await expect(customer.answers().last()).toContainText(MARK);
});

test("it is heard once, when it is whole, with its mark; and that the question waits is heard once, too", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  const heard = await listen(page);
  for (const position of [3, 2, 1]) line.tell({ type: "processing", message: "…", queue_position: position });
  await expect.poll(heard).toContain("앞선 문의 2건에 이어 답변해 드리겠습니다.");
  for (const words of [FIRST, ` ${SECOND}`]) {
    write(line, words);
    await expect(customer.answers().last()).toContainText(words);
  }
  expect(await heard()).not.toContain(FIRST);
  line.answer(question, { ai_message: `${FIRST} ${SECOND}`, engine: "llm", source_documents: [rate] });
  await expect.poll(heard).toContain(`AI 상담: ${FIRST} ${SECOND} ${MARK} 출처 1건`);
  const all = await heard();
  expect(all.split(FIRST)).toHaveLength(2);
  expect(all.split("앞선 문의")).toHaveLength(2);
  expect(all).not.toContain("다음 차례");
});

test("a reader above stays where he reads", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  const earlier = Array.from({ length: 12 }, (_, index) => said(index + 1, index % 2 === 0 ? "customer" : "assistant", `${index + 1}번째 말입니다. `.repeat(6)));
  const { customer, line, question } = await asking(page, earlier);
  write(line, FIRST);
  await expect(customer.answers().last()).toContainText(FIRST);
  await customer.log.evaluate((log) => { log.scrollTo({ top: 100, behavior: "instant" }); });
  await expect(page.getByRole("button", { name: "최근 메시지로" })).toBeVisible();
  for (let sentence = 0; sentence < 8; sentence += 1) write(line, ` ${SECOND}`);
  line.answer(question, { ai_message: `${FIRST} ${SECOND.repeat(8)}`, engine: "llm", source_documents: [rate] });
  await expect(customer.answers().last()).toContainText(MARK);
  expect(await customer.log.evaluate((log) => log.scrollTop)).toBe(100);
});

test("what was read stays when the connection is lost, and what the server has made of it meanwhile follows", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  write(line, FIRST);
  await expect(customer.answers().last()).toContainText(FIRST);
  await line.cut();
  await customer.sees(CUT);
  await expect(customer.answers().last()).toContainText(FIRST);
  line.mend();
  await expect(page.getByText(CONNECTED)).toBeVisible();
  const messages = [
    said(1, "customer", ASKED, { client_message_id: question.client_message_id }),
    said(2, "assistant", `${FIRST} ${SECOND}`, { engine: "llm", sources: [rate] }),
  ];
  line.tell({ type: "history", data: { messages, more: false } });
  await expect(customer.answers().last()).toContainText(`${FIRST} ${SECOND}`);
  await expect(customer.answers().last()).toContainText(MARK);
  await expect(customer.answers()).toHaveCount(1);
  await expect(page.getByText(CUT)).toHaveCount(0);
});

test("a reload in the middle asks for the same message again, and shows it once", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  write(line, FIRST);
  await expect(customer.answers().last()).toContainText(FIRST);
  await page.reload();
  await expect.poll(() => line.asked.length).toBe(2);
  expect(second(line)).toEqual(question);
  await expect(customer.own(ASKED)).toHaveCount(1);
  line.answer(question, { ai_message: `${FIRST} ${SECOND}`, engine: "llm", source_documents: [rate] });
  await expect(customer.answers()).toHaveCount(1);
  await customer.hasDelivered(ASKED);
});

test("whoever says something else meanwhile need not wait, and both answers stand under their questions", async ({ page }) => {
  const { customer, line, question } = await asking(page);
  await customer.says("카드 분실 신고");
  // Nobody knows yet that the server has the first.
  await expect(customer.own("카드 분실 신고")).toContainText("전송 대기 중");
  write(line, FIRST);
  await expect.poll(() => line.asked.length).toBe(2);
  expect(line.asked.map(({ user_message }) => user_message)).toEqual([ASKED, "카드 분실 신고"]);
  await expect(customer.log.getByRole("listitem").filter({ hasText: /나|AI/ })).toContainText([ASKED, FIRST, "카드 분실 신고"]);
  await expect(customer.field).toBeEnabled();
  line.answer(question, { ai_message: FIRST, engine: "llm" });
  write(line, "1588-0000으로 신고해 주세요.");
  line.answer(second(line), { ai_message: "1588-0000으로 신고해 주세요." });
  await expect(customer.answers()).toHaveCount(2);
  await expect(customer.log.getByRole("listitem").filter({ hasText: /나|AI/ })).toContainText([ASKED, FIRST, "카드 분실 신고", "1588-0000으로"]);
});

test("without a socket it grows as well", async ({ page }) => {
  const line = await play(page, { talk: talks.nothing });
  await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, (socket) => socket.close());
  await answerByEvents(page);
  await page.goto("/");
  const customer = new Customer(page);
  await expect(page.getByText(HTTP_MODE).or(page.getByText(LOST))).toBeVisible();
  await customer.says(ASKED);
  await expect.poll(() => page.evaluate((): unknown => Reflect.get(window, "accepted"))).toContain("text/event-stream");
  await event(page, "processing", { message: "…", queue_position: 2 });
  await customer.sees("앞선 문의 1건에 이어 답변해 드리겠습니다.");
  await event(page, "delta", { text: FIRST });
  await expect(customer.answers().last()).toContainText(FIRST);
  const client_message_id = String(await page.evaluate((): unknown => Reflect.get(window, "posted")));
  await event(page, "response", replied({ client_message_id, user_message: ASKED }, 1, { ai_message: `${FIRST} ${SECOND}`, engine: "llm", source_documents: [rate] }));
  await expect(customer.answers().last()).toContainText(SECOND);
  await expect(customer.answers().last()).toContainText(MARK);
  await expect(customer.answers()).toHaveCount(1);
  expect(line.asked).toEqual([]);
});

test("the mark stands in the history too, on nothing else, and in English", async ({ page }) => {
  await play(page, { talk: [...talks.generated, said(3, "customer", "네"), said(4, "assistant", "감사합니다.", { engine: "rule" })] });
  await page.goto("/");
  const customer = new Customer(page);
  await expect(customer.answers().first()).toContainText(MARK);
  await expect(page.getByText(MARK)).toHaveCount(1);
  await page.getByRole("button", { name: "메뉴" }).click();
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.getByText("Generated by AI from the bank’s documents. Check key details in the sources below.")).toBeVisible();
});

test("nothing of it is hard to perceive", async ({ page }) => {
  const { customer, line } = await asking(page, talks.generated);
  line.tell({ type: "processing", message: "…", queue_position: 3 });
  await customer.sees("앞선 문의 2건에 이어 답변해 드리겠습니다.");
  await expectNoComplaints(page);
  write(line, FIRST);
  await expect(customer.answers().last()).toContainText(FIRST);
  await expectNoComplaints(page);
});

/** A customer whose question the server has, and has not answered. */
async function asking(page: Page, talk: readonly Message[] = []): Promise<{ customer: Customer; line: Line; question: Asked }> {
  const line = await play(page, { talk });
  const customer = await new Customer(page).arrives();
  await customer.says(ASKED);
  await expect.poll(() => line.asked.length).toBe(1);
  const [question] = line.asked;
  if (question === undefined) throw new Error("nothing was asked");
  return { customer, line, question };
}

function second({ asked }: Line): Asked {
  const [, question] = asked;
  if (question === undefined) throw new Error("nothing more was asked");
  return question;
}

function write(line: Line, text: string): void {
  line.tell({ type: "delta", data: { text } });
}

/** Answers messages over HTTP with events that `event` sends one by one, which routes cannot. Call before the page is opened. */
async function answerByEvents(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const real = window.fetch.bind(window);
    window.fetch = (input, init) => {
      if (input !== "/api/v1/chat/message") return real(input, init);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          window.addEventListener("message", ({ data }) => {
            if (typeof data === "string") controller.enqueue(new TextEncoder().encode(data));
          });
        },
      });
      const sent = typeof init?.body === "string" ? init.body : "";
      const posted = /"client_message_id":"([^"]*)"/.exec(sent)?.[1];
      Object.assign(window, { posted, accepted: new Headers(init?.headers).get("Accept") });
      return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    };
  });
}

async function event(page: Page, name: string, data: object): Promise<void> {
  await page.evaluate((text) => { window.postMessage(text); }, `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

async function expectNoComplaints(page: Page): Promise<void> {
  for (const theme of ["light", "dark", "contrast"]) {
    await page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
    expect((await new AxeBuilder({ page }).analyze()).violations, theme).toEqual([]);
  }
}
