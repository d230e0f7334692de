import { defineConfig } from "@playwright/test";

/**
 * Drives a real browser against a real server that somebody else has started:
 * `BASE_URL=http://127.0.0.1:8080 npm run e2e`. The browser is Debian's Chromium; nothing is downloaded.
 */
export default defineConfig({
  testDir: "e2e",
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  reporter: "list",
  timeout: 60_000,
  // Room for some letters that are smoothed differently, not for a missing icon; and the usual threshold of 0.2 takes a
  // green button for a blue one.
  expect: { timeout: 15_000, toHaveScreenshot: { threshold: 0.03, maxDiffPixels: 80 } },
  snapshotPathTemplate: "{testDir}/{testFilePath}-snapshots/{arg}{ext}",
  use: {
    baseURL: process.env.BASE_URL ?? "http://127.0.0.1:8080",
    locale: "ko-KR",
    timezoneId: "Asia/Seoul",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
