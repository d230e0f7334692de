/** What is being typed survives a reload, in its own tab only: on a shared PC it must not wait for the next customer. */
const DRAFT = "bank-aicc.draft";

export function rememberedDraft(): string {
  try {
    return sessionStorage.getItem(DRAFT) ?? "";
  } catch {
    return "";
  }
}

export function rememberDraft(text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(DRAFT);
    else sessionStorage.setItem(DRAFT, text);
  } catch {
    // Full or blocked: the draft lasts as long as the page.
  }
}
