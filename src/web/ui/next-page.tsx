import { Button } from '@mantine/core';
import type { Paged } from './paging.ts';

/** What asks for the next page of a list; nothing where it is whole. */
export function NextPage({ of }: { of: Pick<Paged<unknown>, 'hasMore' | 'isLoading' | 'more'> }) {
  if (!of.hasMore) return null;
  return (
    <div className="tb-actions tb-next-page">
      <Button variant="default" loading={of.isLoading} onClick={of.more}>
        Show more
      </Button>
    </div>
  );
}
