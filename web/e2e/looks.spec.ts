/**
 * What the screen looks like, state by state, compared with pictures that somebody has looked at. Remake them, and look
 * again, with `npx playwright test e2e/looks.spec.ts --update-snapshots`.
 *
 * Another Chromium draws letters a little differently, and another font does so altogether; `made-with.json` says what
 * drew the pictures. Where that is not what is here, nothing is compared and the reason is printed.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { isRecord } from "../src/api/errors";
import { CONNECTED, Customer, LOST } from "./customer";
import { openSite } from "./host/server";
import { packed } from "./packed";
import { type Line, play, repayment, type Scene, talks } from "./scripted";

const PICTURES = join(import.meta.dirname, "looks.spec.ts-snapshots");
const MADE_WITH = join(PICTURES, "made-with.json");
const sizes = { "360": { width: 360, height: 740 }, "768": { width: 768, height: 900 }, "1440": { width: 1440, height: 860 } };
const colorSchemes = ["light", "dark"] as const;

test.use({ contextOptions: { reducedMotion: "reduce" }, deviceScaleFactor: 1 });

test.beforeAll(async ({ browser }, { config }) => {
  const here = await drawnWith(browser);
  if (isRemaking(config)) {
    mkdirSync(PICTURES, { recursive: true });
    writeFileSync(MADE_WITH, `${JSON.stringify(here, null, 2)}\n`);
    return;
  }
  const made: unknown = JSON.parse(readFileSync(MADE_WITH, "utf8"));
  const isSame = comparable(made) === comparable(here);
  const reason = `nothing compared: the pictures were drawn with ${JSON.stringify(made)}, here is ${JSON.stringify(here)}; remake them with --update-snapshots, and look at them`;
  // The list of tests says only that they were skipped.
  if (!isSame) process.stdout.write(`${reason}\n`);
  test.skip(!isSame, reason);
});

test.afterAll(({}, { config }) => {
  if (!isRemaking(config)) return;
  for (const name of readdirSync(PICTURES)) {
    if (name.endsWith(".png")) writeFileSync(join(PICTURES, name), packed(readFileSync(join(PICTURES, name))));
  }
});

const states: Record<string, { scene: Scene; reach?: (page: Page, line: Line) => Promise<void> }> = {
  "first-contact": { scene: { talk: talks.nothing } },
  "answered": { scene: { talk: talks.rate } },
  "queued": {
    scene: { talk: talks.rate },
    reach: async (page, line) => {
      await asks(page, line);
      line.tell({ type: "processing", message: "…", queue_position: 3 });
      await expect(page.getByText("앞선 문의 2건에 이어 답변해 드리겠습니다.").last()).toBeVisible();
    },
  },
  "writing": {
    scene: { talk: talks.generated },
    reach: async (page, line) => {
      await asks(page, line);
      line.tell({ type: "delta", data: { text: "중도상환수수료는 대출을 받은 날부터 3년이 지나면 없습니다." } });
      await expect(page.getByRole("listitem").last()).toContainText("3년이 지나면 없습니다.");
    },
  },
  "generated": { scene: { talk: talks.generated } },
  "table": { scene: { talk: talks.table } },
  "document": {
    scene: { talk: talks.table },
    reach: async (page) => {
      await page.getByRole("button", { name: /쪽$/ }).click();
      await expect(page.getByRole("dialog").locator("mark").first()).toBeVisible();
    },
  },
  "consent": { scene: { talk: talks.consent } },
  "waiting": {
    scene: { talk: talks.waiting, handover: { handover_status: "pending", handover_requested_at: "2026-03-02T14:14:00", queue_position: 2 } },
  },
  "agent": {
    scene: {
      talk: talks.agent,
      handover: { handover_status: "accepted", handover_accepted_at: "2026-03-02T14:15:00", assigned_agent_id: "agent-1" },
    },
  },
  "offline": {
    scene: { talk: talks.rate },
    reach: async (page, line) => {
      await line.cut();
      await page.context().setOffline(true);
      await new Customer(page).says("중도상환수수료도 알려 주세요");
      await expect(page.getByText("연결이 끊겼습니다.").first()).toBeVisible();
      await expect(page.getByText(LOST)).toBeVisible();
    },
  },
  "refused": {
    scene: { talk: talks.rate },
    reach: async (page, line) => {
      await line.refuse("보낼 수 없는 내용입니다.");
      const customer = new Customer(page);
      await customer.says("중도상환수수료도 알려 주세요");
      await customer.sees("보낼 수 없는 내용입니다.");
    },
  },
  "unrecorded": {
    scene: { talk: talks.rate },
    reach: async (page, line) => {
      await asks(page, line);
      const [question] = line.asked;
      if (question === undefined) throw new Error("nothing was asked");
      line.answer(question, {
        user_message_id: null,
        message_id: null,
        unrecorded: true,
        ai_message:
          "지금은 시스템 사정으로 대화가 저장되지 않습니다. 은행 문서에서 확인되는 내용만 안내해 드립니다.\n\n중도상환수수료는 대출을 받은 날부터 3년이 지나면 없습니다.",
        source_documents: [repayment],
      });
      await expect(page.getByRole("log").getByText("이 메시지와 답변은 저장되지 않았습니다.")).toBeVisible();
    },
  },
  "closed": {
    scene: { talk: talks.rate },
    reach: async (page, line) => {
      line.tell({ type: "session_closed" });
      await expect(page.getByText("상담이 종료되었습니다.")).toBeVisible();
    },
  },
  "settings": {
    scene: { talk: talks.rate },
    reach: async (page) => {
      await page.getByRole("button", { name: "메뉴" }).click();
      await page.getByRole("button", { name: "화면 설정" }).click();
      await expect(page.getByRole("dialog", { name: "화면 설정" })).toBeVisible();
    },
  },
};

for (const [state, { scene, reach }] of Object.entries(states)) {
  test(state, async ({ page }) => {
    const line = await play(page, scene);
    await page.goto("/");
    await expect(page.getByText(CONNECTED)).toBeVisible();
    await reach?.(page, line);
    for (const size of ["360", "768", "1440"] as const) await looksRight(page, state, size);
  });
}

test("on a bank's page", async ({ page, baseURL }) => {
  await play(page, { talk: talks.rate });
  const site = await openSite(new URL(baseURL ?? "").origin, () => [""]);
  await page.goto(site.origin);
  await page.locator("bank-aicc-widget .launcher").click();
  await expect(page.frameLocator("bank-aicc-widget iframe").getByText(CONNECTED)).toBeVisible();
  for (const size of ["360", "1440"] as const) await looksRight(page, "widget", size);
  await site.close();
});

/** A message that the server has, and has not answered. */
async function asks(page: Page, line: Line): Promise<void> {
  await new Customer(page).says("중도상환수수료도 알려 주세요");
  await expect.poll(() => line.asked.length).toBe(1);
}

/** Soft, so that one run tells everything that changed. */
async function looksRight(page: Page, state: string, size: keyof typeof sizes): Promise<void> {
  await page.setViewportSize(sizes[size]);
  for (const colorScheme of colorSchemes) {
    await page.emulateMedia({ colorScheme });
    await expect.soft(page).toHaveScreenshot(`${state}-${size}-${colorScheme}.png`);
  }
}

function isRemaking({ updateSnapshots }: { readonly updateSnapshots: string }): boolean {
  return updateSnapshots === "all" || updateSnapshots === "changed";
}

/** The browser, and the font it takes for Korean, which is the machine's. */
async function drawnWith(browser: Browser): Promise<{ chromium: string; font: string }> {
  const page = await browser.newPage();
  await page.goto("/");
  await page.locator("h1").waitFor();
  const tools = await page.context().newCDPSession(page);
  const { root } = await tools.send("DOM.getDocument");
  const { nodeId } = await tools.send("DOM.querySelector", { nodeId: root.nodeId, selector: "h1" });
  await tools.send("CSS.enable");
  const { fonts } = await tools.send("CSS.getPlatformFontsForNode", { nodeId });
  await page.close();
  return { chromium: browser.version(), font: fonts.map(({ familyName }) => familyName).sort().join(", ") };
}

/** A new minor version draws the same. */
function comparable(made: unknown): string {
  return isRecord(made) ? `${String(made.chromium).split(".")[0] ?? ""} ${String(made.font)}` : "";
}
