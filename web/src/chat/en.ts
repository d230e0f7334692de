import { type Text, unbroken } from "./ko";

export const en: Text = {
  language: "en",
  switchTo: { language: "ko", label: "한국어", name: "한국어로 보기" },
  service: "AI support",
  title: (bank) => `${bank} AI support`.trim(),
  skipToComposer: "Skip to the message box",
  skipToMenu: "Skip to the menu",
  connectAgent: "Live agent",
  // The assistant understands Korean; this is what it is sent in either language.
  connectAgentMessage: "상담원 연결해 주세요",

  contact: {
    aside: "Help",
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
    begun: "This is a new conversation.",
    restarted: "The earlier conversation has ended; this is a new one.",
  },
  timeOfDay: (hour, minute) => `${hour % 12 || 12}:${minute} ${hour < 12 ? "AM" : "PM"}`,
  author: { customer: "You", assistant: "AI assistant", agent: "Agent", system: "Notice" },
  answering: "Preparing an answer",
  agentTyping: "The agent is typing",
  protected: "Personal data was protected",
  quickReplies: "Choose an answer",
  offered: (labels) => `You can answer: ${labels.join(", ")}`,
  answerNamed: (beginning) => `The answer “${beginning}”`,
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
    tooLong: (max, over) => `A message can have ${max.toLocaleString("en")} characters. Please remove ${over.toLocaleString("en")} ${over === 1 ? "character" : "characters"}.`,
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
  offline: "You are offline. Keep this window open, and your messages are sent as soon as you are back.",
  online: "You are connected again.",
  trouble: "The conversation cannot be started yet. We keep trying.",

  connectionName: "Connection",
  connection: {
    socket: "🟢 WebSocket connected",
    connecting: "🟡 Connecting…",
    lost: "🔴 Disconnected (HTTP fallback)",
    http: "🔵 HTTP mode",
  },
  connectionSpoken: {
    socket: "connected",
    connecting: "connecting",
    lost: "disconnected",
    http: "connected over HTTP",
  },

  failures: new Map([
    ["rate_limited", "Messages came in too quickly."],
    ["payload_too_large", "The message is too long."],
    ["text_too_long", "The message is too long."],
    ["not_stored", "The message is too short or too long."],
    ["invalid_text", "The message has characters that cannot be used."],
    ["invalid_request", "The message cannot be taken as it is."],
    ["request_timeout", "It took too long to arrive."],
    ["not_ready", "The service is just starting."],
    ["contended", "Too much came in at once."],
    ["session_token_required", "Your browser does not keep the cookie that a conversation needs."],
    ["session_token_wrong", "This conversation belongs to another window by now."],
  ]),
  unreachable: "The server cannot be reached.",
  // The detail is Korean; by the code the bank can tell what it was.
  otherFailure: ({ code }) => `The service has a problem at the moment (${code}).`,

  aiBadge: { label: "AI", name: "Artificial intelligence (AI)", rest: "assistant" },
  agentNamed: (name) => `Agent ${name}`,
  earlier: "Earlier messages",
  copy: { copy: "Copy", copied: "Copied", failed: "Could not be copied" },
  document: {
    loading: "Loading the document…",
    failed: "The document could not be opened.",
    gone: "This document is not in force at present.",
    retry: "Try again",
    close: "Close the document",
    cited: "Quoted in the answer",
    moved: "The quoted passage was not found here. The document may have been revised.",
    name: "Source document",
    body: "Text of the document",
    from: (day) => `In force from ${day}`,
    until: (day) => `In force until ${day}`,
    between: (from, until) => `In force ${from} – ${until}`,
  },
  feedback: {
    name: "Rate this answer",
    useful: "Helpful",
    notUseful: "Not helpful",
    reasonsTitle: "What was missing?",
    reasons: {
      wrong: "It is not correct",
      incomplete: "Something is missing",
      unclear: "It is hard to understand",
      other: "Something else",
    },
    comment: "Anything to add (optional)",
    commentHint: "Please leave out personal data such as names or account numbers.",
    counter: (chars, max) => `${chars} / ${max}`,
    send: "Send",
    sending: "Sending…",
    cancel: "Cancel",
    thanks: "Thank you for telling us.",
    given: { useful: "You chose “Helpful”.", notUseful: "You chose “Not helpful”." },
    change: "Change",
    failed: "This could not be sent. Please try again.",
  },
  transcript: {
    download: "Save the conversation",
    print: "Print the conversation or save as PDF",
    title: "conversation",
    file: "conversation",
    savedAt: (moment) => `Saved: ${moment} (Korean time)`,
    aboutAi: "What “AI assistant” says was written by artificial intelligence.",
    byAi: "(written by AI)",
    source: "Source",
  },

  // The shell: header, settings, notice, progress, kiosk.
  menu: {
    name: "Menu",
    switchLanguage: "한국어",
    agentWaiting: "Waiting",
    agentConnected: "Connected",
    call: (name, number) => `${name} ${number}`,
  },
  settings: {
    name: "Display settings",
    theme: "Colours",
    themes: { system: "As the device", light: "Light", dark: "Dark", contrast: "High contrast" },
    textSize: "Text size",
    textSizes: { 1: "Small", 2: "Normal", 3: "Large", 4: "Very large" },
    language: "Language",
    done: "Done",
  },
  renewal: {
    name: "New conversation",
    question: "Start a new conversation?",
    body: "What was said so far disappears from this screen. If you are waiting for an agent, you may lose your place.",
    confirm: "Start anew",
    cancel: "Continue this one",
  },
  aiNotice: {
    name: "An AI answers here",
    brief: "It may be wrong at times.",
    more: "More",
    acknowledge: "Understood",
  },
  progress: {
    name: "Progress towards an agent",
    steps: { consent: "Consent", queue: "Queue", connected: "Connected" },
    done: "done",
    consent: { title: "May we pass this on?", body: "If you agree, a summary of this conversation goes to the agent." },
    position: (position) => (position === 1 ? "you are next" : `number ${position.toLocaleString("en")} in the queue`),
    attendedBy: (name) => `Talking to agent ${name}`,
    cancel: "Cancel",
    days: { weekdays: "Mon–Fri", saturday: "Sat", sunday: "Sun" },
    outside: (hours) => `No agent is here at this time (hours: ${hours}, Korean time).`,
    next: ({ daysAhead, weekday, from }) => {
      const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
      const day = daysAhead === 0 ? "today" : daysAhead === 1 ? "tomorrow" : `on ${days[weekday] ?? ""}`;
      return `From ${from} ${day} agents answer here, in order of arrival.`;
    },
    urgent: (number) => `For loss or fraud, please call ${unbroken(number)}.`,
  },
  // As above: the assistant understands Korean.
  cancelAgentMessage: "상담원 연결 취소할게요",
  slow: "The answer is taking longer than usual. It will appear here as soon as it is ready.",
  kiosk: {
    finish: "Finish",
    finishQuestion: "Finish this conversation?",
    finishBody: "Nothing you entered stays on this device.",
    finishNow: "Finish now",
    goOn: "Continue",
    warning: "Would you like to continue?",
    left: (seconds) => `The conversation ends in ${seconds} ${seconds === 1 ? "second" : "seconds"}. Nothing you entered stays on this device.`,
  },

  embed: {
    close: "Close the chat",
    topic: "About this page",
    dropTopic: "Remove what this page is about",
  },
};
