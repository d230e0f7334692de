import { gzipSync } from "node:zlib";
import { expect, type FrameLocator, type Locator, type Page, test } from "@playwright/test";
import { Customer, QUESTION } from "./customer";
import { openSite, type Site } from "./host/server";
import "../src/widget/api";

/** Issue 4: what may come before the chat is opened, in bytes of gzip. */
const SIZE_MAX = 15 * 1024;
const SIGNATURE = "5f".repeat(32);

let site: Site;

test.beforeAll(async ({ baseURL }) => {
  site = await openSite(new URL(baseURL ?? "").origin, (page) => {
    switch (page) {
      case "/twice":
        return ["", 'data-accent="#c2185b"'];
      case "/themed":
        return ['data-accent="#ffb300" data-position="left" data-label="도와드릴까요?" data-topic="전세대출"'];
      case "/customer":
        return [`data-customer="c-1" data-signature="${SIGNATURE}"`];
      default:
        return [""];
    }
  });
});

test.afterAll(() => site.close());

/** A visitor of the bank's website. */
class Visitor {
  readonly page: Page;
  readonly launcher: Locator;
  readonly panel: Locator;
  readonly chat: FrameLocator;

  constructor(page: Page) {
    this.page = page;
    this.launcher = page.locator("bank-aicc-widget .launcher");
    this.panel = page.locator("bank-aicc-widget dialog");
    this.chat = page.frameLocator("bank-aicc-widget iframe");
  }

  get field(): Locator {
    return this.chat.getByRole("textbox", { name: /^(메시지|Message)$/ });
  }

  async visits(path = "/"): Promise<this> {
    await this.page.goto(`${site.origin}${path}`);
    await expect(this.launcher).toBeVisible();
    return this;
  }

  async opens(): Promise<void> {
    await this.launcher.click();
    await expect(this.field).toBeVisible();
    await expect(this.chat.getByText(/WebSocket/)).toBeVisible();
  }

  /** Asks for an agent and agrees to be handed over. */
  async waitsForAgent(): Promise<void> {
    await this.chat.getByRole("banner").getByRole("button", { name: /상담원/ }).first().click();
    await this.chat.getByRole("group", { name: "답변 선택" }).getByRole("button", { name: /^(네|예|동의)/ }).click();
    await expect(this.chat.getByText("상담원을 기다리는 중").first()).toBeVisible();
  }

  async asks(words: string): Promise<void> {
    await this.field.fill(words);
    await this.field.press("Enter");
    await expect(this.chat.getByText("AI 상담", { exact: true }).last()).toBeVisible();
    await expect(this.chat.getByText(/^출처 \d+건$/).last()).toBeVisible();
  }

  /** The page has heard all that the chat said so far: messages arrive in their order. */
  async hears(): Promise<void> {
    const heard = this.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          window.addEventListener("message", ({ data }: MessageEvent<{ kind?: unknown }>) => {
            if (data.kind === "heard") resolve();
          });
        }),
    );
    await this.field.evaluate(() => {
      window.parent.postMessage({ protocol: "bank-aicc", version: 1, kind: "heard" }, "*");
    });
    await heard;
  }

  /** On a phone the launcher is behind the panel. */
  closing(): Locator {
    return this.chat.getByRole("button", { name: /^(상담 닫기|Close the chat)$/ });
  }
}

test.describe("before it is opened", () => {
  test("the script is small and alone, and moves nothing", async ({ page, baseURL, context }) => {
    const chat = new URL(baseURL ?? "").origin;
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().startsWith(chat)) asked.push(new URL(request.url()).pathname);
    });
    const complaints: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error") complaints.push(line.text());
    });
    await page.addInitScript(() => {
      new PerformanceObserver((list) => {
        const shifted = list.getEntries().reduce((sum, entry) => sum + ("value" in entry ? Number(entry.value) : 0), 0);
        document.documentElement.dataset.shifted = String(Number(document.documentElement.dataset.shifted ?? 0) + shifted);
      }).observe({ type: "layout-shift", buffered: true });
    });
    const visitor = await new Visitor(page).visits();
    await page.waitForLoadState("networkidle");
    expect(asked).toEqual(["/widget.js"]);
    const script = await context.request.get(`${chat}/widget.js`);
    expect(gzipSync(await script.body(), { level: 9 }).length).toBeLessThanOrEqual(SIZE_MAX);
    await visitor.opens();
    await visitor.launcher.click();
    // Not even what the rules forgive because the visitor had just clicked.
    expect(await page.evaluate(() => document.documentElement.dataset.shifted ?? "nothing")).toBe("nothing");
    expect(await page.evaluate(() => document.cookie)).toBe("");
    expect(complaints).toEqual([]);
  });

  test("the page's styles do not reach it", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    const box = await visitor.launcher.boundingBox();
    expect(box?.height).toBe(56);
    await expect(page.locator("bank-aicc-widget")).toHaveCSS("opacity", "1");
    await expect(page.locator("bank-aicc-widget")).toHaveCSS("transform", "none");
  });

  test("twice on the page is once", async ({ page }) => {
    const visitor = await new Visitor(page).visits("/twice");
    await page.waitForLoadState("networkidle");
    await expect(visitor.launcher).toHaveCount(1);
  });
});

test.describe("the panel", () => {
  test("opens, answers, closes by Escape from inside, and the focus returns", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.launcher.focus();
    await page.keyboard.press("Enter");
    await expect(visitor.field).toBeFocused();
    await expect(visitor.chat.getByText(/WebSocket/)).toBeVisible();
    await visitor.asks(QUESTION);
    await page.screenshot({ path: "test-results/widget-open-1280.png" });
    await page.keyboard.press("Escape");
    await expect(visitor.panel).toBeHidden();
    await expect(visitor.launcher).toBeFocused();
    await expect(visitor.launcher).toHaveAccessibleName("AI 상담 열기");
    // It is where it was, and the focus goes in again.
    await page.keyboard.press("Enter");
    await expect(visitor.field).toBeFocused();
    await expect(visitor.chat.getByText(/^출처 \d+건$/)).toBeVisible();
  });

  test("Escape that is another's does not close it", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await visitor.asks(QUESTION);
    const staysOpen = async (): Promise<void> => {
      // Had it asked to be closed, the page would have heard of that before this.
      await visitor.hears();
      await expect(visitor.panel).toBeVisible();
    };
    await page.getByLabel("검색").focus();
    await page.keyboard.press("Escape");
    await staysOpen();
    for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
      await visitor.field.dispatchEvent("keydown", { key: "Escape", ...composing, bubbles: true });
      await staysOpen();
    }
    const menu = visitor.chat.getByRole("button", { name: "메뉴" });
    await menu.click();
    await page.keyboard.press("Escape");
    await expect(menu).toHaveAttribute("aria-expanded", "false");
    await staysOpen();
    await visitor.chat.getByRole("button", { name: "아쉬워요" }).click();
    await visitor.chat.getByRole("radio").first().focus();
    await page.keyboard.press("Escape");
    await expect(visitor.chat.getByRole("radio")).toHaveCount(0);
    await staysOpen();
    await visitor.field.focus();
    await page.keyboard.press("Escape");
    await expect(visitor.panel).toBeHidden();
  });

  test("is what it was on the next page of this tab, and in no other tab", async ({ page, context }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await page.getByRole("link", { name: "다음 쪽" }).click();
    await expect(page).toHaveURL(/next$/);
    await expect(visitor.field).toBeVisible();
    // Nobody asked for the focus on this page.
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
    const other = await new Visitor(await context.newPage()).visits();
    await expect(other.panel).toBeHidden();
    await visitor.launcher.click();
    await visitor.visits();
    await expect(visitor.panel).toBeHidden();
  });

  test("hears only the window and the origin it shook hands with", async ({ page }) => {
    const visitor = await new Visitor(page).visits("/lax");
    await visitor.opens();
    // The page itself, and another frame of the page, from the chat's own origin.
    await page.evaluate(async (chat) => {
      const close = { protocol: "bank-aicc", version: 1, kind: "close" };
      window.postMessage(close, "*");
      const other = document.createElement("iframe");
      const loaded = new Promise((resolve) => { other.addEventListener("load", resolve); });
      other.src = `${chat}/favicon.svg`;
      other.id = "other";
      document.body.append(other);
      await loaded;
    }, new URL(page.frames()[1]?.url() ?? "").origin);
    const sayClose = (): void => {
      window.parent.postMessage({ protocol: "bank-aicc", version: 1, kind: "close" }, "*");
    };
    const other = page.frames().find((frame) => frame.url().endsWith("/favicon.svg"));
    await other?.evaluate(sayClose);
    await visitor.hears();
    await expect(visitor.panel).toBeVisible();
    // The chat's own window, once somebody else's page is in it.
    const chat = page.frames().find((frame) => frame.url().includes("embed=1"));
    await chat?.goto(`${site.origin}/elsewhere`);
    await chat?.evaluate(sayClose);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
    await expect(visitor.panel).toBeVisible();
    expect(chat?.url()).toBe(`${site.origin}/elsewhere`);
  });

  test("the bank's page opens and closes it, and hears of it", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await page.evaluate(() => {
      for (const kind of ["open", "close"] as const)
        window.BankAicc?.on(kind, () => {
          document.body.dataset.heard = `${document.body.dataset.heard ?? ""} ${kind}`;
        });
    });
    await page.getByRole("button", { name: "도움말" }).focus();
    await page.evaluate(() => window.BankAicc?.open({ topic: "외화 송금" }));
    await expect(visitor.field).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "도움말" })).toBeFocused();
    await page.evaluate(() => window.BankAicc?.toggle());
    await expect(visitor.panel).toBeVisible();
    await page.evaluate(() => window.BankAicc?.close());
    await expect(visitor.panel).toBeHidden();
    await expect(page.locator("body")).toHaveAttribute("data-heard", " open close open close");
  });

  test("stays on a page that exchanges its body, and what is in it", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await page.evaluate(() => {
      document.documentElement.replaceChild(document.createElement("body"), document.body);
    });
    await visitor.opens();
    await visitor.asks(QUESTION);
    await page.evaluate(() => {
      document.body.replaceChildren(document.createElement("main"));
    });
    await expect(visitor.panel).toBeVisible();
    await expect(visitor.chat.getByText(/^출처 \d+건$/)).toBeVisible();
    await visitor.launcher.click();
    await expect(visitor.panel).toBeHidden();
  });

  test("says so when the chat cannot be loaded, and can be closed", async ({ page, baseURL }) => {
    await page.clock.install();
    const visitor = await new Visitor(page).visits();
    const chat = `${new URL(baseURL ?? "").origin}/?embed=1**`;
    await page.route(chat, (route) => route.abort("connectionrefused"));
    await visitor.launcher.click();
    await page.clock.fastForward(16_000);
    await expect(visitor.panel.getByRole("alert")).toContainText("불러오지 못했습니다");
    await page.screenshot({ path: "test-results/widget-failed-1280.png" });
    await visitor.panel.getByRole("button", { name: "AI 상담 닫기" }).click();
    await expect(visitor.launcher).toBeFocused();
    await visitor.launcher.click();
    await page.unroute(chat);
    await visitor.panel.getByRole("button", { name: "다시 시도" }).click();
    await expect(visitor.field).toBeVisible();
  });
});

test.describe("what it passes on", () => {
  test("theme, place, name and topic", async ({ page }) => {
    const visitor = await new Visitor(page).visits("/themed");
    await expect(visitor.launcher).toHaveAccessibleName("도와드릴까요? 열기");
    await expect(visitor.launcher).toHaveCSS("background-color", "rgb(255, 179, 0)");
    await expect(visitor.launcher).toHaveCSS("color", "rgb(0, 0, 0)");
    expect((await visitor.launcher.boundingBox())?.x).toBeLessThan(40);
    await visitor.opens();
    const topic = visitor.chat.getByRole("group", { name: "보고 계신 내용" });
    await topic.getByRole("button", { name: "전세대출", exact: true }).click();
    await expect(topic).toHaveCount(0);
    await expect(visitor.chat.getByText("전송됨")).toBeVisible();
  });

  test("the page's language", async ({ page }) => {
    const visitor = await new Visitor(page).visits("/en");
    await expect(visitor.launcher).toHaveAccessibleName("Open Chat with us");
    await visitor.opens();
    await expect(visitor.chat.getByRole("textbox", { name: "Message" })).toBeVisible();
  });

  test("the signed customer, in no address, and nobody else's conversation", async ({ page }) => {
    const opened: (string | null)[] = [];
    page.on("request", (request) => {
      expect(request.url()).not.toContain(SIGNATURE);
      if (request.method() === "POST" && request.url().endsWith("/api/v1/sessions")) opened.push(request.postData());
    });
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await visitor.asks(QUESTION);
    await visitor.visits("/customer");
    await expect(visitor.chat.getByText(/WebSocket/)).toBeVisible();
    await expect(visitor.chat.getByText(QUESTION, { exact: true })).toHaveCount(0);
    await visitor.visits("/customer");
    await expect(visitor.chat.getByText(/WebSocket/)).toBeVisible();
    await visitor.visits();
    await expect(visitor.chat.getByText(/WebSocket/)).toBeVisible();
    const embedded = true;
    const named = JSON.stringify({ embedded, customer: { reference: "c-1", signature: SIGNATURE } });
    expect(opened).toEqual([JSON.stringify({ embedded }), named, JSON.stringify({ embedded })]);
  });
});

test("who logs in and out on a page that does not load anew has a conversation of his own", async ({ page }) => {
  const opened: boolean[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/api/v1/sessions")) opened.push(request.postData()?.includes(SIGNATURE) ?? false);
  });
  const visitor = await new Visitor(page).visits();
  await visitor.opens();
  await visitor.asks(QUESTION);
  await visitor.field.fill("쓰다 만 말");
  await page.evaluate((signature) => window.BankAicc?.identify({ reference: "c-1", signature }), SIGNATURE);
  await expect(visitor.chat.getByText(QUESTION, { exact: true })).toHaveCount(0);
  await expect(visitor.field).toHaveValue("");
  await visitor.asks(QUESTION);
  await page.evaluate(() => window.BankAicc?.identify());
  await expect(visitor.chat.getByText(QUESTION, { exact: true })).toHaveCount(0);
  await expect(visitor.chat.getByText(/WebSocket/)).toBeVisible();
  expect(opened).toEqual([false, true, false]);
});

test.describe("unread", () => {
  test("what comes while it is closed is counted, until it is opened", async ({ page, context }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await visitor.asks(QUESTION);
    await visitor.launcher.click();
    const elsewhere = await new Customer(await context.newPage()).arrives();
    await elsewhere.asks("이체 한도를 올리고 싶어요");
    await expect(visitor.launcher).toHaveAccessibleName("AI 상담 열기, 읽지 않은 메시지 1개");
    await page.screenshot({ path: "test-results/widget-unread-1280.png" });
    await visitor.launcher.click();
    await visitor.launcher.click();
    await expect(visitor.launcher).toHaveAccessibleName("AI 상담 열기");
  });

  test("who waits for a person hears of it on the bank's next page, too", async ({ page, context }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await visitor.waitsForAgent();
    await visitor.launcher.click();
    await visitor.visits("/next");
    await expect(visitor.panel).toBeHidden();
    await expect(visitor.chat.getByText(/WebSocket/)).toBeAttached();
    const elsewhere = await new Customer(await context.newPage()).arrives();
    await elsewhere.says("모르겠어요");
    await expect(visitor.launcher).toHaveAccessibleName("AI 상담 열기, 읽지 않은 메시지 1개");
  });
});

test("once nobody is expected any more, the next pages load no chat", async ({ page, context }) => {
  const visitor = await new Visitor(page).visits();
  await visitor.opens();
  await visitor.waitsForAgent();
  await visitor.launcher.click();
  await page.goto("about:blank");
  // It ends while no page of the bank is there to hear of it.
  await (await new Customer(await context.newPage()).arrives()).asks("상담원 연결 취소할게요");
  await visitor.visits("/next");
  await expect(page.locator("bank-aicc-widget iframe")).toBeAttached();
  await expect.poll(() => page.evaluate(() => sessionStorage.getItem("bank-aicc.panel"))).toBeNull();
  await visitor.visits();
  await page.waitForLoadState("networkidle");
  await expect(page.locator("bank-aicc-widget iframe")).not.toBeAttached();
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("it takes the whole screen, the page behind is out of reach, and it can be closed", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await page.screenshot({ path: "test-results/widget-closed-360.png" });
    await visitor.opens();
    expect(await visitor.panel.boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 740 });
    await visitor.asks(QUESTION);
    await page.screenshot({ path: "test-results/widget-open-360.png" });
    expect(await page.evaluate(() => document.elementFromPoint(180, 370)?.tagName)).toBe("BANK-AICC-WIDGET");
    // Its name alone closes nothing for those who see.
    await expect(visitor.closing().locator("svg")).toBeVisible();
    await visitor.closing().tap();
    await expect(visitor.panel).toBeHidden();
    await expect(visitor.launcher).toBeFocused();
  });

  test("the header is one row: the bank's name, an agent, and the button that closes", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    const banner = visitor.chat.getByRole("banner");
    await expect(banner.getByRole("button", { name: "상담원 연결" })).toBeVisible();
    await expect(visitor.closing().locator("svg")).toBeVisible();
    expect((await banner.boundingBox())?.height).toBeLessThan(72);
  });

  test("turning it keeps the conversation", async ({ page }) => {
    const visitor = await new Visitor(page).visits();
    await visitor.opens();
    await visitor.field.fill("쓰다 만 말");
    await page.setViewportSize({ width: 900, height: 740 });
    await expect(visitor.panel).toHaveCSS("width", "400px");
    await expect(visitor.field).toHaveValue("쓰다 만 말");
    await page.setViewportSize({ width: 360, height: 740 });
    await expect(visitor.panel).toHaveCSS("width", "360px");
    await expect(visitor.field).toHaveValue("쓰다 만 말");
    await expect(visitor.chat.getByRole("button", { name: "최근 메시지로" })).toHaveCount(0);
  });
});

test.describe("seen by everybody", () => {
  test("at a desk", async ({ page }) => {
    await page.setViewportSize({ width: 1440, height: 900 });
    const visitor = await new Visitor(page).visits("/themed");
    await page.screenshot({ path: "test-results/widget-closed-1440.png" });
    await visitor.opens();
    await page.screenshot({ path: "test-results/widget-open-1440.png" });
  });

  test("in the dark", async ({ page }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    const visitor = await new Visitor(page).visits("/en");
    await visitor.opens();
    await page.screenshot({ path: "test-results/widget-dark-1280.png" });
  });

  test("without motion, and where colours are forced", async ({ page }) => {
    await page.emulateMedia({ reducedMotion: "reduce", forcedColors: "active" });
    const visitor = await new Visitor(page).visits();
    await expect(visitor.launcher).toHaveCSS("transition-property", "none");
    await expect(visitor.launcher).not.toHaveCSS("border-top-color", "rgba(0, 0, 0, 0)");
    await visitor.opens();
    await page.screenshot({ path: "test-results/widget-forced-colors.png" });
  });
});

test("a link of its own offers the same topic", async ({ page }) => {
  await page.goto("/?topic=%EC%A0%84%EC%84%B8%EB%8C%80%EC%B6%9C&lang=en");
  const topic = page.getByRole("group", { name: "About this page" });
  await topic.getByRole("button", { name: "전세대출", exact: true }).click();
  await expect(topic).toHaveCount(0);
  await expect(page.getByRole("log").getByRole("list").getByText("AI assistant", { exact: true })).toBeVisible();
});
