import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** Most watched titles of a year. */
export const year = shelved(
  { id: 'year', name: 'By year', kinds: ['movie', 'series'] },
  { content, choice: 'required', order: 'last' },
);
