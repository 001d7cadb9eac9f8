import { useState } from 'react';
import { toFailure } from './polling.ts';

export type Acting = {
  isActing: boolean;
  /** What the server said to the last one; null: it did it. */
  failure: string | null;
  /** True: it was done. */
  act(work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
};

/** Something that is done at the press of a button, without asking twice. */
export function useActing(onExpired: () => void): Acting {
  const [isActing, setIsActing] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function act(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    setIsActing(true);
    try {
      await work(new AbortController().signal);
      setFailure(null);
      return true;
    } catch (reason) {
      const refused = toFailure(reason);
      if (refused.status === 401) onExpired();
      else setFailure(wordsOf(refused));
      return false;
    } finally {
      setIsActing(false);
    }
  }

  return { isActing, failure, act };
}

/** With what was wrong with which field. */
function wordsOf({ message, issues }: ReturnType<typeof toFailure>): string {
  const faults = issues.map(({ path, message: fault }) => `${path} ${fault}`.trim());
  return faults.length === 0 ? message : `${message} ${faults.join('; ')}.`;
}
