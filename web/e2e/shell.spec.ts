import { expect, type Page, test } from "@playwright/test";
import { Customer, greetWith, holdMessages, QUESTION, tellHandover } from "./customer";

async function property(page: Page, name: string): Promise<string> {
  return page.evaluate((it) => getComputedStyle(document.documentElement).getPropertyValue(it).trim(), name);
}

test.describe("the look", () => {
  test("theme, text size and language are chosen, shown at once, and remembered", async ({ page }) => {
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "화면 설정" }).click();
    const dialog = page.getByRole("dialog", { name: "화면 설정" });
    await dialog.getByRole("radio", { name: "고대비" }).check();
    await dialog.getByRole("radio", { name: "아주 크게" }).check();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "contrast");
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe("23px");
    await dialog.getByRole("radio", { name: "English" }).check();
    await page.getByRole("button", { name: "Done" }).click();
    await expect(page.getByRole("button", { name: "Menu" })).toBeFocused();
    await page.reload();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "contrast");
    await expect(page.locator("html")).toHaveAttribute("data-text", "4");
  });

  test("follows the system until the customer chooses", async ({ page }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await new Customer(page).arrives();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  });

  test("takes the bank's colour and logo, but not a logo from elsewhere", async ({ page }) => {
    await greetWith(page, { theme: { accent: "#ffbc00", logo: "/favicon.svg" } });
    await new Customer(page).arrives();
    await expect.poll(() => property(page, "--brand")).toBe("#ffbc00");
    expect(await property(page, "--on-brand")).toBe("#000000");
    await expect(page.getByRole("banner").locator("img")).toHaveAttribute("src", "/favicon.svg");
    await page.unroute("**/api/v1/greeting");
    await greetWith(page, { theme: { accent: null, logo: "//example.org/logo.png" } });
    await page.reload();
    // The greeting is there, and with it what it says of the logo.
    await new Customer(page).sees("자주 찾는 상담");
    await expect(page.getByRole("banner").locator("img")).toHaveCount(0);
    await expect(page.getByRole("banner").locator("svg").first()).toBeVisible();
  });
});

test.describe("the AI notice", () => {
  const notice = { version: "2026-01", text: "이 상담은 AI가 답변합니다. 사람과 상담하시려면 상담원 연결을 눌러 주세요." };

  test("stands there at first contact, traps nobody, and comes back with a new conversation only", async ({ page }) => {
    await greetWith(page, { notice });
    const customer = await new Customer(page).arrives();
    const shown = page.getByRole("region", { name: "인공지능(AI)이 답변합니다" });
    await expect(shown).toContainText(notice.text);
    await expect(customer.field).toBeEnabled();
    await shown.getByRole("button", { name: "확인했습니다" }).click();
    await expect(shown).toHaveCount(0);
    await expect(customer.field).toBeFocused();
    await page.reload();
    await customer.asks(QUESTION);
    await expect(shown).toHaveCount(0);
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "새 상담 시작" }).click();
    const question = page.getByRole("dialog", { name: "새 상담을 시작할까요?" });
    await question.getByRole("button", { name: "계속 상담하기" }).click();
    await expect(customer.answers()).toHaveCount(1);
    await page.getByRole("button", { name: "메뉴" }).click();
    await page.getByRole("button", { name: "새 상담 시작" }).click();
    await question.getByRole("button", { name: "새로 시작" }).click();
    await expect(customer.answers()).toHaveCount(0);
    await expect(shown).toBeVisible();
  });

  test("is seen by whoever writes below it, and the server is told once", async ({ page }) => {
    const receipts: unknown[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/notice")) receipts.push(request.postDataJSON());
    });
    const customer = await new Customer(page).arrives();
    const shown = page.getByRole("region", { name: "인공지능(AI)이 답변합니다" });
    await expect(shown).toBeVisible();
    await customer.asks(QUESTION);
    await expect(shown).toHaveCount(0);
    await customer.asks("이체 한도를 올리고 싶어요");
    await page.reload();
    await customer.hasDelivered("이체 한도를 올리고 싶어요");
    await customer.asks("예금자 보호는 얼마까지 되나요?");
    await expect(shown).toHaveCount(0);
    expect(receipts).toHaveLength(1);
  });
});

test.describe("a person", () => {
  for (const width of [320, 360, 768, 1440]) {
    test(`is one tap away at ${width} px, and the way there can be seen and left`, async ({ page }) => {
      await page.setViewportSize({ width, height: 800 });
      const customer = await new Customer(page).arrives();
      await page.getByRole("button", { name: "상담원 연결", exact: true }).click();
      const steps = page.getByRole("region", { name: "상담원 연결 진행 상황" }).getByRole("listitem");
      await expect(steps).toHaveCount(3);
      await expect(page.locator("[aria-current=step]")).toContainText("동의");
      await customer.choices().first().click();
      await expect(page.locator("[aria-current=step]")).not.toContainText("동의");
      await page.getByRole("region", { name: "상담원 연결 진행 상황" }).getByRole("button", { name: "연결 취소" }).click();
      await expect(customer.own("상담원 연결 취소할게요")).toHaveCount(1);
      await expect(steps).toHaveCount(0);
    });
  }

  test("outside hours is told what happens next", async ({ page }) => {
    await page.clock.setFixedTime(new Date("2026-03-06T20:00:00+09:00"));
    await greetWith(page, { hours: { weekdays: "09:00-18:00" } });
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "상담원 연결", exact: true }).click();
    const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
    await expect(progress).toContainText("지금은 상담 시간(평일 09:00~18:00)이 아닙니다. 월요일 09:00부터 접수된 순서대로 도와드립니다.");
  });
});

test("a screen that cannot be drawn says so, and is there again after a reload", async ({ page }) => {
  await greetWith(page, { topics: null });
  await page.goto("/");
  await expect(page.getByText("화면을 표시하지 못했습니다.")).toBeVisible();
  await expect(page.getByText("The screen could not be shown.", { exact: false })).toBeVisible();
  await page.unroute("**/api/v1/greeting");
  await page.getByRole("button", { name: "새로 고침" }).click();
  await new Customer(page).sees("자주 찾는 상담");
});

test.describe("the header", () => {
  for (const width of [320, 360, 375, 768, 1440]) {
    test(`is one line with the bank's name, at ${width} px`, async ({ page }) => {
      await page.setViewportSize({ width, height: 740 });
      await new Customer(page).arrives();
      const banner = page.getByRole("banner");
      const name = await banner.getByText("가온은행 데모", { exact: true }).boundingBox();
      const service = await banner.getByText("AI 상담", { exact: true }).boundingBox();
      expect(name?.height).toBeLessThan(30);
      expect(service?.y).toBeGreaterThanOrEqual((name?.y ?? 0) + (name?.height ?? 0) - 1);
      expect((await banner.boundingBox())?.height).toBeLessThan(72);
    });
  }

  test("has each language and number once more in the menu only where they are not in sight", async ({ page }) => {
    await new Customer(page).arrives();
    const menu = page.getByRole("button", { name: "메뉴" });
    for (const { width, height, items } of [
      { width: 1280, height: 720, items: ["화면 설정", "새 상담 시작"] },
      { width: 360, height: 740, items: ["화면 설정", "English", "새 상담 시작"] },
      { width: 740, height: 360, items: ["화면 설정", "새 상담 시작", "고객센터 1588-0000", "사고·분실 신고 1588-0099"] },
    ]) {
      await page.setViewportSize({ width, height });
      await menu.click();
      const shown = page.getByRole("banner").getByRole("listitem").filter({ visible: true });
      await expect(shown).toHaveText(items);
      await expect(shown.locator("svg")).toHaveCount(items.length);
      await page.keyboard.press("Escape");
    }
  });

  for (const width of [320, 360]) {
    test(`leaves the numbers' names and the field's hint whole with the largest text, at ${width} px`, async ({ page }) => {
      await page.addInitScript(() => {
        localStorage.setItem("bank-aicc.appearance", "light 4");
      });
      await page.setViewportSize({ width, height: 640 });
      const customer = await new Customer(page).arrives();
      const strip = page.getByRole("complementary");
      for (const name of ["고객센터", "사고·분실 신고"]) expect((await strip.getByText(name).boundingBox())?.height, name).toBeLessThan(32);
      const above = [await page.getByRole("banner").boundingBox(), await strip.boundingBox()];
      expect(above.reduce((sum, box) => sum + (box?.height ?? 999), 0)).toBeLessThan(640 / 3);
      await expect(customer.field).toHaveCSS("text-wrap-mode", "nowrap");
    });
  }
});

test("a slow answer is said to be slow", async ({ page }) => {
  await holdMessages(page);
  const customer = await new Customer(page).arrives();
  await customer.says(QUESTION);
  await expect(page.getByText("답변이 평소보다 늦어지고 있습니다.")).toHaveCount(0);
  await customer.sees("답변이 평소보다 늦어지고 있습니다.");
});

test.describe("typing", () => {
  interface Step {
    readonly type: "compositionstart" | "compositionend" | "keydown" | "beforeinput" | "text";
    readonly value?: string;
    readonly key?: string;
    readonly keyCode?: number;
    readonly isComposing?: boolean;
    readonly shiftKey?: boolean;
  }

  /** Plays a browser's events on the field; `text` is what the field holds from then on. A prevented Enter brings no break. */
  async function play(page: Page, script: readonly Step[]): Promise<void> {
    await page.getByRole("textbox").evaluate((field, steps) => {
      if (!(field instanceof HTMLTextAreaElement)) throw new Error("no field");
      field.focus();
      // By the prototype's setter, as the browser does: React watches the element's own.
      const set = (text: string): boolean => Reflect.set(HTMLTextAreaElement.prototype, "value", text, field);
      for (const { type, value = "", key = "Enter", keyCode = 13, isComposing = false, shiftKey = false } of steps) {
        const common = { bubbles: true, cancelable: true };
        if (type === "text") {
          set(value);
          field.dispatchEvent(new InputEvent("input", { ...common, isComposing }));
        } else if (type === "keydown") {
          field.dispatchEvent(new KeyboardEvent("keydown", { ...common, key, code: "Enter", keyCode, isComposing, shiftKey }));
        } else if (type === "beforeinput") {
          const event = new InputEvent("beforeinput", { ...common, inputType: "insertLineBreak", isComposing });
          if (field.dispatchEvent(event)) {
            set(`${field.value}\n`);
            field.dispatchEvent(new InputEvent("input", common));
          }
        } else {
          field.dispatchEvent(new CompositionEvent(type, { ...common, data: value }));
        }
      }
    }, script);
  }

  const composed: Step[] = [
    { type: "compositionstart" },
    { type: "text", value: "대출 금리가 얼마인가ㅇ", isComposing: true },
    { type: "text", value: "대출 금리가 얼마인가요", isComposing: true },
  ];
  const scripts: [string, Step[]][] = [
    ["Chrome, macOS", [...composed, { type: "keydown", keyCode: 229, isComposing: true }, { type: "compositionend", value: "요" }, { type: "keydown" }]],
    ["Chrome, Windows", [...composed, { type: "keydown", key: "Process", keyCode: 229, isComposing: true }, { type: "compositionend", value: "요" }, { type: "beforeinput" }]],
    ["Safari", [...composed, { type: "compositionend", value: "요" }, { type: "keydown", keyCode: 229 }, { type: "beforeinput" }]],
    ["Firefox", [...composed, { type: "keydown", keyCode: 229, isComposing: true }, { type: "compositionend", value: "요" }, { type: "text", value: "대출 금리가 얼마인가요" }, { type: "beforeinput" }]],
    ["an Android keyboard", [...composed, { type: "beforeinput", isComposing: true }, { type: "compositionend", value: "요" }]],
  ];
  for (const [browser, script] of scripts) {
    test(`Enter in a composition sends the whole text once: ${browser}`, async ({ page }) => {
      const customer = await new Customer(page).arrives();
      await play(page, script);
      await customer.hasDelivered("대출 금리가 얼마인가요");
      await expect(customer.field).toHaveValue("");
      await expect(customer.answers()).toHaveCount(1);
      await expect(customer.by("나")).toHaveCount(1);
    });
  }

  test("Shift and Enter in a composition break the line, also where the key has no name", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await play(page, [
      ...composed,
      { type: "keydown", key: "Process", keyCode: 229, isComposing: true, shiftKey: true },
      { type: "compositionend", value: "요" },
      { type: "beforeinput" },
    ]);
    await expect(customer.field).toHaveValue("대출 금리가 얼마인가요\n");
    await expect(customer.by("나")).toHaveCount(0);
  });

  test("the button sends once where a break is owed, and more typing takes the break back", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await play(page, [...composed, { type: "beforeinput", isComposing: true }]);
    await customer.field.evaluate((field) => {
      // Whoever loses the focus lets go of the syllable.
      field.addEventListener("blur", () => field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "요" })), { once: true });
    });
    await page.getByRole("button", { name: "보내기", exact: true }).click();
    await customer.hasDelivered("대출 금리가 얼마인가요");
    await expect(customer.field).toHaveValue("");
    const more: Step[] = [{ type: "text", value: "대출 금리가 얼마인가요 그리고", isComposing: true }, { type: "compositionend", value: "고" }];
    await play(page, [...composed, { type: "beforeinput", isComposing: true }, ...more]);
    await expect(customer.field).toHaveValue("대출 금리가 얼마인가요 그리고");
    await expect(customer.by("나")).toHaveCount(1);
  });

  test("a real composition in this browser is sent whole by Enter, and by the button", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const ime = await page.context().newCDPSession(page);
    const compose = async (text: string): Promise<void> => {
      await ime.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    };
    await customer.field.pressSequentially("대출 금리가 얼마인가");
    for (const syllable of ["ㅇ", "요"]) await compose(syllable);
    await ime.send("Input.insertText", { text: "요" });
    await page.keyboard.press("Enter");
    await customer.hasDelivered("대출 금리가 얼마인가요");
    await customer.field.pressSequentially("이체 한도 알려 주세");
    for (const syllable of ["ㅇ", "요"]) await compose(syllable);
    await page.getByRole("button", { name: "보내기", exact: true }).click();
    await customer.hasDelivered("이체 한도 알려 주세요");
    await expect(customer.field).toHaveValue("");
    await expect(customer.by("나")).toHaveCount(2);
  });

  test("a draft survives a reload, and is gone once sent", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.field.fill(QUESTION);
    await page.reload();
    await expect(customer.field).toHaveValue(QUESTION);
    await customer.field.press("Enter");
    await customer.hasDelivered(QUESTION);
    await page.reload();
    await customer.hasDelivered(QUESTION);
    await expect(customer.field).toHaveValue("");
  });

  test("a long text that is pasted is counted, and said to be too long", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.field.focus();
    await page.keyboard.insertText("가".repeat(2_345));
    await customer.sees("한 번에 2,000자까지 보낼 수 있습니다. 345자를 줄여 주세요.");
    await customer.sees("2,345 / 2,000자");
    await expect(customer.field).toHaveValue("가".repeat(2_345));
    await customer.field.press("Enter");
    await expect(customer.by("나")).toHaveCount(0);
  });

  test("a keyboard over the page does not cover the field", async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    const customer = await new Customer(page).arrives();
    await customer.asks(QUESTION);
    await page.evaluate(() => {
      const viewport = window.visualViewport;
      if (viewport === null) throw new Error("no visualViewport");
      Object.defineProperty(viewport, "height", { get: () => 400 });
      viewport.dispatchEvent(new Event("resize"));
    });
    await expect.poll(async () => {
      const box = await customer.field.boundingBox();
      return (box?.y ?? 999) + (box?.height ?? 0);
    }).toBeLessThan(400);
  });
});

test.describe("a branch's tablet", () => {
  async function arrives(page: Page): Promise<Customer> {
    await page.clock.install();
    await page.goto("/?kiosk");
    const customer = new Customer(page);
    await customer.sees("🟢 WebSocket 연결");
    return customer;
  }

  const kept = (page: Page) => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((key) => key !== "bank-aicc.session"));

  test("asks after a while, and begins anew when nobody answers", async ({ page }) => {
    const customer = await arrives(page);
    await customer.asks(QUESTION);
    await customer.field.fill("여기까지 쓰다가");
    const before = await page.evaluate(() => localStorage.getItem("bank-aicc.session"));
    await page.clock.fastForward(101_000);
    const warning = page.getByRole("alertdialog", { name: "계속 상담하시겠어요?" });
    await expect(warning).toBeVisible();
    await warning.getByRole("button", { name: "계속하기" }).click();
    await expect(warning).toHaveCount(0);
    await expect(customer.answers()).toHaveCount(1);
    await page.clock.fastForward(101_000);
    await expect(warning).toBeVisible();
    await page.clock.fastForward(20_000);
    await expect(customer.answers()).toHaveCount(0);
    await expect(customer.field).toHaveValue("");
    await expect(warning).toHaveCount(0);
    await expect.poll(() => page.evaluate(() => localStorage.getItem("bank-aicc.session"))).not.toBe(before);
    expect(await kept(page)).toEqual([]);
  });

  test("is left at once with one button, whatever was chosen", async ({ page }) => {
    const customer = await arrives(page);
    await expect(page.locator("html")).toHaveAttribute("data-text", "3");
    await page.getByRole("button", { name: "Switch to English" }).click();
    await page.getByRole("textbox", { name: "Message" }).fill(QUESTION);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Finish" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Finish" }).click();
    await expect(customer.field).toBeVisible();
    await expect(customer.own(QUESTION)).toHaveCount(0);
    await expect(page.locator("html")).toHaveAttribute("lang", "ko");
    expect(await kept(page)).toEqual([]);
  });

  test("shows nothing of before after it was switched off", async ({ page }) => {
    const customer = await arrives(page);
    await customer.asks(QUESTION);
    // Nobody waits for its customer, either.
    const isClosed = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/close"));
    await page.reload();
    await isClosed;
    await customer.sees("자주 찾는 상담");
    await expect(customer.answers()).toHaveCount(0);
  });

  test("is no telephone, and leaves nothing on the clipboard", async ({ page, context }) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const customer = await arrives(page);
    const answer = await customer.asks("카드를 잃어버렸어요");
    await expect(answer).toContainText("1588");
    await expect(page.locator("a[href^='tel:']")).toHaveCount(0);
    await expect(answer.getByRole("button", { name: "복사" })).toHaveCount(0);
    await page.evaluate(() => navigator.clipboard.writeText("앞서"));
    await customer.field.fill("남의 말");
    for (const keys of ["Control+A", "Control+C", "Control+X"]) await customer.field.press(keys);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("앞서");
  });

  test("is patient with who waits for an agent", async ({ page }) => {
    let status = "pending";
    await tellHandover(page, () => ({ handover_status: status }));
    const customer = await arrives(page);
    await expect(page.getByText("상담원을 기다리는 중").first()).toBeVisible();
    await customer.field.click();
    const warning = page.getByRole("alertdialog", { name: "계속 상담하시겠어요?" });
    await page.clock.runFor(530_000);
    await expect(warning).toHaveCount(0);
    await page.clock.runFor(20_000);
    await expect(warning).toBeVisible();
    // The agent is gone again, and there is something to read first.
    status = "cancelled";
    await page.clock.runFor(20_000);
    await expect(page.getByText("상담원을 기다리는 중")).toHaveCount(0);
    await expect(warning).toHaveCount(0);
  });
});
