import { defineConfig } from "vitest/config";

/** Only pure logic is tested here, so no browser is imitated; `e2e/` drives a real one. */
export default defineConfig({ test: { include: ["src/**/*.test.ts"], environment: "node" } });
