/** A server that says the same on every day: what the screen shows of it is the same to the pixel. */
import type { Page, WebSocketRoute } from "@playwright/test";
import type { Greeting, HandoverState, KnowledgeDocument, Message, Reply, Source } from "../src/api/client";
import { isRecord } from "../src/api/errors";

/** A Monday, within the hours in which agents are there. */
const NOW = new Date("2026-03-02T14:30:00+09:00");
const SESSION = "s_scripted";

const greeting: Greeting = {
  bank: "가온은행",
  greeting: "안녕하세요, 가온은행 AI 상담입니다. 무엇을 도와드릴까요?",
  topics: [
    { label: "대출 금리", message: "대출 금리가 얼마인가요?" },
    { label: "카드 분실 신고", message: "카드를 잃어버렸어요. 어떻게 신고하나요?" },
    { label: "이체 한도", message: "하루에 이체할 수 있는 한도가 얼마인가요?" },
    { label: "예금·적금 금리", message: "정기예금 금리가 얼마인가요?" },
    { label: "영업점 영업시간", message: "영업점 영업시간 알려주세요" },
  ],
  phones: { customer_center: "1588-0000", emergency: "1588-0099" },
  hours: { weekdays: "09:00-18:00" },
  theme: { accent: null, logo: null },
  limits: { message_chars_min: 2, message_chars_max: 2_000 },
  notice: {
    version: "1",
    text: "가온은행 상담은 사람이 아닌 인공지능(AI)이 먼저 답변합니다. 답변은 은행이 승인한 안내 문서에서 찾아 출처와 함께 보여 드리며, 고객님의 상황에 따라 정확하지 않을 수 있습니다. 상담원과 이야기하고 싶으시면 언제든지 '상담원 연결'을 선택해 주세요.",
  },
};

const LIMITS = [
  "가온은행 ATM의 출금 한도는 1회 100만원, 1일 600만원입니다. (기준일: 2026년 1월 1일, 개인 고객)",
  "거래: 카드·통장 출금 / 1회 한도: 100만원 / 1일 한도: 600만원",
  "거래: 스마트출금(카드 없이 출금) / 1회 한도: 100만원 / 1일 한도: 100만원",
].join("\n");

export const rate: Source = {
  source: "loan/credit-loan.md",
  page: 1,
  score: 0.99,
  document_id: "loan-credit-loan",
  title: "신용대출 안내",
  section: "신용대출 금리",
  excerpt: "신용대출 금리는 연 4.52%~6.87%이며, 신용평점과 거래 실적에 따라 달라집니다.",
};
export const repayment: Source = { ...rate, page: 2, section: "중도상환수수료", excerpt: "대출을 받은 날부터 3년이 지나면 없습니다." };
const limits: Source = {
  source: "branch/atm.md",
  page: 1,
  score: 0.99,
  document_id: "branch-atm",
  title: "ATM 이용·대여금고 안내",
  section: "ATM 출금·이체 한도",
  excerpt: LIMITS,
};

const document: KnowledgeDocument = {
  document_id: limits.document_id,
  source: limits.source,
  title: limits.title,
  effective_from: "2026-01-01",
  effective_until: null,
  sections: [
    section("ATM 이용 시간과 수수료", [
      { kind: "paragraph", text: "자동화기기(ATM)는 매일 0시 30분부터 23시 30분까지 이용할 수 있으며, 출금과 가온은행 계좌 이체에는 수수료가 없습니다." },
    ]),
    section("ATM 출금·이체 한도", [
      { kind: "paragraph", text: LIMITS.split("\n")[0] ?? "" },
      {
        kind: "table",
        header: ["거래", "1회 한도", "1일 한도"],
        rows: [
          ["카드·통장 출금", "100만원", "600만원"],
          ["카드·통장 이체", "600만원", "3,000만원"],
          ["스마트출금(카드 없이 출금)", "100만원", "100만원"],
        ],
      },
    ]),
    section("카드 없이 출금하기", [
      { kind: "paragraph", text: "카드가 없을 때는 앱의 [이체 > 스마트출금]에서 인증번호를 받아 ATM에서 출금할 수 있습니다. 인증번호는 10분 동안 한 번만 쓸 수 있습니다." },
    ]),
  ],
};

/** What was said before the page was opened. */
export const talks = {
  nothing: [],
  rate: [
    said(1, "customer", "대출 금리가 얼마인가요?"),
    said(2, "assistant", "신용대출 금리는 연 4.52%~6.87%이며, 신용평점과 거래 실적에 따라 달라집니다.\n중도상환수수료는 대출을 받은 날부터 3년이 지나면 없습니다.", { sources: [rate, repayment] }),
  ],
  generated: [
    said(1, "customer", "대출 금리와 중도상환수수료를 알려 주세요"),
    said(2, "assistant", "신용대출 금리는 연 4.52%~6.87%이며, 신용평점과 거래 실적에 따라 달라집니다. 중도상환수수료는 대출을 받은 날부터 3년이 지나면 없습니다.", {
      engine: "llm",
      sources: [rate, repayment],
    }),
  ],
  table: [said(1, "customer", "ATM 출금 한도"), said(2, "assistant", LIMITS, { sources: [limits] })],
  consent: [
    said(1, "customer", "상담원 연결해 주세요"),
    said(2, "assistant", "네, 상담원 연결을 도와드리겠습니다.\n\n정확하고 빠른 상담을 위해 지금까지 말씀하신 내용을 정리해 상담원에게 전달하려고 합니다. 동의하시면 '네', 원하지 않으시면 '아니요'를 선택해 주세요.", {
      quick_replies: [
        { label: "네, 동의합니다", message: "네, 동의합니다" },
        { label: "아니요", message: "아니요, 괜찮습니다" },
      ],
    }),
  ],
  waiting: [
    said(1, "customer", "상담원 연결해 주세요"),
    said(2, "assistant", "네, 상담원 연결을 도와드리겠습니다."),
    said(3, "customer", "네, 동의합니다"),
    said(4, "assistant", "상담원에게 연결하고 있습니다. 잠시만 기다려 주세요."),
  ],
  agent: [
    said(1, "customer", "상담원 연결해 주세요"),
    said(2, "assistant", "상담원에게 연결하고 있습니다. 잠시만 기다려 주세요."),
    said(3, "system", "상담원이 연결되었습니다."),
    said(4, "agent", "안녕하세요, 상담원 김하늘입니다. 말씀하신 대출 금리를 확인해 드리겠습니다."),
    said(5, "customer", "네, 감사합니다. 금리를 낮출 방법이 있을까요?"),
    said(6, "agent", "급여를 가온은행으로 받으시면 연 0.3%p 낮아집니다.\n신청은 1588-0000으로도 받고 있습니다."),
  ],
} satisfies Record<string, Message[]>;

export interface Scene {
  readonly talk: readonly Message[];
  readonly handover?: Partial<HandoverState>;
  /** Something other than what a first visit has in its storage. */
  readonly isNoticeSeen?: boolean;
}

/** The line between page and server. */
export interface Line {
  /** Whatever the page asks from now on gets no answer. */
  cut(): Promise<void>;
  /** Whatever it asks gets an answer again. */
  mend(): void;
  /** The server says it over the socket. */
  tell(frame: object): void;
  /** What was said to it over the socket, in order. */
  readonly asked: readonly Asked[];
  /** The server answers what was asked, whole. */
  answer(asked: Asked, reply: Partial<Reply>): void;
  /** From now on there is HTTP only, and messages sent over it are refused. */
  refuse(detail: string): Promise<void>;
}

/** A message as the page sent it. */
export interface Asked {
  readonly client_message_id: string;
  readonly user_message: string;
}

/** Answers whatever the page asks, in frames too, as `scene` has it. Call before the page is opened. */
export async function play(page: Page, { talk, handover, isNoticeSeen = talk.length > 0 }: Scene): Promise<Line> {
  let isCut = false;
  let isRefusing = false;
  let refusal = "";
  const asked: Asked[] = [];
  const sockets = new Set<WebSocketRoute>();
  const hangUp = async (): Promise<void> => {
    const open = [...sockets];
    sockets.clear();
    await Promise.all(open.map((socket) => socket.close()));
  };
  const standing: HandoverState = {
    session_id: SESSION,
    handover_status: null,
    handover_requested_at: null,
    handover_accepted_at: null,
    assigned_agent_id: null,
    ...handover,
  };
  await page.clock.setFixedTime(NOW);
  await page.addInitScript(
    ([session, notice]) => {
      localStorage.setItem("bank-aicc.session", session ?? "");
      if (notice !== undefined) localStorage.setItem("bank-aicc.notice", `${session}\n${notice}`);
    },
    isNoticeSeen ? [SESSION, greeting.notice.version] : [SESSION],
  );
  await page.route("**/api/v1/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    const answers: [RegExp, unknown][] = [
      [/\/greeting$/, greeting],
      [/\/messages$/, talk],
      [/\/handover-status$/, standing],
      [/\/knowledge\/documents\//, document],
    ];
    const answer = answers.find(([path]) => path.test(pathname))?.[1];
    if (isCut) await route.abort("internetdisconnected");
    else if (pathname.endsWith("/chat/message") && isRefusing) {
      await route.fulfill({ status: 400, json: { detail: refusal, code: "invalid", request_id: "scripted" } });
    } else if (pathname.endsWith("/events")) {
      // Nothing new: a stream that stays open.
      await new Promise(() => {});
    } else if (answer === undefined) await route.fulfill({ status: 204 });
    else await route.fulfill({ json: answer });
  });
  await page.routeWebSocket(/\/api\/v1\/chat\/ws\//, async (socket) => {
    if (isCut || isRefusing) {
      await socket.close();
      return;
    }
    sockets.add(socket);
    socket.onMessage((frame) => {
      const said: unknown = JSON.parse(String(frame));
      if (!isRecord(said)) return;
      if (said.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
      if (said.type === "message") asked.push({ client_message_id: String(said.client_message_id), user_message: String(said.user_message) });
    });
    socket.send(JSON.stringify({ type: "status" }));
  });
  const tell = (frame: object): void => {
    for (const socket of sockets) socket.send(JSON.stringify(frame));
  };
  return {
    async cut() {
      isCut = true;
      await hangUp();
    },
    mend() {
      isCut = false;
    },
    tell,
    asked,
    answer(question, reply) {
      tell({ type: "response", data: replied(question, talk.length + 1 + 2 * asked.indexOf(question), reply) });
    },
    async refuse(detail) {
      isRefusing = true;
      refusal = detail;
      await hangUp();
    },
  };
}

/** The answer to a message stored as `id`, itself stored as the next. */
export function replied({ client_message_id, user_message }: Asked, id: number, more: Partial<Reply>): Reply {
  return {
    ai_message: "",
    category: null,
    category_candidates: [],
    client_message_id,
    confidence: 0,
    created_at: "2026-03-02T14:30:00",
    engine: "extractive",
    handover_status: null,
    info_collection_complete: false,
    intent: "INFO_REQ",
    is_human_required_flow: false,
    is_session_end: false,
    message_id: id + 1,
    protected: false,
    quick_replies: [],
    source_documents: [],
    stage: "assisted",
    suggested_action: "CONTINUE",
    unrecorded: false,
    user_message,
    user_message_id: id,
    ...more,
  };
}

export function said(id: number, author: Message["author"], message: string, more: Partial<Message> = {}): Message {
  return {
    id,
    author,
    role: author === "customer" ? "user" : "assistant",
    message,
    created_at: `2026-03-02T14:${String(10 + id)}:00`,
    client_message_id: null,
    protected: false,
    sources: [],
    quick_replies: [],
    suggested_action: null,
    ...more,
  };
}

function section(heading: string, blocks: KnowledgeDocument["sections"][number]["blocks"]): KnowledgeDocument["sections"][number] {
  return { heading, page: 1, lines: [], blocks };
}
