import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** Most played here in the last days. */
export const trending = shelved(
  { id: 'trending', name: 'Trending', kinds: ['movie', 'series', 'tv', 'event'] },
  { content },
);
