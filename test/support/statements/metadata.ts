import { setStandings } from '../../../src/features/media/queries/match.ts';
import { keepProviderImages, putProviderImages } from '../../../src/features/media/queries/texts.ts';
import * as answers from '../../../src/features/metadata/queries/answers.ts';
import * as doubts from '../../../src/features/metadata/queries/doubts.ts';
import * as due from '../../../src/features/metadata/queries/due.ts';
import * as origins from '../../../src/features/metadata/queries/origins.ts';
import * as progress from '../../../src/features/metadata/queries/progress.ts';
import * as stale from '../../../src/features/metadata/queries/stale.ts';
import { fieldPrints, storedTitles } from '../../../src/features/metadata/queries/titles.ts';
import { type Calls, FILM, SERIES } from './sample.ts';

const title = { kind: 'movie' as const, title: 'The river', ids: { imdb: 'tt90000001' } };
const offer = { provider: 'tmdb', region: 'DE', service: 'Netflix', offer: 'rent', url: null };
const doubt = {
  provider: 'tmdb',
  kind: 'ids' as const,
  ids: { tmdb: '1' },
  title: 'x',
  year: 1,
  posterUrl: null,
  confidence: 0.5,
  reason: 'x',
};

export const metadataCalls: Calls = {
  'stored title': async (db) => {
    await storedTitles(db, [FILM, SERIES]);
    await fieldPrints(db, [FILM, SERIES]);
  },
  answers: async (db) => {
    await answers.providerPriorities(db);
    await answers.keepAnswers(db, [{ mediaId: FILM, provider: 'tmdb', data: title, days: 7 }]);
    await answers.keptAnswers(db, [FILM]);
    await answers.forgetAnswers(db, FILM);
    await answers.deleteOldAnswers(db, 30);
  },
  origins: async (db) => {
    await origins.putFieldOrigins(db, [
      { mediaId: FILM, field: 'title', provider: 'tmdb', fingerprint: 'x' },
    ]);
    await origins.fieldOrigins(db, [FILM]);
    await origins.putWatchOffers(db, [{ mediaId: FILM, providers: ['tmdb'], offers: [offer] }]);
  },
  due: async (db) => {
    await due.claimDue(db, 5, 300);
    await due.claimTitles(db, [FILM, SERIES], 300);
    await due.noteTried(db, [{ mediaId: FILM, failure: null, dueInSeconds: 5 }]);
    await due.releaseTitles(db, [FILM, SERIES]);
    await due.makeTitlesDue(db, [FILM]);
    await stale.markPopular(db, 200);
    const ids = Array.from({ length: 1000 }, (_, n) => String(1 + n * 97));
    for (const kind of ['movie', 'series'] as const)
      await stale.markChanged(db, { provider: 'tmdb', kind, idProvider: 'tmdb', ids });
  },
  progress: async (db) => {
    const told = { name: 'tmdb', asked: 2, failures: 1, error: 'x', restMs: 10 };
    await progress.noteSources(db, [told]);
    await progress.sourceStates(db);
    await progress.titleCounts(db, 1000);
    await progress.makeFailedDue(db);
  },
  doubts: async (db) => {
    await doubts.putDoubts(db, [{ ...doubt, mediaId: FILM }]);
    for (const reason of [null, ...doubts.REVIEW_REASONS])
      for (const before of [null, 50_000]) await doubts.waitingTitles(db, { limit: 50, before, reason });
    await doubts.waitingCounts(db, 1000);
    await doubts.waitingTitle(db, FILM);
    await doubts.keepAsIs(db, FILM);
    await doubts.dropDoubts(db, [{ mediaId: FILM, provider: 'tmdb' }]);
    await doubts.forgetDoubts(db, FILM);
  },
  'provider images': async (db) => {
    const image = {
      mediaId: FILM,
      provider: 'tmdb',
      type: 'poster',
      url: 'https://img.example/1.jpg',
      language: null,
      position: 1000,
    };
    await keepProviderImages(db, [{ mediaId: FILM, provider: 'tmdb' }], [image]);
    await putProviderImages(db, [image]);
    await setStandings(db, [{ mediaId: FILM, status: 'completed', confidence: 1, isAdult: false }]);
  },
};
