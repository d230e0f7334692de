import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { CONNECTED, Customer } from "./customer";
import { CALM, type Kind, Proxy, type Weather } from "./proxy";

/** `CHAOS_SEED=7 npx playwright test chaos` has the same dice again; the network's own timing stays its own. */
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
/** In all, over the four networks. */
const FAULTS = 1_000;
/** A machine slower than this has a storm of its own. */
const STORM_MS_MAX = 90_000;
const UNSENT_MAX = 4;

interface Network {
  readonly name: string;
  /** What it leaves to read by. */
  readonly way: Kind;
  readonly weather: Weather;
  /** After so many requests of that kind it is the way in use. */
  readonly settled: number;
}

const storm = { cut: 0.1, delayed: 0.5, repeated: 0.3 };
const networks: readonly Network[] = [
  { name: "WebSocket", way: "socket", settled: 1, weather: { ...CALM, ...storm } },
  { name: "server-sent events", way: "stream", settled: 1, weather: { ...CALM, ...storm, upgrades: "refused" } },
  { name: "long-poll", way: "long-poll", settled: 2, weather: { ...CALM, ...storm, upgrades: "refused", streams: "collected" } },
  { name: "plain POST", way: "read", settled: 5, weather: { ...CALM, ...storm, upgrades: "refused", streams: "collected", polls: "cut" } },
];
const topics = ["대출 금리", "예금자 보호 한도", "이체 한도", "카드 재발급", "예금 만기"];

interface Stored {
  readonly id: number;
  readonly author: string;
  readonly message: string;
}

test.describe("a thousand faults", () => {
  for (const [index, { name, way, weather }] of networks.entries()) {
    test(`${name}: nothing lost, nothing doubled, the order kept`, async ({ page, baseURL }) => {
      test.setTimeout(240_000);
      const seed = SEED + index;
      const proxy = await Proxy.open(baseURL ?? "", seed);
      const customer = new Customer(page);
      await page.goto(proxy.url);
      await customer.sees(CONNECTED);
      proxy.turn(weather);

      const unsent = customer.log.getByRole("listitem").filter({ hasText: /^나/, hasNotText: "전송됨" });
      const typed: string[] = [];
      const end = Date.now() + STORM_MS_MAX;
      // Long enough for the way to be taken, too.
      while ((proxy.faultCount < FAULTS / networks.length || proxy.requests[way] <= 5) && Date.now() < end) {
        const words = `${topics[proxy.below(topics.length)] ?? ""} 알려 주세요, ${typed.length + 1}번째 문의`;
        await customer.says(words);
        typed.push(words);
        await expect.poll(() => unsent.count(), { timeout: 30_000 }).toBeLessThanOrEqual(UNSENT_MAX);
        // Through a tunnel now and then, and once the customer reloads in despair.
        if (typed.length % 8 === 0) await page.evaluate(() => window.dispatchEvent(new Event("online")));
        if (typed.length === 20) await page.reload();
      }
      proxy.turn(CALM);
      await page.evaluate(() => window.dispatchEvent(new Event("online")));
      for (const words of typed.slice(-UNSENT_MAX - 1)) await customer.hasDelivered(words);
      await customer.sees(CONNECTED);

      process.stdout.write(
        `    CHAOS_SEED=${SEED} ${name}: ${typed.length} messages, faults ${JSON.stringify(proxy.faults)}, requests ${JSON.stringify(proxy.requests)}\n`,
      );
      const stored = await history(page, page.request, baseURL ?? "");
      expect(stored.filter(({ author }) => author === "customer").map(({ message }) => message)).toEqual(typed);
      expect(stored.map(({ author }) => author)).toEqual(typed.flatMap(() => ["customer", "assistant"]));
      await showsAll(customer, stored, typed);
      await page.reload();
      await customer.sees(CONNECTED);
      await showsAll(customer, stored, typed);
      expect(proxy.faultCount).toBeGreaterThanOrEqual(FAULTS / networks.length);
      await proxy.close();
    });
  }
});

test.describe("the network turns worse, and within five seconds another way carries the conversation", () => {
  for (const { name, weather, way, settled } of networks.slice(1)) {
    test(`only ${name} passes`, async ({ page, baseURL }) => {
      const proxy = await Proxy.open(baseURL ?? "", SEED);
      const customer = new Customer(page);
      await page.goto(proxy.url);
      await customer.sees(CONNECTED);
      proxy.turn({ ...weather, cut: 0, delayed: 0, repeated: 0 });
      await sayElsewhere(page, baseURL ?? "", "다른 탭에서 묻습니다");
      await expect(customer.own("다른 탭에서 묻습니다")).toHaveCount(1, { timeout: 5_000 });
      // Once the way is found, too.
      await expect.poll(() => proxy.requests[way]).toBeGreaterThanOrEqual(settled);
      await sayElsewhere(page, baseURL ?? "", "조금 뒤에 또 묻습니다");
      await expect(customer.own("조금 뒤에 또 묻습니다")).toHaveCount(1, { timeout: 5_000 });
      const answers = await customer.answers().count();
      await customer.says("예금자 보호는 얼마까지 되나요?");
      await expect(customer.answers()).toHaveCount(answers + 1, { timeout: 5_000 });
      await proxy.close();
    });
  }

  test("a socket that goes silent without a word", async ({ page, baseURL }) => {
    const proxy = await Proxy.open(baseURL ?? "", SEED);
    const customer = new Customer(page);
    await page.goto(proxy.url);
    await customer.sees(CONNECTED);
    proxy.weather = { ...CALM, upgrades: "frozen" };
    await customer.says("대출 금리가 얼마인가요?");
    await expect(customer.answers()).toHaveCount(1, { timeout: 5_000 });
    await proxy.close();
  });

  test("a socket that goes silent while a person is awaited", async ({ page, baseURL }) => {
    const proxy = await Proxy.open(baseURL ?? "", SEED);
    const customer = new Customer(page);
    await page.goto(proxy.url);
    await customer.sees(CONNECTED);
    await customer.says("상담원 연결해 주세요");
    await customer.choices().first().click();
    await customer.sees(/상담원을 기다리는 중/);
    proxy.weather = { ...CALM, upgrades: "frozen" };
    await sayElsewhere(page, baseURL ?? "", "기다리는 동안 온 메시지");
    // Nothing was sent from here, so only a socket that is watched is found out: at rest it takes up to 19 s.
    await expect(customer.own("기다리는 동안 온 메시지")).toHaveCount(1, { timeout: 9_000 });
    await proxy.close();
  });

  test("a phone that slept through it", async ({ page, baseURL }) => {
    const proxy = await Proxy.open(baseURL ?? "", SEED);
    const customer = new Customer(page);
    await page.goto(proxy.url);
    await customer.sees(CONNECTED);
    proxy.weather = { ...CALM, upgrades: "frozen" };
    await sayElsewhere(page, baseURL ?? "", "자는 동안 온 메시지");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await expect(customer.own("자는 동안 온 메시지")).toHaveCount(1, { timeout: 5_000 });
    proxy.turn(CALM);
    await customer.sees(CONNECTED);
    await proxy.close();
  });

  test("an upgrade nobody answers keeps nobody waiting", async ({ page, baseURL }) => {
    const proxy = await Proxy.open(baseURL ?? "", SEED);
    proxy.weather = { ...CALM, upgrades: "frozen" };
    const customer = new Customer(page);
    await page.goto(proxy.url);
    await customer.says("대출 금리가 얼마인가요?");
    await expect(customer.answers()).toHaveCount(1, { timeout: 5_000 });
    await proxy.close();
  });
});

/** Of a long conversation the newest part is shown; what is shown is the end of what is stored, each once and in order. */
async function showsAll(customer: Customer, stored: readonly Stored[], typed: readonly string[]): Promise<void> {
  await expect(async () => {
    const shown = customer.log.getByRole("list").first().locator("> li").filter({ has: customer.page.locator("p") });
    const texts = await shown.allInnerTexts();
    expect(texts.length).toBeGreaterThanOrEqual(Math.min(stored.length, 40));
    // An answer is laid out, so its words stand in another order; the customer's own stand as they were typed.
    for (const [index, { author, message }] of stored.slice(-texts.length).entries()) {
      if (author === "customer") expect(bare(texts[index] ?? "")).toContain(bare(message));
    }
    for (const words of typed) expect(texts.filter((text) => bare(text).includes(bare(words))).length).toBeLessThanOrEqual(1);
  }).toPass({ timeout: 20_000 });
}

function bare(text: string): string {
  return text.replace(/[\s*|-]/g, "");
}

async function history(page: Page, request: APIRequestContext, server: string): Promise<Stored[]> {
  const response = await request.get(`${server}/api/v1/sessions/${await sessionOf(page)}/messages`);
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the API's own word for it
  return (await response.json()) as Stored[];
}

/** What another tab of the same browser says, past the bad network. */
async function sayElsewhere(page: Page, server: string, words: string): Promise<void> {
  const data = { session_id: await sessionOf(page), user_message: words };
  const response = await page.request.post(`${server}/api/v1/chat/message`, { data });
  expect(response.ok()).toBe(true);
}

async function sessionOf(page: Page): Promise<string> {
  return (await page.evaluate(() => localStorage.getItem("bank-aicc.session"))) ?? "";
}
