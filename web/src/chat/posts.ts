/** The messages that HTTP carries now. */

/** The page came back and so long nothing was heard of what was under way: it may never end. Asking again costs nothing. */
const DOUBT_MS = 10_000;

export interface Post {
  /** Unix milliseconds. */
  heardAt: number;
  readonly given: AbortController;
}

export class Posts {
  readonly #underWay = new Set<Post>();

  begin(): Post {
    const post = { heardAt: Date.now(), given: new AbortController() };
    this.#underWay.add(post);
    return post;
  }

  end(post: Post): void {
    this.#underWay.delete(post);
  }

  giveUp(): void {
    for (const { given } of this.#underWay) given.abort();
  }

  /** Gives up those of which nothing was heard for long. */
  giveUpDoubtful(): void {
    for (const { heardAt, given } of this.#underWay) if (Date.now() - heardAt >= DOUBT_MS) given.abort();
  }
}
