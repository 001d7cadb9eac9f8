import { shelved } from '../shelved.ts';
import { content } from './queries.ts';

/** Most watched anime. */
export const anime = shelved({ id: 'anime', name: 'Anime', kinds: ['movie', 'series'] }, { content });
