import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** Series of which an episode airs today, most watched first. */
export const airing = shelved({ id: 'airing', name: 'Airing today', kinds: ['series'] }, { content });
