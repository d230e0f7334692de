/** What the bank's own scripts can do with the chat. */

declare global {
  interface Window {
    /** There once `bank-aicc:ready` was dispatched on the window. */
    BankAicc?: Api;
  }
}

export interface Api {
  /** Opens the panel; a topic becomes the question that is offered in it. */
  open(options?: { topic?: string }): void;
  close(): void;
  toggle(): void;
  /** Who is logged in from now on, as on the script tag; without anything, nobody. For pages that do not load anew. */
  identify(customer?: { reference: string; signature: string }): void;
  /** Calls back until the function that is returned is called. */
  on<Kind extends keyof Events>(kind: Kind, listener: (detail: Events[Kind]) => void): () => void;
}

export interface Events {
  readonly open: null;
  readonly close: null;
  /** How many messages came while the panel was closed. */
  readonly unread: { readonly count: number };
}
