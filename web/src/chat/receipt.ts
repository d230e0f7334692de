/** The receipt that the customer has seen the notice that a machine answers (인공지능기본법), until the server has it. */
import * as api from "../api/client";
import { failureOf } from "../api/errors";
import type { Session } from "./keeper";
import * as memory from "./memory";

export class Receipt {
  /** The version that was seen and of which the server has not been told. */
  #owed: string | null = null;

  owe(version: string): void {
    this.#owed = version;
  }

  drop(): void {
    this.#owed = null;
  }

  /** The version that was seen in this session; null: none yet. */
  seenIn(session: string): string | null {
    return this.#owed ?? memory.rememberedNotice(session);
  }

  async send(session: Session | null): Promise<void> {
    const version = this.#owed;
    if (session === null || version === null) return;
    try {
      await api.acknowledgeNotice(session.id, version);
    } catch (thrown) {
      // It is sent again with the next sign of life; a server that will not have it is not asked twice.
      if (failureOf(thrown).kind === "unreachable") return;
    }
    if (session.over.signal.aborted || this.#owed !== version) return;
    this.#owed = null;
    memory.rememberNotice(session.id, version);
  }
}
