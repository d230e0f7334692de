import { describe, expect, it } from "vitest";
import type { HandoverState, HandoverStatus, Message, Reply, StageName } from "../api/client";
import type { Failure } from "../api/errors";
import {
  awaited,
  charsOf,
  type Conversation,
  type Delivery,
  departure,
  type Draft,
  EMPTY,
  entries,
  type Event,
  handoverProgress,
  isExpecting,
  isFarAhead,
  isOnItsWay,
  judgeDraft,
  next,
  prefersHttp,
  type Progress,
  queuePositionOf,
  quickReplies,
  USUAL_LIMITS,
} from "./conversation";

const NOON_KST = Date.UTC(2026, 2, 2, 3, 0, 0);
const unreachable: Failure = { kind: "unreachable" };

function refused(status: number | null, retryAfterMs: number | null = null, code = "code"): Failure {
  return { kind: "refused", status, code, detail: "detail", retryAfterMs };
}

function message(id: number, fields: Partial<Message> = {}): Message {
  return {
    id,
    role: "assistant",
    author: "assistant",
    message: `message ${id}`,
    created_at: "2026-03-02T12:00:00",
    client_message_id: null,
    protected: false,
    sources: [],
    quick_replies: [],
    suggested_action: null,
    ...fields,
  };
}

function question(id: number, clientMessageId: string | null, fields: Partial<Message> = {}): Message {
  return message(id, { role: "user", author: "customer", client_message_id: clientMessageId, ...fields });
}

function reply(userMessageId: number | null, messageId: number | null, fields: Partial<Reply> = {}): Reply {
  return {
    ai_message: "answer",
    intent: "INFO_REQ",
    suggested_action: "CONTINUE",
    source_documents: [],
    info_collection_complete: false,
    handover_status: null,
    is_human_required_flow: false,
    is_session_end: false,
    message_id: messageId,
    unrecorded: false,
    user_message_id: userMessageId,
    user_message: "question",
    protected: false,
    category: null,
    confidence: 0,
    category_candidates: [],
    client_message_id: null,
    created_at: null,
    engine: "rule",
    quick_replies: [],
    stage: "assisted",
    ...fields,
  };
}

const typed = (clientMessageId: string, text = clientMessageId): Event => ({ kind: "typed", clientMessageId, text, at: NOON_KST });
const sending = (clientMessageId: string): Event => ({ kind: "sending", clientMessageId });
const stored = (...messages: Message[]): Event => ({ kind: "stored", messages });
const replied = (clientMessageId: string | null, answer: Reply): Event => ({ kind: "replied", clientMessageId, reply: answer, at: NOON_KST });
const undelivered = (clientMessageId: string, failure: Failure): Event => ({ kind: "undelivered", clientMessageId, failure, at: NOON_KST });
const read = (...messages: Message[]): Event => ({ kind: "read", messages });
const delta = (clientMessageId: string, text: string): Event => ({ kind: "delta", clientMessageId, text });
const processing = (clientMessageId: string, queuePosition: number | null): Event => ({ kind: "processing", clientMessageId, queuePosition });
const handover = (status: HandoverStatus | null, told: Partial<HandoverState> = {}): Event => ({
  kind: "handover",
  handover: { ...told, session_id: "s", handover_status: status, handover_requested_at: null, handover_accepted_at: null, assigned_agent_id: null } satisfies HandoverState,
});

function after(...events: Event[]): Conversation {
  return events.reduce(next, EMPTY);
}

const ids = (state: Conversation): number[] => state.messages.map(({ id }) => id);
const unsent = (state: Conversation): string[] => state.outbox.map(({ clientMessageId }) => clientMessageId);

describe("one message, whichever way and however often it is reported", () => {
  it.each<[string, Event[], number[], string[]]>([
    ["history out of order", [stored(message(3), message(1)), stored(message(2))], [1, 2, 3], []],
    ["the same page twice", [stored(message(1), message(2)), stored(message(1), message(2))], [1, 2], []],
    ["a reply", [typed("a"), sending("a"), replied("a", reply(1, 2))], [1, 2], []],
    ["a reply twice", [typed("a"), replied("a", reply(1, 2)), replied("a", reply(1, 2))], [1, 2], []],
    ["a reply, then the history", [typed("a"), replied("a", reply(1, 2)), stored(question(1, "a"), message(2))], [1, 2], []],
    ["the history, then a late reply", [typed("a"), stored(question(1, "a"), message(2)), replied("a", reply(1, 2))], [1, 2], []],
    ["stored although we saw the send fail", [typed("a"), undelivered("a", unreachable), stored(question(1, "a"))], [1], []],
    ["another tab's message and its answer", [typed("a"), stored(question(1, "x")), replied(null, reply(1, 2))], [1, 2], ["a"]],
    ["an agent's message between", [typed("a"), stored(message(2, { author: "agent" })), replied("a", reply(1, 3))], [1, 2, 3], []],
    ["a turn no machine answers", [typed("a"), replied("a", reply(1, null, { stage: "attended" }))], [1], []],
    ["restored after it was stored", [stored(question(1, "a")), { kind: "restored", outbox: after(typed("a")).outbox }], [1], []],
    ["restored as it was, refused", [{ kind: "restored", outbox: after(typed("a"), undelivered("a", refused(422))).outbox }], [], ["a"]],
    ["restored beside one just typed", [typed("b"), { kind: "restored", outbox: after(typed("a"), typed("b")).outbox }], [], ["a", "b"]],
    ["given up", [typed("a"), { kind: "discarded", clientMessageId: "a" }], [], []],
  ])("%s", (_case, events, stays, waits) => {
    const state = after(...events);
    expect(ids(state)).toEqual(stays);
    expect(unsent(state)).toEqual(waits);
  });

  it("shows a message as the server stored it, masked", () => {
    const state = after(typed("a", "900101-1234567"), replied("a", reply(1, 2, { user_message: "[주민등록번호]", protected: true })));
    expect(state.messages[0]).toMatchObject({ message: "[주민등록번호]", protected: true, created_at: "2026-03-02T12:00:00" });
  });

  it("prefers what the store says to what it made up from a reply", () => {
    const state = after(typed("a"), replied("a", reply(1, 2)), stored(question(1, "a", { created_at: "2026-03-02T11:59:59" })));
    expect(state.messages[0]?.created_at).toBe("2026-03-02T11:59:59");
    const late = after(stored(question(1, "a", { created_at: "2026-03-02T11:59:59" })), replied("a", reply(1, 2)));
    expect(late.messages[0]?.created_at).toBe("2026-03-02T11:59:59");
  });

  it("keeps a text the server will not store, with the reason", () => {
    const state = after(typed("a"), replied("a", reply(null, null, { ai_message: "메시지를 입력해 주세요." })));
    expect(state.outbox[0]?.delivery).toMatchObject({ kind: "refused", failure: { detail: "메시지를 입력해 주세요." } });
  });

  it("shows an answer that could not be stored beside the message, which can be sent again", () => {
    const sources = [{ document_id: "faq", source: "faq.csv", title: "자주 묻는 질문", section: "", page: 1, excerpt: "", score: 1 }];
    const answer = reply(null, null, { ai_message: "저장되지 않습니다.", unrecorded: true, source_documents: sources });
    const state = after(typed("a"), sending("a"), replied("a", answer));
    expect(state.outbox[0]?.delivery).toMatchObject({ kind: "refused", unrecorded: { text: "저장되지 않습니다.", sources } });
    expect(state.messages).toEqual([]);
    const again = after(typed("a"), sending("a"), replied("a", answer), { kind: "retried", clientMessageId: "a" }, replied("a", reply(1, 2)));
    expect(again.outbox).toEqual([]);
    expect(again.messages.map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe("a message that did not get through", () => {
  it.each<[string, Failure, Delivery]>([
    ["no network: the other way at once", unreachable, { kind: "waiting", failure: unreachable, retryAt: NOON_KST }],
    ["rate limit: when it says", refused(429, 700), { kind: "waiting", failure: refused(429, 700), retryAt: NOON_KST + 700 }],
    ["rate limit over the socket", refused(null, 700), { kind: "waiting", failure: refused(null, 700), retryAt: NOON_KST + 700 }],
    ["error over the socket: HTTP knows more", refused(null), { kind: "waiting", failure: refused(null), retryAt: NOON_KST }],
    ["database trouble", refused(503), { kind: "waiting", failure: refused(503), retryAt: NOON_KST }],
    ["session gone: the new one takes it", refused(404, null, "session_not_found"), { kind: "queued" }],
    ["cookie gone: the new session takes it", refused(401, null, "session_token_required"), { kind: "queued" }],
    ["not our server's answer", refused(403, null, "unknown"), { kind: "waiting", failure: refused(403, null, "unknown"), retryAt: NOON_KST }],
    ["too large", refused(413), { kind: "refused", failure: refused(413) }],
    ["not valid", refused(422), { kind: "refused", failure: refused(422) }],
  ])("%s", (_case, failure, delivery) => {
    expect(after(typed("a"), sending("a"), undelivered("a", failure)).outbox[0]?.delivery).toEqual(delivery);
  });

  it.each<[string, Failure, number[]]>([
    ["half a minute at most", refused(503), [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
    ["without a network four seconds at most", unreachable, [0, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000]],
  ])("waits longer each time, %s", (_case, failure, expected) => {
    let state = after(typed("a"));
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      state = next(state, undelivered("a", failure));
      const delivery = state.outbox[0]?.delivery;
      waits.push(delivery?.kind === "waiting" ? delivery.retryAt - NOON_KST : -1);
    }
    expect(waits).toEqual(expected);
  });

  it("takes turns between the transports", () => {
    let state = after(typed("a"));
    const ways: boolean[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      ways.push(state.outbox.some(prefersHttp));
      state = next(state, undelivered("a", unreachable));
    }
    expect(ways).toEqual([false, true, false, true]);
  });

  it("goes out when the network is back; one held by a rate limit keeps waiting", () => {
    const state = after(typed("a"), undelivered("a", unreachable), typed("b"), undelivered("b", refused(429, 700)), { kind: "reachable" });
    expect(state.outbox.map(({ delivery }) => delivery.kind)).toEqual(["queued", "waiting"]);
  });
});

describe("departure", () => {
  it.each<[string, Event[], string | number | null]>([
    ["nothing typed", [], null],
    ["the oldest first", [typed("a"), typed("b")], "a"],
    ["not before the server has the one before", [typed("a"), typed("b"), sending("a")], null],
    ["while the one before waits for the model", [typed("a"), typed("b"), sending("a"), processing("a", 2)], "b"],
    ["while the one before is answered", [typed("a"), typed("b"), sending("a"), delta("a", "예금")], "b"],
    ["once each", [typed("a"), typed("b"), sending("a"), delta("a", "예금"), sending("b")], null],
    ["cut, the one before goes first again", [typed("a"), typed("b"), sending("a"), delta("a", "예금"), undelivered("a", unreachable)], "a"],
    ["a waiting one holds up the next, so order is kept", [typed("a"), typed("b"), undelivered("a", refused(429, 700))], NOON_KST + 700],
    ["a refused one does not", [typed("a"), typed("b"), undelivered("a", refused(422))], "b"],
    ["its time has come", [typed("a"), undelivered("a", unreachable)], "a"],
    ["asked for by the customer", [typed("a"), undelivered("a", refused(422)), { kind: "retried", clientMessageId: "a" }], "a"],
    ["closed", [typed("a"), { kind: "closed" }], null],
    ["a refused one after a reload does not", [{ kind: "restored", outbox: after(typed("a"), undelivered("a", refused(422))).outbox }, typed("b")], "b"],
    ["nor in a new session", [typed("a"), undelivered("a", refused(422)), { kind: "restarted" }], null],
    ["a new session takes over what was in flight", [typed("a"), sending("a"), { kind: "restarted" }], "a"],
  ])("%s", (_case, events, expected) => {
    const leaving = departure(after(...events), NOON_KST);
    const found = leaving.kind === "now" ? leaving.outgoing.clientMessageId : leaving.kind === "later" ? leaving.at : null;
    expect(found).toBe(expected);
  });
});

describe("entries", () => {
  it("puts what was stored before what was typed, days apart, and names an author once", () => {
    const state = after(
      stored(
        question(1, "a", { created_at: "2026-03-01T23:59:00" }),
        message(2, { created_at: "2026-03-01T23:59:01" }),
        message(3, { created_at: "2026-03-02T09:00:00" }),
        message(4, { author: "agent", message: "" }),
        message(5),
      ),
      typed("b"),
      typed("c"),
    );
    expect(entries(state).map((entry) => [entry.kind, entry.key, "continues" in entry ? entry.continues : null])).toEqual([
      ["message", "a", false],
      ["message", "m2", false],
      ["day", "day-2026-03-02", null],
      ["message", "m3", false],
      ["message", "m5", true],
      ["outgoing", "b", false],
      ["outgoing", "c", true],
    ]);
  });

  it("keeps a bubble's key when its message is stored", () => {
    const before = entries(after(typed("a"))).map(({ key }) => key);
    const afterwards = entries(after(typed("a"), replied("a", reply(1, 2)))).map(({ key }) => key);
    expect(afterwards.slice(0, 1)).toEqual(before);
  });
});

describe("quickReplies", () => {
  const yes = { label: "네", message: "네" };
  const asked = stored(message(1, { quick_replies: [yes] }));
  it.each<[string, Event[], number]>([
    ["under the last answer", [asked], 1],
    ["not once it is being answered", [asked, typed("a"), sending("a")], 0],
    ["still, when what was typed cannot be sent", [asked, typed("a"), undelivered("a", refused(422))], 1],
    ["not under an older answer", [asked, stored(question(2, "a"), message(3))], 0],
    ["not when closed", [asked, { kind: "closed" }], 0],
  ])("%s", (_case, events, count) => {
    expect(quickReplies(after(...events))).toHaveLength(count);
  });
});

describe("handoverProgress", () => {
  const turn = (stage: StageName, status: HandoverStatus | null): Event => replied("a", reply(1, 2, { stage, handover_status: status }));
  const answer = (action: "CONTINUE" | "HANDOVER"): Event => stored(message(2, { suggested_action: action }));
  it.each<[string, Event[], Progress | null]>([
    ["nobody asked", [], null],
    ["consent asked", [turn("awaiting_consent", null)], null],
    ["collecting", [turn("collecting", "pending")], "collecting"],
    ["waiting", [turn("queued", "pending")], "queued"],
    ["waiting, unchanged in this turn", [turn("queued", null)], "queued"],
    ["an agent is here", [turn("attended", null)], "attended"],
    ["accepted meanwhile", [turn("queued", "pending"), handover("accepted")], "attended"],
    ["given back by the agent", [turn("queued", "pending"), handover("accepted"), handover("pending")], "queued"],
    ["cancelled", [turn("queued", "pending"), turn("assisted", "cancelled")], null],
    ["back with the assistant, unchanged in this turn", [handover("pending"), turn("assisted", null)], null],
    ["over, whoever was there", [turn("attended", null), { kind: "closed" }], null],
    ["reloaded while collecting", [answer("CONTINUE"), handover("pending")], "collecting"],
    ["reloaded while waiting", [answer("HANDOVER"), handover("pending")], "queued"],
  ])("%s", (_case, events, progress) => {
    expect(handoverProgress(after(...events))).toBe(progress);
  });
});

it.each<[string, Event[], boolean]>([
  ["once it was said", [typed("a", "네")], true],
  ["while it is sent", [typed("a", "네"), sending("a")], true],
  ["while it waits for the network", [typed("a", "네"), undelivered("a", unreachable)], true],
  ["not when it was refused", [typed("a", "네"), undelivered("a", refused(422))], false],
  ["not when it has arrived", [typed("a", "네"), replied("a", reply(1, 2))], false],
  ["not when something else was said", [typed("a", "아니요")], false],
])("it is on its way %s: %s", (_case, events, isIt) => {
  expect(isOnItsWay(after(...events), "네")).toBe(isIt);
});

describe("a new session", () => {
  it("keeps what was not sent and says so when the server forgot the old one", () => {
    const state = after(stored(question(1, "a"), message(2)), typed("b"), handover("pending"), { kind: "restarted" });
    expect(state).toMatchObject({ messages: [], handover: null, isRestarted: true });
    expect(unsent(state)).toEqual(["b"]);
  });

  it("says nothing when there was nothing to lose", () => {
    expect(after({ kind: "restarted" }).isRestarted).toBe(false);
  });

  it("is empty when the customer asked for it", () => {
    expect(after(stored(message(1)), typed("a"), { kind: "closed" }, { kind: "renewed" })).toEqual(EMPTY);
  });
});

describe("readTo, from where the stream is read on", () => {
  it.each<[string, Event[], number]>([
    ["nothing known", [], 0],
    ["a page", [read(message(1), message(4))], 4],
    ["the same page again", [read(message(1), message(4)), read(message(1))], 4],
    ["an answer that overtook what came before it", [read(message(1)), typed("a"), replied("a", reply(5, 6))], 1],
    ["news over the socket", [read(message(1)), stored(message(9))], 1],
    ["a new session begins anew", [read(message(9)), { kind: "restarted" }], 0],
  ])("%s", (_case, events, readTo) => {
    expect(after(...events).readTo).toBe(readTo);
  });

  it("is to be moved on when much stands above it", () => {
    const many = Array.from({ length: 40 }, (_, index) => message(10 + index));
    expect(isFarAhead(after(read(message(1)), stored(...many.slice(1))))).toBe(false);
    expect(isFarAhead(after(read(message(1)), stored(...many)))).toBe(true);
    expect(isFarAhead(after(read(...many)))).toBe(false);
  });
});

describe("an answer that is being written", () => {
  const out = [typed("a"), sending("a")];
  const words = [...out, delta("a", "예금 "), delta("a", "금리는")];
  const cut = [...words, undelivered("a", unreachable)];
  const shown = (state: Conversation): string[] => entries(state).flatMap((entry) => (entry.kind === "growing" ? [entry.text] : []));

  it.each<[string, Event[], string[]]>([
    ["nothing yet", out, []],
    ["in the queue", [...out, processing("a", 2)], []],
    ["word by word", words, ["예금 금리는"]],
    ["it still takes a while", [...words, processing("a", null)], ["예금 금리는"]],
    ["the stored answer takes its place", [...words, replied("a", reply(1, 2))], []],
    ["whatever that says", [...words, replied("a", reply(1, null, { stage: "attended" }))], []],
    ["the history was faster", [...words, read(question(1, "a"), message(2))], []],
    ["another tab's answer leaves it", [...words, replied(null, reply(1, 2))], ["예금 금리는"]],
    ["other news leave it", [...words, typed("b"), stored(message(1, { author: "agent" }))], ["예금 금리는"]],
    ["what was read stays when it is cut", cut, ["예금 금리는"]],
    ["and when it is sent again", [...cut, sending("a"), processing("a", 4), delta("a", "예금")], ["예금 금리는"]],
    ["until that has come as far", [...cut, sending("a"), delta("a", "예금 "), delta("a", "금리는 연")], ["예금 금리는 연"]],
    ["words of an attempt that was given up", [...cut, delta("a", " 늦은 말")], ["예금 금리는"]],
    ["words that come after their answer", [...out, replied("a", reply(1, 2)), delta("a", "늦은 말")], []],
    ["nothing was stored", [...words, replied("a", reply(null, null))], []],
    ["the server will not have it", [...words, undelivered("a", refused(422))], []],
    ["closed", [...words, { kind: "closed" }], []],
    ["a new conversation", [...words, { kind: "restarted" }], []],
  ])("%s", (_case, events, text) => {
    expect(shown(after(...events))).toEqual(text);
  });

  it("stands where the stored one will, also when something else is said meanwhile", () => {
    const before = after(...words, typed("b"));
    expect(entries(before).map(({ kind, key }) => [kind, key])).toEqual([
      ["outgoing", "a"],
      ["growing", "a-answer"],
      ["outgoing", "b"],
    ]);
    expect(entries(next(before, replied("a", reply(1, 2)))).map(({ key }) => key)).toEqual(["a", "m2", "b"]);
  });

  it("says when nothing brings more of it", () => {
    const isCut = (state: Conversation): boolean => entries(state).some((entry) => entry.kind === "growing" && entry.isCut);
    expect([words, cut, [...cut, sending("a")]].map((events) => isCut(after(...events)))).toEqual([false, true, false]);
  });

  it.each<[string, Event[], string | null]>([
    ["while a message is out", out, "a"],
    ["not while it waits for the network", [typed("a")], null],
    ["while it waits for the model", [...out, processing("a", 1)], "a"],
    ["not once its words come", words, null],
    ["not when they have to come again", [...cut, sending("a")], null],
    ["the next message while words of the one before come", [...words, typed("b"), sending("b")], "b"],
    ["not when a person will answer", [handover("accepted"), ...out], null],
    ["not when it is over", [...out, { kind: "closed" }], null],
  ])("the machine is waited for %s", (_case, events, expected) => {
    expect(awaited(after(...events))?.clientMessageId ?? null).toBe(expected);
  });

  it.each<[string, Event[], number | null]>([
    ["a server that does not tell", [...out, processing("a", null)], null],
    ["third", [...out, processing("a", 3)], 3],
    ["it moves on", [...out, processing("a", 3), processing("a", 1)], 1],
    ["its turn", [...out, processing("a", 1), processing("a", null)], null],
    ["cut", [...out, processing("a", 3), undelivered("a", unreachable), sending("a")], null],
    ["one of before", [...out, replied("a", reply(1, 2)), processing("a", 3)], null],
  ])("place in the queue: %s", (_case, events, place) => {
    expect(queuePositionOf(awaited(after(...events)))).toBe(place);
  });
});

describe("what wrote an answer", () => {
  const engineOf = (...events: Event[]): Message["engine"] => after(...events).messages.find(({ id }) => id === 2)?.engine;
  const live = [typed("a"), sending("a"), replied("a", reply(1, 2, { engine: "llm" }))];
  it.each<[string, Event[], Message["engine"]]>([
    ["live", live, "llm"],
    ["in history", [read(question(1, "a"), message(2, { engine: "llm" }))], "llm"],
    ["a history that does not tell", [...live, read(question(1, "a"), message(2))], "llm"],
    ["a history that knows better", [...live, read(question(1, "a"), message(2, { engine: "extractive" }))], "extractive"],
    ["nobody told", [read(message(2))], undefined],
  ])("%s", (_case, events, engine) => {
    expect(engineOf(...events)).toBe(engine);
  });
});

describe("what the customer thinks of an answer", () => {
  const judged = (useful: boolean | null): Event => ({ kind: "judged", messageId: 2, feedback: useful === null ? null : { useful } });
  it.each<[string, Event[], boolean | null]>([
    ["nothing yet", [], null],
    ["useful", [judged(true)], true],
    ["changed his mind", [judged(true), judged(false)], false],
    ["could not be told", [judged(true), judged(null)], null],
    ["read again from before it was said", [judged(true), stored(message(2))], true],
    ["said in another tab", [stored(message(2, { feedback: { useful: false } }))], false],
  ])("%s", (_case, events, useful) => {
    expect(after(stored(message(2)), ...events).messages[0]?.feedback?.useful ?? null).toBe(useful);
  });
});

describe("the place in the queue and the agent's name", () => {
  it.each<[string, Event[], Conversation["handover"]]>([
    ["nobody asked", [handover(null)], null],
    ["a server that does not tell", [handover("pending")], { handover_status: "pending", queue_position: null, agent_name: null }],
    ["third", [handover("pending", { queue_position: 3 })], { handover_status: "pending", queue_position: 3, agent_name: null }],
    [
      "a turn while waiting",
      [handover("pending", { queue_position: 3 }), replied("a", reply(1, 2, { stage: "queued" }))],
      { handover_status: "pending", queue_position: 3, agent_name: null },
    ],
    [
      "news without the place",
      [handover("pending", { queue_position: 3 }), handover("pending")],
      { handover_status: "pending", queue_position: 3, agent_name: null },
    ],
    [
      "asked for anew after it was cancelled",
      [handover("pending", { queue_position: 3 }), handover("cancelled"), handover("pending")],
      { handover_status: "pending", queue_position: null, agent_name: null },
    ],
    [
      "an agent is here",
      [handover("pending", { queue_position: 1 }), handover("accepted", { agent_name: "김하나" })],
      { handover_status: "accepted", queue_position: null, agent_name: "김하나" },
    ],
    [
      "a turn tells of the agent first",
      [handover("pending", { queue_position: 1 }), replied("a", reply(1, null, { stage: "attended" }))],
      { handover_status: "accepted", queue_position: null, agent_name: null },
    ],
  ])("%s", (_case, events, expected) => {
    expect(after(...events).handover).toEqual(expected);
  });
});

it.each<[string, Draft]>([
  ["", "empty"],
  [" \n ", "empty"],
  ["네", "good"],
  [" 예 ", "good"],
  ["가", "too-short"],
  ["가나", "good"],
  ["😀", "too-short"],
  ["가".repeat(2_000), "good"],
  [` ${"가".repeat(2_000)} `, "good"],
  ["가".repeat(2_001), "too-long"],
  ["😀".repeat(2_000), "good"],
])("draft %#", (text, draft) => {
  expect(judgeDraft(text, USUAL_LIMITS)).toBe(draft);
});

it("keeps to the bank's own limits", () => {
  const limits = { message_chars_min: 4, message_chars_max: 10 };
  expect(["가나다", "가나다라", "가".repeat(11)].map((text) => judgeDraft(text, limits))).toEqual(["too-short", "good", "too-long"]);
});

it("is over where the state of the hand-over says so", () => {
  const over = after(handover("accepted"), handover("accepted", { is_closed: true }));
  expect(over.isClosed).toBe(true);
  expect(handoverProgress(over)).toBeNull();
});

it.each<[string, Event[], boolean]>([
  ["nothing", [], false],
  ["a message on its way", [typed("a"), { kind: "sending", clientMessageId: "a" }], true],
  ["one that waits for the network", [typed("a")], false],
  ["a person asked for", [handover("pending")], true],
  ["a person who is there", [handover("accepted")], true],
  ["a person who has gone", [handover("accepted", { is_closed: true })], false],
])("expects something of %s", (_case, events, expected) => {
  expect(isExpecting(after(...events))).toBe(expected);
});

it("counts characters, not code units", () => {
  expect(charsOf("가😀 ")).toBe(2);
});
