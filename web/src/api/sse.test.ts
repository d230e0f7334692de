import { expect, it } from "vitest";
import { EventParser, type ServerEvent } from "./sse";

const first: ServerEvent = { name: "message", data: { id: 7, message: "안녕하세요" } };
const closed: ServerEvent = { name: "session_closed", data: {} };

it.each<[string, string, ServerEvent[]]>([
  ["a comment", ": connected\n\n", []],
  ["a message", 'id: 7\nevent: message\ndata: {"id":7,"message":"안녕하세요"}\n\n', [first]],
  ["no name", 'data: {"id":7,"message":"안녕하세요"}\n\n', [first]],
  ["no blank after the colon", 'data:{"id":7,"message":"안녕하세요"}\n\n', [first]],
  ["Windows' line ends", 'event: session_closed\r\ndata: {}\r\n\r\n', [closed]],
  ["two in one piece", ': still here\n\nevent: session_closed\ndata: {}\n\nid: 7\ndata: {"id":7,"message":"안녕하세요"}\n\n', [closed, first]],
  ["one that has not ended", 'event: session_closed\ndata: {}\n', []],
  ["no JSON", "data: <html>\n\n", []],
])("%s", (_case, text, events) => {
  expect(new EventParser().push(text)).toEqual(events);
});

it("puts together what was cut anywhere", () => {
  const text = ': connected\n\nid: 7\nevent: message\ndata: {"id":7,"message":"안녕하세요"}\n\nevent: session_closed\ndata: {}\n\n';
  for (let at = 1; at < text.length; at += 1) {
    const parser = new EventParser();
    expect([...parser.push(text.slice(0, at)), ...parser.push(text.slice(at))]).toEqual([first, closed]);
  }
});
