import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { build, defineConfig, type InlineConfig, type Plugin } from "vite";

/** Where `npm run dev` finds the API: a running `bank-aicc demo`. */
const server = process.env.BASE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), bothAtOnce(), widget()],
  server: { proxy: { "/api": { target: server, ws: true } } },
  build: {
    emptyOutDir: true,
    // The content policy is `default-src 'self'`: nothing may become a data: URL or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One sheet, named in the page: with the screen it would come too late, and the first frame would be bare.
    cssCodeSplit: false,
    rolldownOptions: { input: { chat: "index.html" } },
  },
});

/** Names the screen in the page, which by itself names only what asks for the screen: nobody waits for one to load the other. */
function bothAtOnce(): Plugin {
  return {
    name: "both-at-once",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) =>
        Object.values(bundle ?? {})
          .filter((file) => file.type === "chunk" && file.isDynamicEntry)
          .map(({ fileName }) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` }, injectTo: "head" })),
    },
  };
}

/**
 * `widget.js` for the bank's website: one classic script under a name that never changes, so it is a build of its
 * own. `vite build` makes it after the screens, the development server whenever it is asked for.
 */
function widget(): Plugin {
  let config: InlineConfig = {};
  return {
    name: "widget",
    configResolved({ root, logLevel, build: { outDir } }) {
      config = {
        configFile: false,
        root,
        logLevel: logLevel ?? "info",
        build: {
          outDir: resolve(root, outDir),
          emptyOutDir: false,
          copyPublicDir: false,
          // A bank's website has older browsers than its chat needs.
          target: "es2022",
          rolldownOptions: { input: "src/widget/main.ts", output: { format: "iife", entryFileNames: "widget.js" } },
        },
      };
    },
    async closeBundle() {
      await build(config);
    },
    configureServer({ middlewares }) {
      middlewares.use("/widget.js", (_request, response, next) => {
        build({ ...config, logLevel: "warn", build: { ...config.build, write: false } }).then((built) => {
          const output = "output" in built ? built.output[0] : undefined;
          response.setHeader("Content-Type", "text/javascript; charset=utf-8");
          response.setHeader("Cache-Control", "no-cache");
          response.end(output?.code);
        }, next);
      });
    },
  };
}
