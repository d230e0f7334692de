/** A customer in a hurry, at a phone: what he should see without touching anything. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Customer } from "./customer";

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
