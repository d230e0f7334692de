/** A customer in a hurry, at a phone: what he should see without touching anything. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { CONNECTED, Customer } from "./customer";

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

const QUESTIONS = [
  "대출 금리가 얼마인가요?",
  "ATM 출금 한도",
  "이체 한도를 올리고 싶어요",
  "예금자 보호는 얼마까지 되나요?",
  "체크카드 발급 방법이 뭔가요? 그리고 해외송금 수수료는 얼마예요?",
  "카드를 잃어버렸어요",
  "잔액증명서는 어떻게 발급받나요?",
  "영업점 영업시간 알려주세요",
];

test.describe("what was asked last", () => {
  for (const { name, width, height, slowdown } of [
    { name: "a slow phone", width: 360, height: 740, slowdown: 4 },
    { name: "a small and slow phone", width: 320, height: 568, slowdown: 6 },
    { name: "a desk", width: 1280, height: 800, slowdown: 1 },
  ]) {
    test(`stands there with the beginning of its answer, eight times in a row: ${name}`, async ({ page }) => {
      test.slow();
      await page.setViewportSize({ width, height });
      const customer = await new Customer(page).arrives();
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
      for (const question of QUESTIONS) {
        const answer = await customer.asks(question);
        await beginsInView(customer.log, customer.own(question).last(), question);
        await beginsInView(customer.log, answer, question);
        await expect(pill(page), question).toHaveCount(0);
      }
    });
  }

  test("stays where it is while the reader looks further up, and can be gone back to", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    for (const question of QUESTIONS.slice(0, 3)) await customer.asks(question);
    await customer.log.evaluate((log) => {
      log.scrollTo({ top: 100, behavior: "instant" });
    });
    await expect(pill(page)).toBeVisible();
    await pill(page).tap();
    await expect(pill(page)).toHaveCount(0);
    await beginsInView(customer.log, customer.answers().last(), "the last answer");
  });
});

test("a conversation that has not begun is seen from its top", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  const customer = await new Customer(page).arrives();
  await expect(page.getByRole("group", { name: "자주 찾는 상담" })).toBeVisible();
  await beginsInView(customer.log, customer.log.getByText("AI 상담", { exact: true }).first(), "the greeting");
  await customer.log.evaluate((log) => {
    log.scrollTo({ top: log.scrollHeight, behavior: "instant" });
    log.scrollTo({ top: 0, behavior: "instant" });
  });
  await expect(pill(page)).toHaveCount(0);
});

test.describe("the field", () => {
  for (const [width, height] of [[320, 568], [360, 640], [740, 360]] as const) {
    test(`stays in sight whatever stands above: ${width} × ${height}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      const customer = await new Customer(page).arrives();
      const isAllThere = async (state: string): Promise<void> => {
        for (const part of [customer.field, page.getByText(CONNECTED), page.getByRole("button", { name: "메뉴" })])
          await expect(part, state).toBeInViewport({ ratio: 1 });
        expect((await customer.log.boundingBox())?.height, state).toBeGreaterThan(90);
      };
      await isAllThere("first contact");
      await page.getByText("자세히").tap();
      await expect(customer.field).toBeInViewport({ ratio: 1 });
      await page.getByText("자세히").tap();
      await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).tap();
      await expect(customer.choices()).toHaveCount(2);
      await isAllThere("asked for consent");
      await customer.choices().first().tap();
      const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
      await expect(progress).toContainText("기다리는 중");
      await isAllThere("waiting");
      await expect(progress.getByRole("button", { name: "연결 취소" })).toBeInViewport({ ratio: 1 });
      // Once, and not in the conversation as well.
      await expect(page.getByRole("button", { name: "연결 취소" })).toHaveCount(1);
    });
  }

  test("is not given a keyboard by what only says that the notice was read", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await page.getByRole("button", { name: "확인했습니다" }).tap();
    await expect(page.getByRole("region", { name: "인공지능(AI)이 답변합니다" })).toHaveCount(0);
    await expect(customer.field).not.toBeFocused();
  });
});

test("the browser's way back closes the document, and not the chat", async ({ page }) => {
  const customer = await new Customer(page).arrives();
  const answer = await customer.asks(QUESTIONS[0] ?? "");
  const card = answer.getByRole("button", { name: /\d쪽$/ }).first();
  const document = page.getByRole("dialog", { name: "출처 문서" });
  for (let time = 0; time < 2; time += 1) {
    await card.tap();
    await expect(document).toBeVisible();
    await page.goBack();
    await expect(document).toHaveCount(0);
    await expect(card).toBeFocused();
  }
  // Closed otherwise, it leaves no page behind.
  const pages = await page.evaluate(() => history.length);
  for (let time = 0; time < 2; time += 1) {
    await card.tap();
    await document.getByRole("button", { name: "문서 닫기" }).tap();
    await expect(document).toHaveCount(0);
  }
  expect(await page.evaluate(() => history.length)).toBe(pages);
  await expect(customer.answers()).toHaveCount(1);
});

test("the settings stand in two even columns", async ({ page }) => {
  await new Customer(page).arrives();
  await page.getByRole("button", { name: "메뉴" }).tap();
  await page.getByRole("button", { name: "화면 설정" }).tap();
  const options = page.getByRole("dialog").locator("label");
  const widths = await options.evaluateAll((labels) => labels.map((label) => Math.round(label.getBoundingClientRect().width)));
  expect(new Set(widths).size).toBe(1);
});

test("what the page is about is offered until it was asked, also after a reload", async ({ page }) => {
  await page.goto("/?topic=%EC%A0%84%EC%84%B8%EB%8C%80%EC%B6%9C");
  const topic = page.getByRole("group", { name: "보고 계신 내용" });
  await topic.getByRole("button", { name: "전세대출", exact: true }).tap();
  await expect(topic).toHaveCount(0);
  await page.reload();
  await expect(new Customer(page).own("전세대출")).toHaveCount(1);
  await expect(topic).toHaveCount(0);
});

test("the notice leaves room for the conversation, and says all of it when asked", async ({ page }) => {
  await new Customer(page).arrives();
  const notice = page.getByRole("region", { name: "인공지능(AI)이 답변합니다" });
  expect((await notice.boundingBox())?.height).toBeLessThan(110);
  await expect(notice.getByText("사람이 아닌")).toBeHidden();
  await notice.getByText("자세히").tap();
  await expect(notice.getByText("사람이 아닌")).toBeVisible();
});

// ---------------------------------------------------------------------------------------------------

function pill(page: Page): Locator {
  return page.getByRole("button", { name: "최근 메시지로" });
}

/** Its first line can be read in the log. */
async function beginsInView(log: Locator, entry: Locator, name: string): Promise<void> {
  await expect
    .poll(async () => {
      const [seen, box] = [await log.boundingBox(), await entry.boundingBox()];
      if (seen === null || box === null) return "nothing";
      if (box.y < seen.y - 1) return `begins ${seen.y - box.y} px above`;
      const line = Math.min(box.height, 24);
      return box.y + line > seen.y + seen.height ? `begins ${box.y + line - seen.y - seen.height} px below` : "in view";
    }, name)
    .toBe("in view");
}
