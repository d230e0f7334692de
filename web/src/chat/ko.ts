import type { ConnectionLabel } from "../api/connection";

/** Everything this screen says in Korean. What the bank says (greeting, topics, answers) comes from the server. */
export const ko = {
  language: "ko" as const,
  switchTo: { language: "en" as const, label: "EN", name: "EN · Switch to English" },
  // A narrow header breaks before these two words, not between them.
  title: (bank: string) => `${bank} AI\u00A0상담`.trim(),
  skipToComposer: "입력창으로 건너뛰기",
  connectAgent: "상담원 연결",
  connectAgentMessage: "상담원 연결해 주세요",

  contact: {
    name: "전화 상담",
    customerCenter: "고객센터",
    emergency: "사고·분실 신고",
  },
  notes: {
    name: "이용 안내",
    lines: [
      "답변은 은행이 승인한 문서에 있는 내용만 안내하고, 출처를 함께 보여 드립니다.",
      "주민등록번호·계좌번호 같은 개인정보는 저장하기 전에 가려집니다.",
      "비밀번호와 인증번호는 어떤 경우에도 묻지 않습니다. 입력하지 마세요.",
    ],
  },

  log: {
    name: "상담 내용",
    loading: "상담을 준비하고 있습니다…",
    topics: "자주 찾는 상담",
    toBottom: "최근 메시지로",
    restarted: "이전 상담이 종료되어 새 상담을 시작합니다.",
  },
  timeOfDay: (hour: number, minute: string) => `${hour < 12 ? "오전" : "오후"} ${hour % 12 || 12}:${minute}`,
  author: { customer: "나", assistant: "AI 상담", agent: "상담원", system: "안내" },
  answering: "답변을 준비하고 있습니다",
  agentTyping: "상담원이 입력하고 있습니다",
  protected: "개인정보가 보호되었습니다",
  quickReplies: "답변 선택",
  sources: {
    name: (count: number) => `출처 ${count}건`,
    page: (page: number) => `${page}쪽`,
  },

  delivery: {
    queued: "전송 대기 중",
    sending: "전송 중",
    sent: "전송됨",
    waiting: "아직 보내지 못했습니다. 자동으로 다시 보냅니다.",
    refused: "보내지 못했습니다.",
    retry: "다시 보내기",
    discard: "지우기",
  },

  composer: {
    name: "메시지 보내기",
    label: "메시지",
    placeholder: "궁금한 내용을 입력해 주세요",
    send: "보내기",
    hint: "Enter 전송 · Shift+Enter 줄바꿈",
    counter: (chars: number, max: number) => `${chars.toLocaleString("ko")} / ${max.toLocaleString("ko")}자`,
    tooShort: "두 글자 이상 입력해 주세요.",
    tooLong: (over: number) => `${over.toLocaleString("ko")}자를 줄여 주세요.`,
  },

  handover: {
    collecting: {
      title: "상담원을 기다리는 중",
      body: "질문에 답해 주시면 상담원이 처음부터 다시 여쭙지 않습니다.",
    },
    queued: {
      title: "상담원을 기다리는 중",
      body: "순서가 되면 이 화면에서 바로 이어집니다. 기다리는 동안에도 메시지를 남기실 수 있습니다.",
    },
    attended: {
      title: "상담원과 대화 중",
      body: "지금부터는 상담원이 직접 답변해 드립니다.",
    },
  },

  closed: { body: "상담이 종료되었습니다. 이용해 주셔서 감사합니다.", renew: "새 상담 시작" },
  offline: "연결이 끊겼습니다. 보내신 메시지는 보관했다가 연결되면 바로 전송합니다.",
  trouble: "상담을 시작하지 못하고 있습니다. 계속 다시 시도합니다.",

  connectionName: "연결 상태",
  connection: {
    socket: "🟢 WebSocket 연결",
    connecting: "🟡 연결 중…",
    lost: "🔴 연결 끊김 (HTTP fallback)",
    http: "🔵 HTTP 모드",
  } satisfies Record<ConnectionLabel, string>,

  /** By the error's stable `code`; what is not here is said with the server's own `detail`. */
  failures: new Map([
    ["rate_limited", "메시지가 너무 빠르게 들어왔습니다."],
    ["payload_too_large", "메시지가 너무 깁니다."],
  ]),
  unreachable: "서버에 연결할 수 없습니다.",
  /** The server's `detail` is Korean, so it can be shown as it is. */
  showsDetail: true,

  /** In the panel on the bank's website, or come from a page about something. */
  embed: {
    close: "상담 닫기",
    topic: "보고 계신 내용",
    dropTopic: "보고 계신 내용 지우기",
  },
};

/** Every language says the same things. */
export type Text = Omit<typeof ko, "language" | "switchTo"> & {
  readonly language: "ko" | "en";
  readonly switchTo: { readonly language: "ko" | "en"; readonly label: string; readonly name: string };
};
