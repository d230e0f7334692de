/** What the bank writes on the script tag. A value that makes no sense counts as left out, for a typing error must not cost the chat. */
import type { SignedCustomer } from "../api/embedding";
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

function accentOf(colour: string): Accent | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour.trim());
  const ground = short === null ? colour.trim() : `#${short.slice(1).map((digit) => digit + digit).join("")}`;
  if (!/^#[0-9a-f]{6}$/i.test(ground)) return null;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(parseInt(ground.slice(at, at + 2), 16) / 255));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Where both are equally far from the ground (WCAG 2.2, contrast ratio): √(1.05 × 0.05) − 0.05.
  return { ground, ink: luminance > 0.179 ? "#000000" : "#ffffff" };
}

/** sRGB to light (WCAG 2.2, relative luminance). */
function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
