/** A bank's website for the tests: other origin than the chat, with a strict content policy and rude styles. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

/** Where the chat's server was told which origins may frame it (`[web] embed_origins`), the site has to be one of them. */
const port = Number(process.env.SITE_PORT ?? 0);

/** Tries to get at the widget. */
const CSS = `
  html { font-size: 40px; }
  body { margin: 0; font: 16px/1.6 serif; }
  main { max-width: 60rem; margin: auto; padding: 2rem; }
  body > *:not(main) { display: block !important; opacity: 0.2 !important; transform: scale(3) !important; }
  button, iframe, dialog { display: none !important; background: red !important; }
  #help { display: inline-block !important; background: #ddd !important; }
`;

/**
 * `scripts` gives the attributes of each script tag of a page; `/en` is in English, `/bare` frames the chat without the widget, `/lax` has no
 * content policy, `/elsewhere` is empty.
 */
export async function openSite(chat: string, scripts: (page: string) => string[]): Promise<Site> {
  const policy = `default-src 'self'; script-src 'self' ${chat}; frame-src ${chat}; require-trusted-types-for 'script'`;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://site");
    if (url.pathname === "/site.css") {
      response.writeHead(200, { "Content-Type": "text/css" }).end(CSS);
      return;
    }
    if (url.pathname === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    if (url.pathname === "/elsewhere") {
      response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>다른 곳</title>");
      return;
    }
    if (url.pathname === "/bare") {
      response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><title>틀</title><iframe src="${chat}/?embed=1" width="400" height="700"></iframe>`);
      return;
    }
    const language = url.pathname === "/en" ? "en" : "ko";
    // A page without a content policy of its own: the widget has to look after itself.
    const isLax = url.pathname === "/lax";
    const tags = scripts(url.pathname).map((attributes) => `<script src="${chat}/widget.js" async ${attributes}></script>`);
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...(isLax ? {} : { "Content-Security-Policy": policy }) }).end(`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>한빛은행</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<link rel="stylesheet" href="/site.css">${tags.join("")}</head>
<body><main><h1>한빛은행</h1><p>전세대출 안내입니다.</p><p><a href="/next">다음 쪽</a> <button id="help" type="button">도움말</button>
<label>검색 <input id="search"></label></p>${"<p>집을 빌릴 때 필요한 자금을 알아보세요.</p>".repeat(40)}</main></body></html>`);
  });
  await listening(server);
  return {
    origin: `http://127.0.0.1:${addressOf(server).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the site listens on no port");
  return address;
}
