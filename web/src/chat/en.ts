import type { Text } from "./ko";

export const en: Text = {
  language: "en",
  switchTo: { language: "ko", label: "한국어", name: "한국어로 보기" },
  title: (bank) => `${bank} AI\u00A0support`.trim(),
  skipToComposer: "Skip to the message box",
  connectAgent: "Live agent",
  // The assistant understands Korean; this is what it is sent in either language.
  connectAgentMessage: "상담원 연결해 주세요",

  contact: {
    name: "By phone",
    customerCenter: "Support",
    emergency: "Loss · fraud",
  },
  notes: {
    name: "Good to know",
    lines: [
      "Answers come only from documents the bank has approved, and show their source.",
      "Personal data such as resident or account numbers is masked before it is stored.",
      "We never ask for passwords or verification codes. Please do not enter them.",
    ],
  },

  log: {
    name: "Conversation",
    loading: "Getting ready…",
    topics: "Common topics",
    toBottom: "Latest message",
    restarted: "The earlier conversation has ended; this is a new one.",
  },
  timeOfDay: (hour, minute) => `${hour % 12 || 12}:${minute} ${hour < 12 ? "AM" : "PM"}`,
  author: { customer: "You", assistant: "AI assistant", agent: "Agent", system: "Notice" },
  answering: "Preparing an answer",
  agentTyping: "The agent is typing",
  protected: "Personal data was protected",
  quickReplies: "Choose an answer",
  sources: {
    name: (count) => (count === 1 ? "1 source" : `${count} sources`),
    page: (page) => `p. ${page}`,
  },

  delivery: {
    queued: "Waiting to send",
    sending: "Sending",
    sent: "Sent",
    waiting: "Not sent yet. It will be sent again automatically.",
    refused: "Not sent.",
    retry: "Try again",
    discard: "Remove",
  },

  composer: {
    name: "Send a message",
    label: "Message",
    placeholder: "How can we help?",
    send: "Send",
    hint: "Enter to send · Shift+Enter for a new line",
    counter: (chars, max) => `${chars.toLocaleString("en")} / ${max.toLocaleString("en")}`,
    tooShort: "Please enter at least two characters.",
    tooLong: (over) => `Please remove ${over.toLocaleString("en")} ${over === 1 ? "character" : "characters"}.`,
  },

  handover: {
    collecting: {
      title: "Waiting for an agent",
      body: "Your answers go to the agent, so nobody has to ask you twice.",
    },
    queued: {
      title: "Waiting for an agent",
      body: "An agent will join here as soon as it is your turn. You can leave messages meanwhile.",
    },
    attended: {
      title: "Talking to an agent",
      body: "From now on a person answers you.",
    },
  },

  closed: { body: "This conversation has ended. Thank you.", renew: "Start a new conversation" },
  offline: "You are offline. Your messages are kept and sent as soon as you are back.",
  trouble: "The conversation cannot be started yet. We keep trying.",

  connectionName: "Connection",
  connection: {
    socket: "🟢 WebSocket connected",
    connecting: "🟡 Connecting…",
    lost: "🔴 Disconnected (HTTP fallback)",
    http: "🔵 HTTP mode",
  },

  failures: new Map([
    ["rate_limited", "Messages came in too quickly."],
    ["payload_too_large", "The message is too long."],
  ]),
  unreachable: "The server cannot be reached.",
  showsDetail: false,

  embed: {
    close: "Close the chat",
    topic: "About this page",
    dropTopic: "Remove what this page is about",
  },
};
