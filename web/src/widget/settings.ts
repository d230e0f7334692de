/** What the bank writes on the script tag. A value that makes no sense counts as left out, for a typing error must not cost the chat. */
import type { SignedCustomer } from "../api/embedding";
import { BLACK, colourOf, contrast, WHITE } from "../colour";
import { type Language, words } from "./words";

export interface Settings {
  /** The address of the chat's server, from where the script came. */
  readonly server: URL;
  readonly language: Language;
  readonly label: string;
  readonly position: "left" | "right";
  /** Null for the widget's own. */
  readonly accent: Accent | null;
  readonly topic: string | null;
  readonly customer: SignedCustomer | null;
}

export interface Accent {
  readonly ground: string;
  /** Black or white, whichever is easier to read on the ground. */
  readonly ink: string;
}

/** The launcher is a button, not a banner. */
const LABEL_CHARS_MAX = 20;
const REFERENCE_CHARS_MAX = 256;

/** `pageLanguage` is the host page's `<html lang>`, and decides where the tag does not. */
export function settingsOf(source: string, data: Readonly<Record<string, string | undefined>>, pageLanguage: string): Settings {
  const language = languageOf(data.lang ?? pageLanguage);
  return {
    server: new URL("/", source),
    language,
    label: textOf(data.label, LABEL_CHARS_MAX) ?? words[language].launcher,
    position: data.position === "left" ? "left" : "right",
    accent: accentOf(data.accent ?? ""),
    topic: data.topic ?? null,
    customer: customerOf(data.customer ?? "", data.signature ?? ""),
  };
}

/** The chat's page; the same address without `embed` is the full-page link. */
export function chatAddress({ server, language, topic }: Settings, isEmbedded: boolean): string {
  const address = new URL(server);
  if (isEmbedded) address.searchParams.set("embed", "1");
  address.searchParams.set("lang", language);
  if (topic !== null) address.searchParams.set("topic", topic);
  return address.href;
}

/** Who reads no Korean page is better served in English. */
function languageOf(tag: string): Language {
  return tag === "" || tag.toLowerCase().startsWith("ko") ? "ko" : "en";
}

function textOf(text: string | undefined, charsMax: number): string | null {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? null : Array.from(trimmed).slice(0, charsMax).join("");
}

/** Null for half of one, and for what cannot be a signature. */
export function customerOf(reference: string, signature: string): SignedCustomer | null {
  const isWhole = reference !== "" && reference.length <= REFERENCE_CHARS_MAX && /^[0-9a-f]{64}$/i.test(signature);
  return isWhole ? { reference, signature: signature.toLowerCase() } : null;
}

function accentOf(text: string): Accent | null {
  const ground = text.trim();
  const colour = colourOf(ground);
  if (colour === null) return null;
  return { ground, ink: contrast(BLACK, colour) > contrast(WHITE, colour) ? "#000000" : "#ffffff" };
}
