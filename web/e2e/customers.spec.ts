/** One browser, several customers: what one wrote never reaches another (docs/embedding.md). */
import { expect, type FrameLocator, type Page, test } from "@playwright/test";
import { CONNECTED, Customer, QUESTION, socketOf } from "./customer";
import { openSite, type Site } from "./host/server";

const DRAFT = "쓰다 만 비밀";
const UNSENT = "보내지 못한 비밀";

let site: Site;

test.beforeAll(async ({ baseURL }) => {
  site = await openSite(new URL(baseURL ?? "").origin, () => []);
});

test.afterAll(() => site.close());

/** A bank's page that says when and for whom it frames the chat, as the widget does. */
class BankPage {
  readonly page: Page;
  readonly chat: FrameLocator;

  constructor(page: Page) {
    this.page = page;
    this.chat = page.frameLocator("iframe");
  }

  async opens(): Promise<this> {
    await this.page.goto(`${site.origin}/bare`);
    return this;
  }

  /** `digit` stands for a customer; null: nobody is logged in. */
  async welcomes(digit: string | null): Promise<this> {
    const customer = digit === null ? null : { reference: digit, signature: digit.repeat(64) };
    await this.page.evaluate((named) => {
      const frame = document.querySelector("iframe")?.contentWindow;
      const say = (message: object): void => frame?.postMessage({ protocol: "bank-aicc", version: 1, ...message }, "*");
      say({ kind: "welcome", customer: named });
      say({ kind: "opened", topic: null, takesFocus: false });
    }, customer);
    return this;
  }

  async isServed(): Promise<this> {
    await expect(this.chat.getByText(CONNECTED)).toBeVisible();
    return this;
  }

  get field() {
    return this.chat.getByRole("textbox", { name: "메시지" });
  }

  async asks(words: string): Promise<void> {
    await this.field.fill(words);
    await this.field.press("Enter");
    await expect(this.chat.getByText("전송됨").last()).toBeVisible();
  }

  async shows(...words: string[]): Promise<void> {
    for (const each of words) await expect(this.chat.getByText(each, { exact: true })).toHaveCount(1);
  }

  async showsNothingOf(...words: string[]): Promise<void> {
    for (const each of words) await expect(this.chat.getByText(each, { exact: true })).toHaveCount(0);
  }
}

async function meet(page: Page, digit: string | null): Promise<BankPage> {
  return (await (await new BankPage(page).opens()).welcomes(digit)).isServed();
}

/** The customer writes, and the server gets nothing of it. */
async function leavesTexts(page: Page, digit: string | null): Promise<void> {
  const socket = await socketOf(page);
  const bank = await meet(page, digit);
  await bank.asks(QUESTION);
  await socket.block();
  await page.route("**/api/v1/chat/message", (route) => route.abort());
  await bank.field.fill(UNSENT);
  await bank.field.press("Enter");
  await expect(bank.chat.getByRole("log").getByText(/아직 보내지 못했습니다/)).toBeVisible();
  await bank.field.fill(DRAFT);
  await page.unroute("**/api/v1/chat/message");
  socket.allow();
}

test.describe("what is not sent yet", () => {
  test("is sent for the same customer, whatever he does while the page is slow", async ({ page }) => {
    await leavesTexts(page, "a");
    const bank = await new BankPage(page).opens();
    // Nothing is read or shown, and nothing can be written, before it is known whose it is.
    await page.waitForTimeout(6_000);
    await expect(bank.field).toHaveCount(0);
    await (await bank.welcomes("a")).isServed();
    await expect(bank.field).toHaveValue(DRAFT);
    await bank.shows(QUESTION, UNSENT);
    await expect(bank.chat.getByText("전송됨")).toHaveCount(2);
  });

  for (const [next, digit] of [["another customer", "b"], ["nobody", null]] as const) {
    test(`is gone for ${next} in the same tab`, async ({ page }) => {
      await leavesTexts(page, "a");
      // Nobody can take it up any more, so no agent is to wait in it.
      const isClosed = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/close"));
      const bank = await meet(page, digit);
      await isClosed;
      await expect(bank.field).toHaveValue("");
      await bank.asks("이체 한도를 올리고 싶어요");
      await bank.showsNothingOf(QUESTION, UNSENT);
    });
  }

  test("is gone for another customer who began in another tab", async ({ page, context }) => {
    await leavesTexts(page, "a");
    await page.goto("about:blank");
    await (await meet(await context.newPage(), "b")).asks("이체 한도를 올리고 싶어요");
    const bank = await meet(page, "b");
    await bank.shows("이체 한도를 올리고 싶어요");
    await expect(bank.field).toHaveValue("");
    await bank.showsNothingOf(QUESTION, UNSENT);
  });
});

test("a tab in use lets go when another serves another customer, and goes on only when asked", async ({ page, context }) => {
  await leavesTexts(page, "a");
  const ana = new BankPage(page);
  const other = await context.newPage();
  const ben = await meet(other, "b");
  await ben.asks("이체 한도를 올리고 싶어요");
  await ana.shows("상담이 종료되었습니다. 이용해 주셔서 감사합니다.");
  await ana.showsNothingOf(QUESTION, UNSENT, "이체 한도를 올리고 싶어요");
  await expect(ana.field).toHaveCount(0);
  await expect(ana.chat.getByRole("group", { name: "자주 찾는 상담" })).toHaveCount(0);
  // Nor does it take anything away.
  await ben.asks("예금자 보호는 얼마까지 되나요?");
  await ana.chat.getByRole("button", { name: "새 상담 시작" }).click();
  await ana.isServed();
  await expect(ana.field).toHaveValue("");
  await ana.showsNothingOf(QUESTION, UNSENT, "이체 한도를 올리고 싶어요");
  await ben.shows("상담이 종료되었습니다. 이용해 주셔서 감사합니다.");
});

test("a page that answers late is heard, and what is opened then is the customer's", async ({ page }) => {
  const opened: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/v1/sessions")) opened.push(request.postData() ?? "");
  });
  const bank = await (await new BankPage(page).opens()).isServed();
  await bank.asks(QUESTION);
  await bank.field.fill(DRAFT);
  await bank.welcomes("b");
  await bank.showsNothingOf(QUESTION);
  await bank.isServed();
  await expect(bank.field).toHaveValue("");
  expect(opened.map((body) => body.includes("signature"))).toEqual([false, true]);
});

test("only the page that frames the chat says whom it is for", async ({ page }) => {
  const opened: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/v1/sessions")) opened.push(request.postData() ?? "");
  });
  const bank = await new BankPage(page).opens();
  await page.evaluate(async () => {
    const other = document.createElement("iframe");
    const said = new Promise((resolve) => { other.addEventListener("load", resolve); });
    other.srcdoc = `<script>parent.frames[0].postMessage(
      { protocol: "bank-aicc", version: 1, kind: "welcome", customer: { reference: "b", signature: "${"b".repeat(64)}" } }, "*");</script>`;
    document.body.append(other);
    await said;
  });
  await page.evaluate(() => {
    document.querySelectorAll("iframe")[1]?.remove();
  });
  await (await bank.welcomes("a")).isServed();
  expect(opened).toHaveLength(1);
  expect(opened[0]).toContain("a".repeat(64));
});

test("a page of its own shows nothing of a named customer, who finds it over", async ({ page, context }) => {
  const ana = await meet(page, "a");
  await ana.asks(QUESTION);
  const alone = await new Customer(await context.newPage()).arrives();
  await expect(alone.own(QUESTION)).toHaveCount(0);
  await alone.asks("이체 한도를 올리고 싶어요");
  await ana.shows("상담이 종료되었습니다. 이용해 주셔서 감사합니다.");
  await ana.showsNothingOf(QUESTION);
});
