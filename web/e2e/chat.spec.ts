import { expect, test } from "@playwright/test";
import { CONNECTED, Customer, holdMessages, HTTP_MODE, LOST, QUESTION, socketOf, staff, tellHandover } from "./customer";

test("a question is answered with its source", async ({ page }) => {
  const customer = await new Customer(page).arrives();
  const answer = await customer.asks(QUESTION);
  await expect(answer.getByText(/^출처 \d+건$/)).toBeVisible();
  await expect(answer.getByText(/^\d+쪽$/).first()).toBeVisible();
  await customer.sees(CONNECTED);
});

test("a topic of the greeting asks its question", async ({ page }) => {
  const customer = await new Customer(page).arrives();
  const topics = page.getByRole("group", { name: "자주 찾는 상담" });
  await topics.getByRole("button").first().click();
  await expect(customer.answers()).toHaveCount(1);
  await expect(topics).toHaveCount(0);
});

test("nothing from outside is loaded, and nothing breaks the content policy", async ({ page, baseURL }) => {
  const origin = new URL(baseURL ?? "").host;
  const elsewhere: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).host !== origin) elsewhere.push(request.url());
  });
  page.on("console", (line) => {
    if (line.type() === "error") complaints.push(line.text());
  });
  const customer = await new Customer(page).arrives();
  await customer.asks(QUESTION);
  expect(elsewhere).toEqual([]);
  expect(complaints).toEqual([]);
});

test.describe("the network", () => {
  test("cut while typing: the message is kept, and delivered once after the resume", async ({ page, context }) => {
    const customer = await new Customer(page).arrives();
    await customer.asks(QUESTION);
    await customer.field.fill("예금자 보호는 얼마까지 되나요?");
    await context.setOffline(true);
    await customer.field.press("Enter");
    await customer.sees(LOST);
    await expect(customer.own("예금자 보호는 얼마까지 되나요?")).toHaveCount(1);
    await expect(customer.own("예금자 보호는 얼마까지 되나요?")).not.toContainText("전송됨");
    await context.setOffline(false);
    await customer.hasDelivered("예금자 보호는 얼마까지 되나요?");
    await customer.sees(CONNECTED);
    await expect(customer.answers()).toHaveCount(2);
    await page.reload();
    await customer.hasDelivered("예금자 보호는 얼마까지 되나요?");
    await expect(customer.answers()).toHaveCount(2);
  });

  test("several messages typed offline arrive in the order they were typed", async ({ page, context }) => {
    const customer = await new Customer(page).arrives();
    await context.setOffline(true);
    await customer.sees(LOST);
    const typed = ["첫 번째 질문입니다", "두 번째 질문입니다", "세 번째 질문입니다"];
    for (const words of typed) await customer.says(words);
    await context.setOffline(false);
    for (const words of typed) await customer.hasDelivered(words);
    await page.reload();
    for (const words of typed) await customer.hasDelivered(words);
    const texts = await customer.log.getByText(/번째 질문입니다$/).filter({ visible: true }).allTextContents();
    expect(texts.filter((text) => typed.includes(text))).toEqual(typed);
  });

  test("without WebSocket everything goes over HTTP, and back when it can", async ({ page }) => {
    test.slow();
    const socket = await socketOf(page);
    await socket.block();
    const customer = new Customer(page);
    await page.goto("/");
    await customer.sees(/HTTP/);
    const answer = await customer.asks(QUESTION);
    await expect(answer.getByText(/^출처 \d+건$/)).toBeVisible();
    // Five attempts, 2 s × attempt apart, then it settles.
    await expect(page.getByText(HTTP_MODE)).toBeVisible({ timeout: 60_000 });
    await customer.asks("이체 한도를 올리고 싶어요");
    socket.allow();
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await customer.sees(CONNECTED);
    await customer.asks("예금 만기가 되면 어떻게 되나요?");
    await expect(customer.answers()).toHaveCount(3);
  });

  test("a socket cut in the middle of a conversation resumes without a gap", async ({ page, context }) => {
    const socket = await socketOf(page);
    const customer = await new Customer(page).arrives();
    await customer.asks(QUESTION);
    await socket.block();
    await customer.sees(LOST);
    const other = await new Customer(await context.newPage()).arrives();
    await other.asks("이체 한도를 올리고 싶어요");
    // The long-poll brings it even without a socket.
    await customer.hasDelivered("이체 한도를 올리고 싶어요");
    socket.allow();
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await customer.sees(CONNECTED);
    await expect(customer.answers()).toHaveCount(2);
  });

  test("an answer lost on the way back is asked for again, and stands there once", async ({ page }) => {
    const socket = await socketOf(page);
    await socket.block();
    let lost = 0;
    await page.route("**/api/v1/chat/message", async (route) => {
      if (lost > 0) return route.continue();
      lost += 1;
      await route.fetch();
      return route.abort("connectionreset");
    });
    const customer = new Customer(page);
    await page.goto("/");
    await customer.sees(/HTTP/);
    await customer.says(QUESTION);
    await customer.hasDelivered(QUESTION);
    await expect(customer.answers()).toHaveCount(1);
    expect(lost).toBe(1);
  });

  test("what was typed without a server survives a reload", async ({ page }) => {
    const socket = await socketOf(page);
    const customer = await new Customer(page).arrives();
    await page.route("**/api/**", (route) => route.abort("connectionrefused"));
    await socket.block();
    await customer.sees(LOST);
    await customer.says(QUESTION);
    await expect(customer.own(QUESTION)).toContainText("아직 보내지 못했습니다");
    await page.reload();
    await expect(customer.own(QUESTION)).toHaveCount(1);
    await page.unroute("**/api/**");
    socket.allow();
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await customer.hasDelivered(QUESTION);
    await expect(customer.answers()).toHaveCount(1);
  });

  test("the customer sees why the bank's database will not take it, and can send it again", async ({ page }) => {
    const socket = await socketOf(page);
    await socket.block();
    const detail = "데이터베이스에 쓸 수 없습니다.";
    await page.route("**/api/v1/chat/message", (route) =>
      route.fulfill({ status: 503, json: { detail, code: "store_unavailable", request_id: "e2e" } }),
    );
    const customer = new Customer(page);
    await page.goto("/");
    await customer.says(QUESTION);
    await expect(customer.own(QUESTION)).toContainText(detail);
    await page.unroute("**/api/v1/chat/message");
    await customer.own(QUESTION).getByRole("button", { name: "다시 보내기" }).click();
    await customer.hasDelivered(QUESTION);
  });
});

test.describe("a person", () => {
  test("consent, questions, then waiting for an agent", async ({ page }) => {
    await staff(page);
    const customer = await new Customer(page).arrives();
    await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).click();
    await expect(customer.choices()).toHaveCount(2);
    await customer.choices().filter({ hasText: /^(네|예|동의)/ }).click();
    await expect(customer.answers()).toHaveCount(2);
    await customer.sees("상담원을 기다리는 중");
    const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
    const isQueued = progress.getByText("순서가 되면 이 화면에서 바로 이어집니다.");
    // "I don't know" moves on from any question; no category asks for more than a few.
    for (let question = 0; question < 6 && !(await isQueued.isVisible()); question += 1) await customer.asks("모르겠어요");
    await expect(isQueued).toBeVisible();
    await page.reload();
    await expect(isQueued).toBeVisible();
    await customer.sees("상담원을 기다리는 중");
  });

  test("asked for twice in a row is asked for once, and that is no consent", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const button = page.getByRole("banner").getByRole("button", { name: "상담원 연결" });
    await button.dblclick();
    await expect(customer.choices()).toHaveCount(2);
    // The question is there; pressing on is no answer to it.
    await expect(button).toBeDisabled();
    await button.click({ force: true });
    await customer.asks(QUESTION);
    await expect(customer.own("상담원 연결해 주세요")).toHaveCount(1);
    await expect(page.getByText("상담원을 기다리는 중")).toHaveCount(0);
  });

  test("asked for twice while the answer takes its time is asked for once", async ({ page }) => {
    await holdMessages(page);
    const customer = await new Customer(page).arrives();
    const button = page.getByRole("banner").getByRole("button", { name: "상담원 연결" });
    await button.focus();
    for (const key of ["Enter", "Enter"]) await page.keyboard.press(key);
    await expect(customer.by("나")).toHaveCount(1);
    await expect(button).toBeDisabled();
    await expect(button).toBeFocused();
  });

  test("a double tap on an answer is one answer, even where the next question's stands below", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    // A matter of which the agent needs to know more.
    await customer.says("카드 결제한 거 취소가 안 됐어요 상담원 연결해 주세요");
    await customer.choices().first().click();
    await expect(customer.answers()).toHaveCount(2);
    // The second press of a double tap comes when the next question is there already.
    await customer.choices().first().hover();
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
    await customer.asks("모르겠어요");
    await expect(customer.by("나")).toHaveCount(3);
  });

  test("the place in the queue is kept up to date over the socket", async ({ page }) => {
    await staff(page);
    let place = 5;
    await tellHandover(page, () => ({ handover_status: "pending", queue_position: place }));
    let news: (frame: string) => void = () => undefined;
    await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, (socket) => {
      socket.connectToServer();
      news = (frame) => {
        socket.send(frame);
      };
    });
    await page.clock.install();
    const customer = await new Customer(page).arrives();
    const progress = page.getByRole("region", { name: "상담원 연결 진행 상황" });
    await expect(progress).toContainText("5번째");
    place = 4;
    news(JSON.stringify({ type: "handover_status", data: { handover_status: "pending" } }));
    await expect(progress).toContainText("4번째");
    // Somebody before him was served, of which no event tells.
    place = 2;
    await page.clock.runFor(16_000);
    await expect(progress).toContainText("2번째");
    await customer.sees(CONNECTED);
  });

  test("who declines stays with the assistant", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await page.getByRole("banner").getByRole("button", { name: "상담원 연결" }).click();
    await customer.choices().filter({ hasText: /^아니/ }).click();
    await expect(customer.answers()).toHaveCount(2);
    await expect(page.getByText("상담원을 기다리는 중")).toHaveCount(0);
    const answer = await customer.asks(QUESTION);
    await expect(answer.getByText(/^출처 \d+건$/)).toBeVisible();
  });
});

test.describe("the conversation", () => {
  test("stays over a reload", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    const answer = await customer.asks(QUESTION);
    const words = await answer.getByRole("paragraph").nth(1).textContent();
    await page.reload();
    await customer.hasDelivered(QUESTION);
    await expect(customer.answers()).toHaveCount(1);
    await expect(customer.answers().last()).toContainText(words ?? "");
    await customer.sees(CONNECTED);
  });

  test("is the same in two tabs", async ({ page, context }) => {
    const here = await new Customer(page).arrives();
    const there = await new Customer(await context.newPage()).arrives();
    await here.asks(QUESTION);
    await there.hasDelivered(QUESTION);
    await expect(there.answers()).toHaveCount(1);
    await there.asks("이체 한도를 올리고 싶어요");
    await here.hasDelivered("이체 한도를 올리고 싶어요");
    await expect(here.answers()).toHaveCount(2);
    await expect(there.answers()).toHaveCount(2);
  });

  test("a session the server has forgotten is replaced, and the message still arrives", async ({ page }) => {
    await page.addInitScript(() => {
      if (sessionStorage.getItem("e2e") === null) localStorage.setItem("bank-aicc.session", "forgotten-session");
      sessionStorage.setItem("e2e", "done");
    });
    const customer = await new Customer(page).arrives();
    await customer.asks(QUESTION);
    expect(await page.evaluate(() => localStorage.getItem("bank-aicc.session"))).not.toBe("forgotten-session");
  });

  test("shows personal data masked, with a note", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.says("제 주민등록번호는 900101-1234567입니다");
    await expect(customer.answers()).toHaveCount(1);
    await customer.sees("개인정보가 보호되었습니다");
    await expect(customer.log).not.toContainText("1234567");
    await page.reload();
    await customer.sees("개인정보가 보호되었습니다");
    await expect(customer.log).not.toContainText("1234567");
  });
});

test.describe("the composer", () => {
  test("Enter sends, Shift+Enter breaks the line, and a syllable in the making is left alone", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.field.fill("대출 금리가");
    await customer.field.dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
    await expect(customer.field).toHaveValue("대출 금리가");
    await customer.field.press("Shift+Enter");
    await customer.field.pressSequentially("얼마인가요?");
    await expect(customer.field).toHaveValue("대출 금리가\n얼마인가요?");
    await customer.field.press("Enter");
    await expect(customer.field).toHaveValue("");
    await expect(customer.answers()).toHaveCount(1);
  });

  test("counts near 2,000 characters and refuses more", async ({ page }) => {
    const customer = await new Customer(page).arrives();
    await customer.field.fill("가".repeat(2_001));
    await customer.sees("2,001 / 2,000자");
    await expect(page.getByRole("button", { name: "보내기", exact: true })).toBeDisabled();
    await customer.field.fill("가");
    await customer.field.press("Enter");
    await customer.sees("두 글자 이상 입력해 주세요.");
  });

  test("the language is switched and remembered", async ({ page }) => {
    await new Customer(page).arrives();
    await page.getByRole("button", { name: "Switch to English" }).click();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("textbox", { name: "Message" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "en");
  });
});
