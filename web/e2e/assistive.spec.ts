/** What a screen reader is told as it happens, and where the focus goes. `accessibility.spec.ts` walks whole journeys. */
import { expect, test } from "@playwright/test";
import { Customer, greetWith, listen, QUESTION } from "./customer";

test.describe("by ear", () => {
  test("the answers that are offered, and how many sources there are", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const heard = await listen(page);
    await customer.asks(QUESTION);
    await expect.poll(heard).toMatch(/AI 상담: .*출처 \d+건/s);
    await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).click();
    await expect.poll(heard).toContain("선택하실 수 있는 답변: 네, 동의합니다, 아니요");
  });

  test("each step on the way to a person", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const heard = await listen(page);
    await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).click();
    await expect.poll(heard).toContain("상담 내용 전달에 동의해 주세요");
    await customer.choices().first().click();
    await expect.poll(heard).toContain("상담원을 기다리는 중");
  });

  test("a message that could not be sent, and that the connection is back", async ({ page, context }) => {
    const customer = await new Customer(page).arrives();
    const heard = await listen(page);
    await context.setOffline(true);
    await customer.says(QUESTION);
    await expect.poll(heard).toContain("아직 보내지 못했습니다");
    await expect(page.getByText(/연결이 끊겼습니다. 이 창을 열어 두시면/)).toBeVisible();
    await context.setOffline(false);
    await expect.poll(heard).toContain("다시 연결되었습니다.");
    await expect(page.locator("[data-newsreader]")).toBeEmpty();
  });

  test("a new conversation, with its greeting; and the field has the focus", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.asks(QUESTION);
    const heard = await listen(page);
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "새 상담 시작" }).click();
    await page.getByRole("button", { name: "새로 시작" }).click();
    await expect.poll(heard).toMatch(/새 상담을 시작합니다. 안녕하세요/);
    await expect(customer.field).toBeFocused();
  });

  test("the state of the connection, without its coloured dot", async ({ page }) => {
    await new Customer(page).arrives();
    await expect(page.locator("footer")).toMatchAriaSnapshot(`
      - paragraph: Enter 전송 · Shift+Enter 줄바꿈
      - paragraph: "/^연결 상태: 연결됨$/"
    `);
  });

  test("which answer is copied and judged", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    await expect(answer.getByRole("group", { name: /^답변 ‘.+…’$/ }).getByRole("button")).toHaveText(["복사", "도움이 됐어요", "아쉬워요"]);
  });
});

test.describe("the focus", () => {
  test("goes back to the opinions from the reasons, and from an opinion that is to be changed", async ({ page }) => {
    await page.route("**/feedback", (route) => route.fulfill({ status: 204 }));
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    const useful = answer.getByRole("button", { name: "도움이 됐어요" });
    for (const leave of ["Escape", "취소"]) {
      await answer.getByRole("button", { name: "아쉬워요" }).click();
      await expect(answer.getByRole("radio").first()).toBeFocused();
      if (leave === "Escape") await page.keyboard.press(leave);
      else await answer.getByRole("button", { name: leave }).click();
      await expect(useful).toBeFocused();
    }
    await page.keyboard.press("Enter");
    await expect(answer.getByRole("button", { name: "바꾸기" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(useful).toBeFocused();
  });

  test("begins in the settings where the choice stands", async ({ page }) => {
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "화면 설정" }).click();
    await expect(page.getByRole("radio", { name: "보통" })).toBeFocused();
  });

  test("gets from the field to the menu in one step, and stops at the log only where it scrolls", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await expect(customer.log).not.toHaveAttribute("tabindex");
    for (const question of [QUESTION, "ATM 출금 한도", "카드를 잃어버렸어요"]) await customer.asks(question);
    await expect(customer.log).toHaveAttribute("tabindex", "0");
    await customer.field.focus();
    await page.keyboard.press("Shift+Tab");
    const link = page.getByRole("link", { name: "메뉴로 건너뛰기" });
    await expect(link).toBeFocused();
    await expect(link).toBeInViewport({ ratio: 1 });
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: "메뉴" })).toBeFocused();
  });

  test("need not be in a document beside the conversation to close it", async ({ page }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    await answer.getByRole("button", { name: /\d쪽$/ }).first().click();
    const document = page.getByRole("dialog", { name: "출처 문서" });
    await expect(document).toBeVisible();
    await customer.field.focus();
    await page.keyboard.press("Escape");
    await expect(document).toHaveCount(0);
    await expect(customer.field).toBeFocused();
  });
});

test("a failed opinion leaves the buttons where they are", async ({ page }) => {
  await page.route("**/feedback", (route) => route.fulfill({ status: 503, json: { code: "unavailable", detail: "" } }));
  const customer = await new Customer(page).arrives();
  const answer = await customer.asks(QUESTION);
  const useful = answer.getByRole("button", { name: "도움이 됐어요" });
  const before = await useful.boundingBox();
  await useful.click();
  await expect(answer.getByText(/의견을 보내지 못했습니다/)).toBeVisible();
  const after = await useful.boundingBox();
  const copy = await answer.getByRole("button", { name: "복사" }).boundingBox();
  expect([after?.x, after?.y]).toEqual([before?.x, copy?.y]);
});

test("who waits outside hours is not told that it is his turn", async ({ page }) => {
  await greetWith(page, { hours: { weekdays: "09:00-09:00" } });
  const customer = await new Customer(page).arrives();
  await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).click();
  await customer.choices().first().click();
  const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
  await expect(progress).toContainText("상담원을 기다리는 중");
  await expect(progress).toContainText("지금은 상담 시간(평일 09:00~09:00)이 아닙니다.");
  await expect(progress).not.toContainText(/차례|순번|바로 이어집니다/);
});
