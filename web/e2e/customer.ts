import { expect, type Locator, type Page } from "@playwright/test";

export const CONNECTED = "🟢 WebSocket 연결";
export const LOST = "🔴 연결 끊김 (HTTP fallback)";
export const HTTP_MODE = "🔵 HTTP 모드";

/** What the demo's documents answer, with a source. */
export const QUESTION = "대출 금리가 얼마인가요?";

/** A customer at one browser tab: what he does and what he sees, in his own words. */
export class Customer {
  readonly page: Page;
  readonly log: Locator;
  readonly field: Locator;

  constructor(page: Page) {
    this.page = page;
    this.log = page.getByRole("log", { name: "상담 내용" });
    this.field = page.getByRole("textbox", { name: "메시지" });
  }

  async arrives(): Promise<this> {
    await this.page.goto("/");
    await this.sees(CONNECTED);
    return this;
  }

  async says(words: string): Promise<void> {
    await this.field.fill(words);
    await this.field.press("Enter");
  }

  /** Says it and waits until the machine has answered; gives the answer. */
  async asks(words: string): Promise<Locator> {
    const before = await this.answers().count();
    await this.says(words);
    await expect(this.answers()).toHaveCount(before + 1);
    await expect(this.own(words).last()).toContainText("전송됨");
    return this.answers().last();
  }

  /** His own messages with exactly these words. */
  own(words: string): Locator {
    return this.by("나").filter({ has: this.page.getByText(words, { exact: true }) });
  }

  answers(): Locator {
    return this.by("AI 상담");
  }

  /** It stands there once, and the server has it. */
  async hasDelivered(words: string): Promise<void> {
    await expect(this.own(words)).toHaveCount(1);
    await expect(this.own(words)).toContainText("전송됨");
  }

  async sees(words: string | RegExp): Promise<void> {
    await expect(this.page.getByText(words).first()).toBeVisible();
  }

  choices(): Locator {
    return this.page.getByRole("group", { name: "답변 선택" }).getByRole("button");
  }

  /** The messages of one author. */
  by(author: string): Locator {
    return this.log.getByRole("listitem").filter({ has: this.page.getByText(author, { exact: true }) });
  }
}

/** Has the greeting say `more`, too, or instead. Call before the page is opened. */
export async function greetWith(page: Page, more: object): Promise<void> {
  await page.route("**/api/v1/greeting", async (route) => {
    const response = await route.fetch();
    const greeting: unknown = await response.json();
    await route.fulfill({ response, json: extended(greeting, more) });
  });
}

/** Agents are there at any hour. Call before the page is opened. */
export function staff(page: Page): Promise<void> {
  const always = "00:00-24:00";
  return greetWith(page, { hours: { weekdays: always, saturday: always, sunday: always } });
}

/** The server gets no message over the socket, and so gives no answer. Call before the page is opened. */
export async function holdMessages(page: Page): Promise<void> {
  await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (!String(frame).includes('"message"')) server.send(frame);
    });
  });
}

/** The socket of a page, to be cut and restored; HTTP is untouched. Call before the page is opened. */
export async function socketOf(page: Page): Promise<{ block(): Promise<void>; allow(): void }> {
  let isBlocked = false;
  const open = new Set<() => Promise<void>>();
  await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, async (socket) => {
    if (isBlocked) {
      await socket.close();
      return;
    }
    socket.connectToServer();
    open.add(() => socket.close());
  });
  return {
    async block() {
      isBlocked = true;
      const closing = [...open];
      open.clear();
      await Promise.all(closing.map((close) => close()));
    },
    allow() {
      isBlocked = false;
    },
  };
}

/** Answers where the hand-over stands, as `told` has it at that time. Call before the page is opened. */
export async function tellHandover(page: Page, told: () => object): Promise<void> {
  const nothing = { session_id: "s", handover_status: null, handover_requested_at: null, handover_accepted_at: null, assigned_agent_id: null };
  await page.route("**/handover-status", (route) => route.fulfill({ json: { ...nothing, ...told() } }));
}

/** What a server answered, with fields of ours in it. */
export function extended(answer: unknown, more: object): object {
  return typeof answer === "object" ? { ...answer, ...more } : more;
}

/** Gives what the regions that are read out have said since. */
export async function listen(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    for (const region of document.querySelectorAll("[data-announcer], [data-newsreader]"))
      new MutationObserver((changes) => {
        for (const { type, target, addedNodes } of changes)
          for (const node of type === "characterData" ? [target] : addedNodes) heard.push(node.textContent ?? "");
      }).observe(region, { childList: true, subtree: true, characterData: true });
  });
  return async () => String(await page.evaluate((): unknown => Reflect.get(window, "heard")));
}
