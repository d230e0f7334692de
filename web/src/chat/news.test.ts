import { expect, it } from "vitest";
import { type News, newsBetween, type Standing } from "./news";

const CALM: Standing = { isOffline: false, held: null, queue: null, progress: null, hasMessages: true };

it.each<[string, Partial<Standing>, Partial<Standing>, News[]]>([
  ["nothing changed", {}, {}, []],
  ["the network went, which its own notice says", {}, { isOffline: true }, []],
  ["the network is back", { isOffline: true }, {}, ["back"]],
  ["a message is held up", {}, { held: "아직 보내지 못했습니다." }, ["held"]],
  ["another one, too", { held: "아직 보내지 못했습니다." }, { held: "보내지 못했습니다." }, []],
  ["it was sent", { held: "아직 보내지 못했습니다." }, {}, []],
  ["a question has to wait", {}, { queue: "앞선 문의 2건" }, ["queued"]],
  ["its place moves on", { queue: "앞선 문의 2건" }, { queue: "앞선 문의 1건" }, []],
  ["it is answered", { queue: "앞선 문의 1건" }, {}, []],
  ["consent is asked for", {}, { progress: "동의해 주세요" }, ["progress"]],
  ["the queue moves", { progress: "대기 순번 2번째" }, { progress: "다음 차례" }, ["progress"]],
  ["the customer cancelled", { progress: "다음 차례" }, {}, []],
  ["a new conversation", { progress: "다음 차례" }, { hasMessages: false }, ["begun"]],
  ["the first message", { hasMessages: false }, {}, []],
])("%s", (_case, before, now, news) => {
  expect(newsBetween({ ...CALM, ...before }, { ...CALM, ...now })).toEqual(news);
});
