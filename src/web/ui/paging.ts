import { useEffect, useState } from 'react';
import type { ApiFailure } from './api.ts';
import { toFailure } from './polling.ts';

export type Paged<Item> = {
  /** Of all pages that were asked for; null before the first is there. */
  items: readonly Item[] | null;
  hasMore: boolean;
  isLoading: boolean;
  error: ApiFailure | null;
  /** Asks for the next page. */
  more(): void;
  /** From the first page again. */
  reload(): void;
  /** Out of what is shown; the server knows already. */
  drop(isGone: (item: Item) => boolean): void;
};

type AskPage<Item> = (
  cursor: string | null,
  signal: AbortSignal,
) => Promise<{ items: readonly Item[]; nextCursor: string | null }>;

type State<Item> = {
  items: readonly Item[] | null;
  cursor: string | null;
  isLoading: boolean;
  error: ApiFailure | null;
};
const EMPTY = { items: null, cursor: null, isLoading: true, error: null };

/** A list that comes page by page: the first when it is shown, each other when asked for. `ask` must be stable: another one is another component. */
export function usePaged<Item>(ask: AskPage<Item>): Paged<Item> {
  const [state, setState] = useState<State<Item>>(EMPTY);
  const [wanted, setWanted] = useState<{ cursor: string | null }>({ cursor: null });

  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, isLoading: true }));
    ask(wanted.cursor, stop.signal).then(
      ({ items, nextCursor }) => {
        if (stop.signal.aborted) return;
        setState((before) => ({
          items: wanted.cursor === null ? items : [...(before.items ?? []), ...items],
          ...{ cursor: nextCursor, isLoading: false, error: null },
        }));
      },
      (reason: unknown) => {
        if (stop.signal.aborted) return;
        setState((before) => ({ ...before, isLoading: false, error: toFailure(reason) }));
      },
    );
    return () => stop.abort();
  }, [ask, wanted]);

  return {
    ...{ items: state.items, hasMore: state.cursor !== null, isLoading: state.isLoading, error: state.error },
    more: () => setWanted({ cursor: state.cursor }),
    reload: () => setWanted({ cursor: null }),
    drop: (isGone) =>
      setState((before) => ({ ...before, items: (before.items ?? []).filter((item) => !isGone(item)) })),
  };
}
