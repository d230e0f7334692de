/** What the widget itself says; the chat in the frame has its own catalogues. */

export type Language = "ko" | "en";

const ko = {
  /** On the launcher, unless the bank has its own word. */
  launcher: "AI 상담",
  open: (label: string, unread: number) => (unread === 0 ? `${label} 열기` : `${label} 열기, 읽지 않은 메시지 ${unread}개`),
  close: (label: string) => `${label} 닫기`,
  panel: (label: string) => `${label} 창`,
  loading: "상담을 준비하고 있습니다…",
  failed: "상담 화면을 불러오지 못했습니다. 인터넷 연결을 확인한 뒤 다시 시도해 주세요.",
  retry: "다시 시도",
  newWindow: "새 창에서 열기",
  news: (unread: number) => `상담에 읽지 않은 메시지가 ${unread}개 있습니다.`,
};

export type Words = typeof ko;

const en: Words = {
  launcher: "Chat with us",
  open: (label, unread) => (unread === 0 ? `Open ${label}` : `Open ${label}, ${unread} unread`),
  close: (label) => `Close ${label}`,
  panel: (label) => `${label} window`,
  loading: "Getting ready…",
  failed: "The chat could not be loaded. Please check your connection and try again.",
  retry: "Try again",
  newWindow: "Open in a new window",
  news: (unread) => (unread === 1 ? "You have 1 unread message in the chat." : `You have ${unread} unread messages in the chat.`),
};

export const words: Record<Language, Words> = { ko, en };
