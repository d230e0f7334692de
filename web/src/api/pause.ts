/** A wait that an event may end early. Several may wait at once; `end` ends them all. */
export class Pause {
  readonly #waiting = new Set<() => void>();

  of(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  end(): void {
    for (const done of this.#waiting) done();
  }
}
