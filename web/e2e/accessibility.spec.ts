/** KWCAG 2.2 and WCAG 2.2 AA, state by state; `docs/accessibility.md` names the tests here for each item. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { aloud } from "../src/chat/answer";
import { CONNECTED, Customer, extended, greetWith, holdMessages, QUESTION, socketOf } from "./customer";

test.use({ contextOptions: { reducedMotion: "reduce" } });

const themes = ["light", "dark", "contrast"] as const;

/** Every state the screen has a look for, and how a customer gets there. */
const states: Record<string, (page: Page) => Promise<void>> = {
  "loading": async (page) => {
    await page.route("**/api/v1/**", () => new Promise(() => {}));
    await page.goto("/");
    await expect(page.getByText("상담을 준비하고 있습니다…")).toBeVisible();
  },
  "first contact": async (page) => {
    await new Customer(page).arrives();
  },
  "answered, with its sources open": async (page) => {
    const answer = await (await new Customer(page).arrives()).asks(QUESTION);
    await answer.getByRole("button", { name: /\d쪽$/ }).first().click();
    await expect(page.getByRole("dialog", { name: "출처 문서" })).toContainText("출처 문서");
  },
  "asked for consent": async (page) => {
    const customer = await new Customer(page).arrives();
    await connectButton(page).click();
    await expect(customer.choices()).toHaveCount(2);
  },
  "waiting for an agent": async (page) => {
    await waits(page);
  },
  "talking to an agent": async (page) => {
    await page.route("**/handover-status", async (route) => {
      const response = await route.fetch();
      const status: unknown = await response.json();
      await route.fulfill({ response, json: extended(status, { handover_status: "accepted" }) });
    });
    await new Customer(page).arrives();
    await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toContainText("상담원과 대화 중");
  },
  "slow": async (page) => {
    await holdMessages(page);
    const customer = await new Customer(page).arrives();
    await customer.says(QUESTION);
    await customer.sees("답변이 평소보다 늦어지고 있습니다.");
  },
  "offline, with a message that waits": async (page) => {
    const customer = await new Customer(page).arrives();
    await page.context().setOffline(true);
    await customer.says(QUESTION);
    await customer.sees("연결이 끊겼습니다.");
  },
  "a message refused": async (page) => {
    const socket = await socketOf(page);
    await socket.block();
    await page.route("**/api/v1/chat/message", (route) =>
      route.fulfill({ status: 400, json: { detail: "보낼 수 없는 내용입니다.", code: "invalid", request_id: "e2e" } }),
    );
    const customer = new Customer(page);
    await page.goto("/");
    await customer.says(QUESTION);
    await customer.sees("보낼 수 없는 내용입니다.");
  },
  "no session to be had": async (page) => {
    await page.route("**/api/v1/sessions", (route) =>
      route.fulfill({ status: 503, json: { detail: "데이터베이스에 연결할 수 없습니다.", code: "store_unavailable", request_id: "e2e" } }),
    );
    await page.goto("/");
    await new Customer(page).sees("상담을 시작하지 못하고 있습니다.");
  },
  "closed": async (page) => {
    await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => {
        socket.send(frame);
        if (String(frame).includes('"status"')) socket.send(JSON.stringify({ type: "session_closed" }));
      });
    });
    await page.goto("/");
    await expect(page.getByText("상담이 종료되었습니다.")).toBeVisible();
  },
  "a screen that cannot be drawn": async (page) => {
    await page.route("**/api/v1/greeting", (route) => route.fulfill({ json: { topics: null } }));
    await page.goto("/");
    await expect(page.getByText("화면을 표시하지 못했습니다.")).toBeVisible();
  },
  "a text that is too long": async (page) => {
    const customer = await new Customer(page).arrives();
    await customer.field.fill("가".repeat(2_001));
    await expect(page.getByText(/줄여 주세요/)).toBeVisible();
  },
  "the menu": async (page) => {
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "메뉴" }).click();
  },
  "the settings": async (page) => {
    await new Customer(page).arrives();
    await openSettings(page);
  },
  "asked whether to begin anew": async (page) => {
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "새 상담 시작" }).click();
  },
  "in English": async (page) => {
    await (await new Customer(page).arrives()).asks(QUESTION);
    await page.getByRole("button", { name: "Switch to English" }).click();
  },
  "asked at a branch's tablet whether to go on": async (page) => {
    await page.clock.install();
    await page.goto("/?kiosk");
    await expect(page.getByText(CONNECTED)).toBeVisible();
    await page.getByRole("textbox").click();
    await page.clock.fastForward(101_000);
    await expect(page.getByRole("alertdialog")).toBeVisible();
  },
};

test.describe("axe finds nothing", () => {
  for (const [state, reach] of Object.entries(states)) {
    test(state, async ({ page }) => {
      await reach(page);
      for (const theme of themes) {
        await page.evaluate((name) => {
          document.documentElement.dataset.theme = name;
        }, theme);
        expect(await complaints(page), theme).toEqual([]);
      }
    });
  }

  test("where motion is unwanted a change of theme is there at once", async ({ page }) => {
    await (await new Customer(page).arrives()).asks(QUESTION);
    const moving = await page.evaluate(() => {
      document.documentElement.dataset.theme = "dark";
      return document.getAnimations().length;
    });
    expect(moving).toBe(0);
  });

  for (const accent of ["#ffbc00", "#00a3e0", "#e60012", "#f0f0f0"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      test(`with a bank's ${accent}, ${colorScheme}`, async ({ page }) => {
        await page.emulateMedia({ colorScheme });
        await greetWith(page, { theme: { accent, logo: "/favicon.svg" } });
        const customer = await new Customer(page).arrives();
        expect(await complaints(page)).toEqual([]);
        const answer = await customer.asks(QUESTION);
        await answer.getByRole("button", { name: /\d쪽$/ }).first().click();
        await expect(page.getByRole("dialog", { name: "출처 문서" })).toContainText("출처 문서");
        expect(await complaints(page)).toEqual([]);
      });
    }
  }
});

test.describe("space", () => {
  const sizes = [
    { name: "320 px", width: 320, height: 640 },
    { name: "1280 × 1024 at 400 %", width: 320, height: 256 },
    { name: "1280 × 720 at 200 %", width: 640, height: 360 },
    { name: "1440 px", width: 1440, height: 900 },
  ];
  for (const { name, width, height } of sizes) {
    for (const textSize of ["1", "2", "4"]) {
      test(`nothing is cut off or needs scrolling sideways: ${name}, text size ${textSize}`, async ({ page }) => {
        await page.setViewportSize({ width, height });
        await page.addInitScript((size) => {
          localStorage.setItem("bank-aicc.appearance", `light ${size}`);
        }, textSize);
        const customer = await new Customer(page).arrives();
        await fits(page, width);
        await connectButton(page).click();
        await expect(customer.choices()).toHaveCount(2);
        await fits(page, width);
        await customer.choices().first().click();
        await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toContainText("기다리는 중");
        await fits(page, width);
        for (const control of [customer.field, page.getByRole("button", { name: "연결 취소" }).first(), page.getByRole("button", { name: "메뉴" })]) {
          await control.scrollIntoViewIfNeeded();
          await expect(control).toBeInViewport({ ratio: 0.9 });
        }
        await openSettings(page);
        await fits(page, width);
      });
    }
  }
});

test.describe("by keyboard alone", () => {
  test("the full journey: ask, sources, a person, consent, cancel", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "입력창으로 건너뛰기" })).toBeFocused();
    await expect(page.getByRole("link", { name: "입력창으로 건너뛰기" })).toBeInViewport();
    await page.keyboard.press("Enter");
    await expect(customer.field).toBeFocused();
    await page.keyboard.type(QUESTION);
    await page.keyboard.press("Enter");
    await expect(customer.answers()).toHaveCount(1);
    await expect(customer.field).toBeFocused();
    const source = customer.answers().last().getByRole("button", { name: /\d쪽$/ }).first();
    await tabTo(page, source, "Shift+Tab");
    await page.keyboard.press("Enter");
    const document = page.getByRole("dialog", { name: "출처 문서" });
    await expect(document).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(document).toHaveCount(0);
    await expect(source).toBeFocused();
    await tabTo(page, connectButton(page), "Shift+Tab");
    await page.keyboard.press("Enter");
    await expect(customer.choices()).toHaveCount(2);
    await tabTo(page, customer.choices().first(), "Tab");
    await page.keyboard.press("Enter");
    const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
    await expect(progress).toContainText("기다리는 중");
    // The button that was pressed is gone; the focus is not.
    await expect(customer.field).toBeFocused();
    await tabTo(page, progress.getByRole("button", { name: "연결 취소" }), "Shift+Tab");
    await page.keyboard.press("Enter");
    await expect(progress).toHaveCount(0);
    await expect(customer.field).toBeFocused();
  });

  test("menu and dialog open, close with Escape, and give the focus back", async ({ page }) => {
    await new Customer(page).arrives();
    const menu = page.getByRole("button", { name: "메뉴" });
    await tabTo(page, menu, "Tab");
    await page.keyboard.press("Enter");
    await expect(menu).toHaveAttribute("aria-expanded", "true");
    await page.keyboard.press("Escape");
    await expect(menu).toHaveAttribute("aria-expanded", "false");
    await expect(menu).toBeFocused();
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("button", { name: "화면 설정" }), "Tab");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "화면 설정" });
    await expect(dialog).toBeVisible();
    await tabTo(page, dialog.getByRole("radio", { name: "기기 설정" }), "Tab");
    await page.keyboard.press("ArrowRight");
    await expect(dialog.getByRole("radio", { name: "밝게" })).toBeChecked();
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
    await expect(menu).toBeFocused();
  });

  test("every stop shows that it has the focus, in the order of the page", async ({ page }) => {
    await waits(page);
    // A page just opened begins at its top.
    await page.reload();
    await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toBeVisible();
    const names: string[] = [];
    for (let stop = 0; stop < 40; stop += 1) {
      await page.keyboard.press("Tab");
      const focused = await focusedLook(page);
      if (focused === null) break;
      expect(focused.isShown, focused.name).toBe(true);
      names.push(focused.name);
    }
    const order = ["입력창으로 건너뛰기", "메뉴", "고객센터 1588-0000", "연결 취소", "상담 내용", "메시지"].map((name) => names.findIndex((it) => it.includes(name)));
    expect(order, names.join(" | ")).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });
});

test.describe("by the accessibility tree alone", () => {
  test("the full journey: ask, sources, a person, consent, cancel", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await expect(page.getByRole("banner")).toMatchAriaSnapshot(`
      - banner:
        - heading /AI 상담/ [level=1]
        - button "상담원 연결"
        - button "메뉴"
    `);
    await expect(page.getByRole("main")).toMatchAriaSnapshot(`
      - main:
        - region "인공지능(AI)이 답변합니다":
          - heading "인공지능(AI)이 답변합니다" [level=2]
          - group
          - button "확인했습니다"
        - log "상담 내용":
          - group "자주 찾는 상담":
            - button "대출 금리"
        - form "메시지 보내기":
          - textbox "메시지"
          - button "보내기" [disabled]
    `);
    const answer = await customer.asks(QUESTION);
    await expect(answer).toMatchAriaSnapshot(`
      - listitem:
        - paragraph: /상담/
    `);
    await answer.getByRole("button", { name: /\d쪽$/ }).first().click();
    await expect(page.getByRole("dialog", { name: "출처 문서" })).toBeVisible();
    await page.getByRole("button", { name: "문서 닫기" }).click();
    await connectButton(page).click();
    await expect(page.getByRole("main")).toMatchAriaSnapshot(`
      - main:
        - region "상담원 연결 진행 상황":
          - paragraph: 상담 내용 전달에 동의해 주세요
          - list:
            - listitem: 동의
            - listitem: 대기
            - listitem: 연결
        - log "상담 내용":
          - group "답변 선택":
            - button "네, 동의합니다"
            - button "아니요"
    `);
    await page.getByRole("group", { name: "답변 선택" }).getByRole("button", { name: "네, 동의합니다" }).click();
    await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toMatchAriaSnapshot(`
      - region "상담원 연결 진행 상황":
        - paragraph: /상담원을 기다리는 중/
        - button "연결 취소"
        - list:
          - listitem: 동의 완료
    `);
    await page.getByRole("region", { name: "상담원 연결 진행 상황" }).getByRole("button", { name: "연결 취소" }).click();
    await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toHaveCount(0);
    await expect(customer.own("상담원 연결 취소할게요")).toHaveCount(1);
  });

  test("an answer is read out once and whole, and the history is not", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await expect(customer.log).toHaveAttribute("aria-live", "off");
    await page.evaluate(() => {
      const region = document.querySelector("[data-announcer]");
      if (region === null) throw new Error("nothing announces");
      const heard: string[] = [];
      Object.assign(window, { heard });
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes) for (const node of addedNodes) heard.push(node.textContent ?? "");
      }).observe(region, { childList: true, subtree: true, characterData: true });
    });
    const heard = (): Promise<unknown> => page.evaluate((): unknown => Reflect.get(window, "heard"));
    const first = await bodyOf(await customer.asks(QUESTION));
    const second = await bodyOf(await customer.asks("예금자 보호는 얼마까지 되나요?"));
    const offered = await customer.choices().allInnerTexts();
    const all = [`AI 상담: ${aloud(first)}출처 1건`, `AI 상담: ${aloud(second)}출처 1건`, `선택하실 수 있는 답변: ${offered.join(", ")}`];
    await expect.poll(async () => tight(String(await heard()))).toBe(tight(all.join(",")));
    // Afterwards the words stand in the log only.
    await expect(page.locator("[data-announcer]")).toBeEmpty();
    await page.reload();
    await expect(customer.answers()).toHaveCount(2);
    await expect(page.locator("[data-announcer]")).toBeEmpty();
  });
});

test("the language of the page and of its parts is marked", async ({ page }) => {
  const customer = await new Customer(page).arrives();
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await expect(page.getByRole("button", { name: "Switch to English" })).toHaveAttribute("lang", "en");
  await customer.asks(QUESTION);
  await page.getByRole("button", { name: "Switch to English" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.getByText(QUESTION, { exact: true }).first()).toHaveAttribute("lang", "ko");
  await expect(page).toHaveTitle(/AI.support/);
});

test("nothing moves for those who asked for less motion", async ({ page }) => {
  await new Customer(page).arrives();
  const longest = await page.evaluate(() =>
    Math.max(...Array.from(document.querySelectorAll("*"), (each) => Number.parseFloat(getComputedStyle(each).transitionDuration))),
  );
  expect(longest).toBeLessThan(0.001);
});

// ---------------------------------------------------------------------------------------------------

function connectButton(page: Page): Locator {
  return page.getByRole("banner").getByRole("button", { name: "상담원 연결", exact: true });
}

async function openSettings(page: Page): Promise<void> {
  await page.getByRole("button", { name: "메뉴" }).click();
  await page.getByRole("button", { name: "화면 설정" }).click();
  await expect(page.getByRole("dialog", { name: "화면 설정" })).toBeVisible();
}

async function waits(page: Page): Promise<void> {
  const customer = await new Customer(page).arrives();
  await connectButton(page).click();
  await customer.choices().first().click();
  await expect(page.getByRole("region", { name: "상담원 연결 진행 상황" })).toContainText("기다리는 중");
}

/** What axe holds against the page: the rule, and where. */
async function complaints(page: Page): Promise<string[]> {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary ?? ""}`));
}

/** No sideways scrolling, no control beyond the edge, none smaller than a finger (links in a sentence aside). */
async function fits(page: Page, width: number): Promise<void> {
  const found = await page.evaluate((edge) => {
    const misfits: string[] = [];
    for (const scroller of [document.documentElement, ...document.querySelectorAll("main, [role=log], dialog")]) {
      if (scroller.scrollWidth > scroller.clientWidth + 1) misfits.push(`${scroller.tagName} scrolls sideways: ${scroller.scrollWidth} > ${scroller.clientWidth}`);
    }
    for (const control of document.querySelectorAll("button, a[href], summary, textarea, label:has(input)")) {
      const box = control.getBoundingClientRect();
      const name = control.getAttribute("aria-label") ?? control.textContent;
      if (box.width === 0 || box.height === 0 || box.bottom < 0) continue;
      if (box.left < -1 || box.right > edge + 1) misfits.push(`${name} is cut off`);
      const isInSentence = control.matches("[role=log] a");
      if (!isInSentence && (box.width < 43.9 || box.height < 43.9)) misfits.push(`${name} is ${box.width} × ${box.height}`);
    }
    return misfits;
  }, width);
  expect(found).toEqual([]);
}

async function tabTo(page: Page, target: Locator, key: "Tab" | "Shift+Tab"): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press(key);
    if (await target.evaluate((element) => element === document.activeElement)) {
      expect((await focusedLook(page))?.isShown).toBe(true);
      return;
    }
  }
  throw new Error(`40 presses of ${key} did not reach ${target.toString()}`);
}

/** What has the focus, and whether that can be seen: by an outline, or by the frame around the field. */
function focusedLook(page: Page): Promise<{ name: string; isShown: boolean } | null> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return null;
    const label = focused instanceof HTMLTextAreaElement ? focused.labels[0]?.textContent : null;
    const frames = [focused, focused.parentElement, focused.parentElement?.parentElement].filter((each) => each instanceof Element);
    const isShown = frames.some((each) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
      return (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2) || (focused instanceof HTMLTextAreaElement && boxShadow !== "none");
    });
    return { name: label ?? focused.getAttribute("aria-label") ?? focused.textContent, isShown };
  });
}

/** The words of an answer, which follow its author's name. */
async function bodyOf(answer: Locator): Promise<string> {
  return (await answer.locator("[lang=ko]").first().textContent()) ?? "";
}

/** Without white space: what is laid out in lines is read out in one. */
function tight(words: string): string {
  return words.replace(/\s/g, "");
}
