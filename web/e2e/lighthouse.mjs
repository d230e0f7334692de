// Lighthouse's verdict on the customer's screen, on a phone, as the median of three runs; below 95 anywhere it exits with 1:
//   BASE_URL=http://127.0.0.1:8080 node e2e/lighthouse.mjs [path]
// Not among what this folder installs: npx fetches it when it is asked for.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The newest that runs on the oldest Node this folder takes. */
const VERSION = "12.8.2";
const LEAST = 95;
const RUNS = 3;

const address = new URL(process.argv[2] ?? "/", process.env.BASE_URL ?? "http://127.0.0.1:8080").href;
const folder = mkdtempSync(join(tmpdir(), "lighthouse-"));
const report = join(folder, "report.json");
const flags = ["--output=json", `--output-path=${report}`, "--quiet", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"];
const scores = {};
try {
  for (let run = 1; run <= RUNS; run += 1) {
    execFileSync("npx", ["--yes", `lighthouse@${VERSION}`, address, ...flags], {
      // Not in a project's folder, where npx would look for it first.
      cwd: folder,
      env: { CHROME_PATH: "/usr/bin/chromium", ...process.env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const { categories, audits } = JSON.parse(readFileSync(report, "utf8"));
    for (const [name, { score }] of Object.entries(categories)) (scores[name] ??= []).push(Math.round(score * 100));
    const shown = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
    console.log(`run ${run}: ${shown.map((name) => `${name} ${audits[name].displayValue}`).join(", ")}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const [name, runs] of Object.entries(scores)) {
  const median = runs.toSorted((a, b) => a - b)[Math.floor(runs.length / 2)];
  console.log(`${name}: ${median} (of ${runs.join(", ")})`);
  if (median < LEAST) process.exitCode = 1;
}
