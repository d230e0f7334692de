import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { Customer, QUESTION } from "./customer";

const TABLE_QUESTION = "ATM 출금 한도";
const LIST_QUESTION = "이체 한도를 올리고 싶어요";
const TWO_QUESTIONS = "체크카드 발급 방법이 뭔가요? 그리고 해외송금 수수료는 얼마예요?";

test.describe("an answer", () => {
  test("shows rows as a table that can be read cell by cell", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(TABLE_QUESTION);
    const table = answer.getByRole("table");
    await expect(table.getByRole("columnheader")).toHaveText(["거래", "1회 한도", "1일 한도"]);
    await expect(table.getByRole("rowheader").first()).toHaveText("카드·통장 출금");
    await expect(table.getByRole("row").nth(1).getByRole("cell")).toHaveText(["100만원", "600만원"]);
  });

  test("on a narrow phone it is cards that are a table all the same, and nothing is cut off", async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(TABLE_QUESTION);
    await expect(answer.getByRole("table").getByRole("columnheader")).toHaveCount(3);
    await expect(answer.getByRole("cell", { name: "600만원" })).toBeVisible();
    const over = await customer.log.evaluate((log) => log.scrollWidth - log.clientWidth);
    expect(over).toBe(0);
  });

  test("shows items as a list, two parts under their headings, and each source as a card", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const list = await customer.asks(LIST_QUESTION);
    await expect(list.getByRole("listitem").filter({ hasText: "준비물" })).toBeVisible();
    const both = await customer.asks(TWO_QUESTIONS);
    await expect(both.getByRole("heading")).toHaveCount(2);
    await expect(both.getByText("출처 2건")).toBeVisible();
    await expect(both.getByRole("button", { name: /쪽$/ })).toHaveCount(2);
  });

  test("links phone numbers and nothing else", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks("카드를 잃어버렸어요");
    await expect(answer.getByRole("link", { name: "1588-0099" })).toHaveAttribute("href", "tel:1588-0099");
    const hrefs = await customer.log.getByRole("link").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    expect(hrefs.every((href) => href?.startsWith("tel:"))).toBe(true);
  });

  test("is marked as a machine's, also to a screen reader", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    await expect(answer.getByRole("img", { name: "인공지능(AI)" })).toHaveText("AI");
    await expect(customer.own(QUESTION).getByRole("img", { name: "인공지능(AI)" })).toHaveCount(0);
  });

  test("is copied with its sources, with the clipboard and without", async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
    await answer.getByRole("button", { name: "복사" }).click();
    await expect(answer.getByRole("button", { name: "복사했습니다" })).toBeVisible();
    expect(await clipboard()).toMatch(/\n출처: .+ · \d+쪽$/);
    await page.evaluate(async () => {
      await navigator.clipboard.writeText("");
      Object.defineProperty(navigator.clipboard, "writeText", { value: () => Promise.reject(new Error("no TLS")) });
    });
    await answer.getByRole("button", { name: /^복사$/ }).click();
    await expect.poll(clipboard).toMatch(/\n출처: .+ · \d+쪽$/);
  });
});

test.describe("a source", () => {
  for (const [screen, size] of [["phone", { width: 360, height: 740 }], ["wide screen", { width: 1440, height: 900 }]] as const) {
    test(`opens its document at the words quoted, and gives the focus back, on a ${screen}`, async ({ page }) => {
      await page.setViewportSize(size);
      const customer = await new Customer(page).arrives();
      const answer = await customer.asks(TABLE_QUESTION);
      const card = answer.getByRole("button", { name: /쪽$/ });
      const panel = page.getByRole("dialog", { name: /ATM/ });
      await card.focus();
      await page.keyboard.press("Enter");
      await expect(panel.getByText(/부터 시행$/)).toBeVisible();
      await expect(panel.locator("mark").first()).toBeInViewport();
      await expect(panel.getByRole("row").filter({ hasText: "3,000만원" })).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(panel).toHaveCount(0);
      await expect(card).toBeFocused();
      await card.click();
      await panel.getByRole("button", { name: "문서 닫기" }).click();
      await expect(panel).toHaveCount(0);
      await expect(card).toBeFocused();
    });
  }

  test("that cannot be opened says so, and can be tried again", async ({ page }) => {
    let isBroken = true;
    await page.route("**/api/v1/knowledge/documents/*", (route) => (isBroken ? route.abort() : route.continue()));
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(TABLE_QUESTION);
    await answer.getByRole("button", { name: /쪽$/ }).click();
    const panel = page.getByRole("dialog");
    await expect(panel.getByText(/문서를 열지 못했습니다/)).toBeVisible();
    isBroken = false;
    await panel.getByRole("button", { name: "다시 시도" }).click();
    await expect(panel.locator("mark").first()).toBeVisible();
  });

  test("whose document is not in force any more says that", async ({ page }) => {
    await page.route("**/api/v1/knowledge/documents/*", (route) => route.fulfill({ status: 404, json: { code: "not_found", detail: "" } }));
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(TABLE_QUESTION);
    await answer.getByRole("button", { name: /쪽$/ }).click();
    await expect(page.getByRole("dialog").getByText(/시행 중이 아니어서/)).toBeVisible();
  });
});

test.describe("an opinion", () => {
  test("is sent, thanked for, and can be changed with a reason", async ({ page }) => {
    const sent: unknown[] = [];
    await page.route("**/feedback", async (route) => {
      sent.push(route.request().postDataJSON());
      await route.fulfill({ status: 204 });
    });
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    await answer.getByRole("button", { name: "도움이 됐어요" }).click();
    await expect(answer.getByText("의견 감사합니다.")).toBeVisible();
    await answer.getByRole("button", { name: "바꾸기" }).click();
    await answer.getByRole("button", { name: "아쉬워요" }).click();
    await expect(answer.getByRole("radio")).toHaveCount(4);
    await answer.getByRole("radio", { name: "필요한 내용이 빠졌어요" }).check();
    await answer.getByRole("textbox").fill("  한도가 없어요 ");
    await answer.getByRole("button", { name: "의견 보내기" }).click();
    await expect(answer.getByText("의견 감사합니다.")).toBeVisible();
    expect(sent).toEqual([
      { useful: true, reason: null, comment: null },
      { useful: false, reason: "incomplete", comment: "한도가 없어요" },
    ]);
  });

  test("that does not get through is kept and said so", async ({ page }) => {
    await page.route("**/feedback", (route) => route.fulfill({ status: 503, json: { code: "unavailable", detail: "" } }));
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    await answer.getByRole("button", { name: "아쉬워요" }).click();
    await answer.getByRole("radio", { name: "이해하기 어려워요" }).check();
    await answer.getByRole("button", { name: "의견 보내기" }).click();
    await expect(answer.getByText(/의견을 보내지 못했습니다/)).toBeVisible();
    await expect(answer.getByRole("radio", { name: "이해하기 어려워요" })).toBeChecked();
  });
});

test.describe("on paper", () => {
  test("stands the whole conversation, and what a machine said says so", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.asks(TABLE_QUESTION);
    await print(page);
    const paper = page.getByRole("article");
    await expect(paper.getByRole("heading", { name: /AI.상담 \(인공지능 작성\)/ })).toHaveCount(2);
    await expect(paper.getByRole("table")).toBeVisible();
    await expect(paper.getByText(/^출처: /)).toBeVisible();
    await expect(customer.field).toBeHidden();
    await page.emulateMedia({ media: "screen" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await expect(paper).toHaveCount(0);
    await expect(customer.field).toBeVisible();
  });
});

test.describe("a long conversation", () => {
  test("opens at its end, brings earlier messages as one scrolls up, and keeps the reader's place", async ({ page }) => {
    await withHistory(page, 1_000);
    const customer = new Customer(page);
    await page.goto("/");
    await expect(customer.log.getByText("질문 999", { exact: true })).toBeInViewport();
    expect(await customer.log.getByRole("listitem").count()).toBeLessThan(100);
    await customer.log.evaluate((log) => {
      log.scrollTo({ top: 900, behavior: "instant" });
      log.scrollTo({ top: 700, behavior: "instant" });
    });
    await expect(customer.log.getByText("질문 901", { exact: true })).toBeAttached();
    // What was at 700 px is still where it was: far from the top now.
    expect(await customer.log.evaluate((log) => log.scrollTop)).toBeGreaterThan(1_500);
    await page.getByRole("button", { name: "최근 메시지로" }).click();
    await expect(customer.log.getByText("질문 999", { exact: true })).toBeInViewport();
    await expect.poll(() => customer.log.getByRole("listitem").count()).toBeLessThan(100);
  });
});

async function print(page: Page): Promise<void> {
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
}

/** The session's history, as if so many messages had been said. */
async function withHistory(page: Page, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    role: index % 2 === 0 ? "assistant" : "user",
    author: index % 2 === 0 ? "assistant" : "customer",
    message: index % 2 === 0 ? `답변 ${index}입니다.` : `질문 ${index}`,
    created_at: "2026-03-02T12:00:00",
    client_message_id: null,
    protected: false,
    sources: [],
    quick_replies: [],
    suggested_action: null,
  }));
  await page.route("**/api/v1/sessions/*/messages", (route) => route.fulfill({ json: messages }));
  await page.addInitScript(() => {
    localStorage.setItem("bank-aicc.session", "long");
  });
  await page.route("**/api/v1/sessions/*/handover-status", (route) =>
    route.fulfill({
      json: { handover_status: null, assigned_agent_id: null, handover_accepted_at: null, handover_requested_at: null },
    }),
  );
}

test("the transcript is a text file with who said what", async ({ page }) => {
  const customer = await new Customer(page).arrives();
  await customer.asks(QUESTION);
  await page.getByRole("banner").getByRole("button", { name: "메뉴" }).click();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "상담 내용 저장" }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^상담내용_\d{8}_\d{4}\.txt$/);
  const transcript = await readFile(await file.path(), "utf8");
  expect(transcript).toContain(`나\n${QUESTION}`);
  expect(transcript).toContain("상담 (인공지능 작성)");
});
