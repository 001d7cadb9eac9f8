import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** Most watched documentaries. */
export const documentary = shelved(
  { id: 'documentary', name: 'Documentaries', kinds: ['movie', 'series'] },
  { content },
);
