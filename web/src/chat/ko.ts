import type { ConnectionLabel } from "../api/connection";
import type { Opening } from "./hours";

/** Everything this screen says in Korean. What the bank says (greeting, topics, answers) comes from the server. */
export const ko = {
  language: "ko" as const,
  switchTo: { language: "en" as const, label: "EN", name: "EN · Switch to English" },
  /** What this is, below the bank's name. */
  service: "AI 상담",
  title: (bank: string) => `${bank} AI 상담`.trim(),
  skipToComposer: "입력창으로 건너뛰기",
  skipToMenu: "메뉴로 건너뛰기",
  connectAgent: "상담원 연결",
  connectAgentMessage: "상담원 연결해 주세요",

  contact: {
    aside: "상담 안내",
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
    begun: "새 상담을 시작합니다.",
    restarted: "이전 상담이 종료되어 새 상담을 시작합니다.",
  },
  timeOfDay: (hour: number, minute: string) => `${hour < 12 ? "오전" : "오후"} ${hour % 12 || 12}:${minute}`,
  author: { customer: "나", assistant: "AI 상담", agent: "상담원", system: "안내" },
  answering: "답변을 준비하고 있습니다",
  /** A question waits for the language model. */
  answerQueue: (position: number) =>
    position === 1 ? "다음 차례에 바로 답변해 드립니다." : `앞선 문의 ${(position - 1).toLocaleString("ko")}건에 이어 답변해 드리겠습니다.`,
  agentTyping: "상담원이 입력하고 있습니다",
  protected: "개인정보가 보호되었습니다",
  quickReplies: "답변 선택",
  offered: (labels: readonly string[]) => `선택하실 수 있는 답변: ${labels.join(", ")}`,
  /** What the buttons below an answer are about. */
  answerNamed: (beginning: string) => `답변 ‘${beginning}’`,
  /** The mark that the AI Basic Act (인공지능기본법) asks for on what a language model wrote; `check` where there are sources below. */
  generated: {
    mark: "생성형 AI가 은행 문서를 바탕으로 작성한 답변입니다.",
    check: "중요한 내용은 아래 출처에서 확인해 주세요.",
  },
  sources: {
    name: (count: number) => `출처 ${count}건`,
    page: (page: number) => `${page}쪽`,
  },

  delivery: {
    queued: "전송 대기 중",
    sending: "보내는 중",
    sent: "전송됨",
    waiting: "아직 보내지 못했습니다. 자동으로 다시 보냅니다.",
    cut: "답변을 끝까지 받지 못했습니다. 자동으로 다시 받습니다.",
    refused: "보내지 못했습니다.",
    unrecorded: "이 메시지와 답변은 저장되지 않았습니다.",
    retry: "다시 보내기",
    fetch: "다시 받기",
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
    tooLong: (max: number, over: number) => `한 번에 ${max.toLocaleString("ko")}자까지 보낼 수 있습니다. ${over.toLocaleString("ko")}자를 줄여 주세요.`,
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
  offline: "연결이 끊겼습니다. 이 창을 열어 두시면 연결되는 대로 메시지를 보내 드립니다.",
  online: "다시 연결되었습니다.",
  trouble: "상담을 시작하지 못하고 있습니다. 계속 다시 시도합니다.",

  connectionName: "연결 상태",
  connection: {
    socket: "🟢 WebSocket 연결",
    connecting: "🟡 연결 중…",
    lost: "🔴 연결 끊김 (HTTP fallback)",
    http: "🔵 HTTP 모드",
  } satisfies Record<ConnectionLabel, string>,
  /** The same for a screen reader, which would read the coloured dots out. */
  connectionSpoken: {
    socket: "연결됨",
    connecting: "연결하는 중",
    lost: "연결 끊김",
    http: "HTTP로 연결됨",
  } satisfies Record<ConnectionLabel, string>,

  /** By the error's stable `code`. */
  failures: new Map([
    ["rate_limited", "메시지가 너무 빠르게 들어왔습니다."],
    ["payload_too_large", "메시지가 너무 깁니다."],
  ]),
  unreachable: "서버에 연결할 수 없습니다.",
  /** Any other; the server's own `detail` is Korean. */
  otherFailure: ({ detail }: { readonly code: string; readonly detail: string }) => detail,

  // Conversation: answers, sources, feedback, transcript
  /** Shown before every word of a machine; `name` is what a screen reader says for it. */
  aiBadge: { label: "AI", name: "인공지능(AI)", rest: "상담" },
  agentNamed: (name: string) => `상담원 ${name}`,
  earlier: "이전 메시지 보기",
  copy: { copy: "복사", copied: "복사했습니다", failed: "복사하지 못했습니다" },
  document: {
    loading: "문서를 불러오고 있습니다…",
    failed: "문서를 열지 못했습니다.",
    gone: "지금은 시행 중이 아니어서 열 수 없는 문서입니다.",
    retry: "다시 시도",
    close: "문서 닫기",
    cited: "답변에 인용된 내용",
    moved: "인용된 부분을 이 문서에서 찾지 못했습니다. 문서가 개정되었을 수 있습니다.",
    name: "출처 문서",
    body: "문서 내용",
    from: (day: string) => `${day}부터 시행`,
    until: (day: string) => `${day}까지 시행`,
    between: (from: string, until: string) => `시행 기간 ${from} ~ ${until}`,
  },
  feedback: {
    name: "답변 평가",
    useful: "도움이 됐어요",
    notUseful: "아쉬워요",
    reasonsTitle: "어떤 점이 아쉬우셨나요?",
    reasons: {
      wrong: "내용이 사실과 달라요",
      incomplete: "필요한 내용이 빠졌어요",
      unclear: "이해하기 어려워요",
      other: "그 밖의 이유",
    },
    comment: "더 하실 말씀 (선택)",
    commentHint: "이름·계좌번호 같은 개인정보는 적지 마세요.",
    counter: (chars: number, max: number) => `${chars} / ${max}자`,
    send: "의견 보내기",
    sending: "보내는 중…",
    cancel: "취소",
    thanks: "의견 감사합니다.",
    given: { useful: "‘도움이 됐어요’를 선택하셨습니다.", notUseful: "‘아쉬워요’를 선택하셨습니다." },
    change: "바꾸기",
    failed: "의견을 보내지 못했습니다. 다시 시도해 주세요.",
  },
  transcript: {
    download: "상담 내용 저장",
    print: "상담 내용 인쇄 · PDF 저장",
    title: "내용",
    file: "상담내용",
    savedAt: (moment: string) => `저장한 때: ${moment} (한국 시간)`,
    aboutAi: "‘AI 상담’의 글은 인공지능이 작성했습니다.",
    byAi: "(인공지능 작성)",
    byGenerativeAi: "(생성형 인공지능 작성)",
    source: "출처",
  },

  // The shell: header, settings, notice, progress, kiosk.
  menu: {
    name: "메뉴",
    switchLanguage: "English",
    agentWaiting: "상담원 대기 중",
    agentConnected: "상담원 연결됨",
    call: (name: string, number: string) => `${name} ${number}`,
  },
  settings: {
    name: "화면 설정",
    theme: "화면 색상",
    themes: { system: "기기 설정", light: "밝게", dark: "어둡게", contrast: "고대비" },
    textSize: "글자 크기",
    textSizes: { 1: "작게", 2: "보통", 3: "크게", 4: "아주 크게" },
    language: "언어",
    done: "완료",
  },
  renewal: {
    name: "새 상담 시작",
    question: "새 상담을 시작할까요?",
    body: "지금까지의 상담 내용은 이 화면에서 사라집니다. 상담원 연결을 기다리고 계셨다면 순서가 취소될 수 있습니다.",
    confirm: "새로 시작",
    cancel: "계속 상담하기",
  },
  aiNotice: {
    name: "인공지능(AI)이 답변합니다",
    brief: "답변이 정확하지 않을 수 있습니다.",
    more: "자세히",
    acknowledge: "확인했습니다",
  },
  progress: {
    name: "상담원 연결 진행 상황",
    steps: { consent: "동의", queue: "대기", connected: "연결" },
    done: "완료",
    consent: { title: "상담 내용 전달에 동의해 주세요", body: "동의하시면 지금까지의 상담 내용을 정리해 상담원에게 전달합니다." },
    position: (position: number) => (position === 1 ? "다음 차례" : `대기 순번 ${position.toLocaleString("ko")}번째`),
    attendedBy: (name: string) => `${name} 상담원과 대화 중`,
    cancel: "연결 취소",
    days: { weekdays: "평일", saturday: "토요일", sunday: "일요일" },
    outside: (hours: string) => `지금은 상담 시간(${hours})이 아닙니다.`,
    next: ({ daysAhead, weekday, from }: Opening) => {
      const day = daysAhead === 0 ? "오늘" : daysAhead === 1 ? "내일" : `${"일월화수목금토".charAt(weekday)}요일`;
      return `${day} ${from}부터 접수된 순서대로 도와드립니다.`;
    },
    urgent: (number: string) => `급한 사고는 ${unbroken(number)}로 신고해 주세요.`,
  },
  cancelAgentMessage: "상담원 연결 취소할게요",
  slow: "답변이 평소보다 늦어지고 있습니다. 준비되는 대로 바로 보여 드리겠습니다.",
  kiosk: {
    finish: "상담 끝내기",
    finishQuestion: "상담을 끝낼까요?",
    finishBody: "입력하신 내용은 이 기기에 남지 않습니다.",
    finishNow: "지금 끝내기",
    goOn: "계속하기",
    warning: "계속 상담하시겠어요?",
    left: (seconds: number) => `${seconds}초 뒤에 상담을 끝내고 첫 화면으로 돌아갑니다. 입력하신 내용은 이 기기에 남지 않습니다.`,
  },

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

/** A phone number is one word. */
export function unbroken(number: string): string {
  return number.replaceAll("-", "\u2011");
}
