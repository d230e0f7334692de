/** Ends after so long. `AbortSignal.timeout`, for the browsers of before 2022. */
export function after(ms: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(new DOMException(`${ms} ms are over`, "TimeoutError"));
  }, ms);
  return controller.signal;
}

/** Ends when any of them does. `AbortSignal.any`, for the browsers of before 2024 that customers still have. */
export function anyOf(signals: readonly AbortSignal[]): AbortSignal {
  const [only] = signals;
  if (only !== undefined && signals.length === 1) return only;
  const any = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) any.abort(signal.reason);
    const end = (): void => {
      any.abort(signal.reason);
    };
    signal.addEventListener("abort", end, { once: true, signal: any.signal });
  }
  return any.signal;
}

/** Ends when nothing is heard for so long. */
export class Silence {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number) {
    this.broken(ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something was heard; from now on so long may pass. */
  broken(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException(`${ms} ms of silence`, "TimeoutError"));
    }, ms);
  }

  /** Nothing more is listened for. */
  over(): void {
    clearTimeout(this.#timer);
  }
}
