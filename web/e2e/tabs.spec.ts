import { expect, type Page, test } from "@playwright/test";
import { CONNECTED, Customer } from "./customer";

const QUESTION = "예금자 보호는 얼마까지 되나요?";

test("two tabs restored at once open one session", async ({ context }) => {
  const opened: string[] = [];
  context.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/v1/sessions")) opened.push(request.url());
  });
  const here = new Customer(await context.newPage());
  const there = new Customer(await context.newPage());
  await Promise.all([here.arrives(), there.arrives()]);
  expect(opened).toHaveLength(1);
  await here.asks(QUESTION);
  await there.hasDelivered(QUESTION);
});

test("a new conversation in one tab is the other tab's, too", async ({ context, baseURL }) => {
  const here = await new Customer(await context.newPage()).arrives();
  const there = await new Customer(await context.newPage()).arrives();
  await here.asks(QUESTION);
  const before = await sessionOf(here.page);
  await here.page.request.post(`${baseURL ?? ""}/api/v1/sessions/${before}/close`, { data: {} });
  await here.page.getByRole("button", { name: "새 상담 시작" }).click();
  await expect.poll(() => sessionOf(there.page)).not.toBe(before);
  await here.sees(CONNECTED);
  await there.sees(CONNECTED);
  await there.asks("이체 한도를 올리고 싶어요");
  await here.hasDelivered("이체 한도를 올리고 싶어요");
  await expect(here.answers()).toHaveCount(1);
  expect(await sessionOf(here.page)).toBe(await sessionOf(there.page));
});

test("what waits to be sent is each tab's own, and both arrive once", async ({ context }) => {
  const here = await new Customer(await context.newPage()).arrives();
  const there = await new Customer(await context.newPage()).arrives();
  await context.setOffline(true);
  await here.says("첫 번째 탭에서 묻습니다");
  await there.says("두 번째 탭에서 묻습니다");
  await context.setOffline(false);
  for (const customer of [here, there]) {
    await customer.hasDelivered("첫 번째 탭에서 묻습니다");
    await customer.hasDelivered("두 번째 탭에서 묻습니다");
    await expect(customer.answers()).toHaveCount(2);
  }
});

function sessionOf(page: Page): Promise<string | null> {
  return page.evaluate(() => localStorage.getItem("bank-aicc.session"));
}
