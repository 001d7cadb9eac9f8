import type { Guesses } from '../archives/guesses.ts';

/** Of all releases together: what viewers wait for has the connections. */
const AT_ONCE = 2;
/** The player's first questions, at both ends of the film, come first. */
const START_MS = 1000;
/** After one that could not be read; so many in a row, and whoever opens it next may look further. */
const PAUSE_MS = 2000;
const MOST_FAILURES = 5;

type Look = {
  guesses: Guesses;
  /** Where the viewer stands who was given something last. */
  offset: number;
  /** It waits, to begin or after a failure; null: it may go on. */
  timer: NodeJS.Timeout | null;
  failures: number;
  abort: AbortController;
};

/** Looks at guessed volumes of what is being watched, in the order in which playing comes to them, so that a seek there costs one article. */
export class GuessLooks {
  /** By release; whose turn is next comes first. */
  readonly #looks = new Map<string, Look>();
  #running = 0;

  /** A viewer of this file was given what lies before `offset`. */
  moved(key: string, guesses: Guesses | null, offset: number): void {
    const look = this.#looks.get(key);
    if (guesses === null) return;
    if (look === undefined) {
      const begun: Look = { guesses, offset, timer: null, failures: 0, abort: new AbortController() };
      this.#looks.set(key, begun);
      this.#pause(begun, START_MS);
      return;
    }
    const isOther = look.guesses !== guesses;
    look.guesses = guesses;
    look.offset = offset;
    if (isOther) this.#fill();
  }

  /** Nobody has it open any more. */
  stop(key: string): void {
    const look = this.#looks.get(key);
    if (look === undefined) return;
    this.#looks.delete(key);
    if (look.timer !== null) clearTimeout(look.timer);
    look.abort.abort(new Error('nobody watches this any more'));
  }

  close(): void {
    for (const key of [...this.#looks.keys()]) this.stop(key);
  }

  #pause(look: Look, ms: number): void {
    look.timer = setTimeout(() => {
      look.timer = null;
      this.#fill();
    }, ms).unref();
  }

  #fill(): void {
    for (const [key, look] of [...this.#looks]) {
      while (this.#running < AT_ONCE && look.timer === null && look.failures < MOST_FAILURES) {
        const next = look.guesses.next(look.offset);
        if (next === null) break;
        this.#looks.delete(key);
        this.#looks.set(key, look);
        void this.#run(look, next);
      }
    }
  }

  /** Never rejects: whoever comes there finds out for himself. */
  async #run(look: Look, offset: number): Promise<void> {
    const { guesses, abort } = look;
    this.#running += 1;
    try {
      await guesses.look(offset, abort.signal);
      look.failures = 0;
    } catch {
      look.failures += 1;
      if (!abort.signal.aborted && look.timer === null) this.#pause(look, PAUSE_MS);
    } finally {
      this.#running -= 1;
    }
    this.#fill();
  }
}
