import { randomUUID } from 'node:crypto';
import { creditsOf, detailRow, seasonsOf } from '../../../src/features/media/queries/detail.ts';
import { addToSearch, insertStagedTitles } from '../../../src/features/media/queries/insert-staged.ts';
import * as labels from '../../../src/features/media/queries/labels.ts';
import { genreName, type ListFilter, listMedia } from '../../../src/features/media/queries/list.ts';
import * as mapped from '../../../src/features/media/queries/mapped-ids.ts';
import * as match from '../../../src/features/media/queries/match.ts';
import * as credits from '../../../src/features/media/queries/merge-credits.ts';
import * as mergeEpisodes from '../../../src/features/media/queries/merge-episodes.ts';
import * as merge from '../../../src/features/media/queries/merge-titles.ts';
import * as owned from '../../../src/features/media/queries/owned.ts';
import * as people from '../../../src/features/media/queries/people.ts';
import * as seasons from '../../../src/features/media/queries/seasons.ts';
import * as staging from '../../../src/features/media/queries/staging.ts';
import * as texts from '../../../src/features/media/queries/texts.ts';
import * as titles from '../../../src/features/media/queries/titles.ts';
import { MEDIA_SORTS } from '../../../src/features/media/schemas.ts';
import type { Db } from '../../../src/platform/db.ts';
import { guideCalls } from './listed.ts';
import { batch, type Calls, each, FILM, SERIES, stored } from './sample.ts';

const named = each((mediaId) => ({ mediaId, name: `Named ${mediaId % 40}` }));
const credit = (mediaId: number): people.CreditRow => ({
  ...{ mediaId, personId: 1 + (mediaId % 5000), type: 'crew', department: 'Directing', job: 'Director' },
  ...{ character: null, position: 0 },
});
const image = (mediaId: number): texts.ImageRow => ({
  ...{ mediaId, type: 'poster', url: 'https://posters.example/new.jpg', language: null, position: 0 },
});
const numbered = each((mediaId) => ({ mediaId, season: 1, episode: 3 }));

/** The page of each order and filter the API has, first and later. */
async function everyList(db: Db): Promise<void> {
  const found = Array.from({ length: 300 }, (_, index) => 1 + index * 97);
  const filters: Partial<ListFilter>[] = [
    {},
    { kinds: ['movie', 'series', 'tv', 'event'] },
    { genre: 'Genre 5' },
    { year: 1999 },
    { found },
    { found, year: 1999 },
    { hidden: true },
    { hidden: false },
    { adult: true },
    { adult: true, found },
  ];
  const values = {
    match: '-3',
    added: null,
    popular: '100',
    new: '2020-01-01',
    release: '1999-01-01',
    rating: '5.5',
  };
  for (const sort of MEDIA_SORTS)
    for (const filter of filters)
      for (const after of [null, { segment: 'value', value: values[sort], mediaId: 1000 }] as const)
        await listMedia(db, {
          ...{ sort, kinds: ['movie'], limit: 50, after },
          ...(sort === 'match' ? { found } : {}),
          ...filter,
        });
  await listMedia(db, {
    sort: 'release',
    kinds: ['movie'],
    limit: 50,
    after: { segment: 'none', value: null, mediaId: 9 },
  });
}

const readCalls: Calls = {
  detail: async (db) => {
    await detailRow(db, SERIES, ['de-AT', 'de'], null);
    await detailRow(db, SERIES, ['de-AT', 'de'], 'AT');
  },
  credits: (db) => creditsOf(db, SERIES),
  seasons: (db) => seasonsOf(db, SERIES),
  list: everyList,
  'genre name': (db) => genreName(db, { slug: 'drama', name: 'Drama' }),
  fold: (db) => match.foldedTitles(db, ['Amélie', 'River']),
  'with ids': (db) =>
    match.mediaWithIds(
      db,
      batch((index) => ({ index, provider: 'imdb', ns: 'any', externalId: `tt${90_000_001 + index * 97}` })),
    ),
  'with titles': (db) =>
    match.mediaWithTitles(
      db,
      batch((index) => ({ index, kind: 'movie', folded: `river ${index}`, year: 1999 })),
    ),
  'genre tree': async (db) => {
    await labels.putGenreTree(db, [
      { slug: 'comedy', name: 'Comedy', parentSlug: null },
      { slug: 'satire', name: 'Satire', parentSlug: 'comedy' },
    ]);
    await labels.weighParents(db, stored, 0.5);
  },
  called: async (db) => {
    const river = { kind: 'series', title: 'The river', season: 1, episode: 3 };
    await match.mediaCalled(
      db,
      [river],
      [1, 2, 3].map((mediaId) => ({ index: 0, mediaId })),
    );
    await match.vouchForTitles(db, stored);
    await match.decideTitle(db, FILM, {
      ...{ status: 'approved', confidence: 1 },
      ...{ isFromName: false, isPublished: true },
    });
  },
  'mapping rows': (db) =>
    mapped.mappingRows(db, [
      { id: 'kitsu', value: '77' },
      { id: 'tvdb', value: '900' },
      { id: 'imdb', value: 'tt90000050' },
    ]),
  'mapped media': (db) => mapped.mappedMedia(db),
  'ids of': (db) => match.idsOf(db, stored),
  'titles of': (db) => titles.titlesOf(db, stored),
  'episode numbers': (db) => seasons.episodeNumbers(db, stored, 200_000),
  'by public id': async (db, { mediaPublicId }) => {
    await match.mediaByPublicId(db, mediaPublicId, null);
    await match.mediaByPublicId(db, mediaPublicId, { season: 1, episode: 2 });
  },
  'by external id': async (db) => {
    const id = { provider: 'imdb', namespaces: ['any'], value: 'tt90000050' };
    await match.mediaByExternalId(db, id, null);
    await match.mediaByExternalId(db, id, { season: 1, episode: 2 });
    await match.mediaByExternalId(db, { provider: 'tmdb', namespaces: ['movie', 'tv'], value: '50' }, null);
  },
  'stored seasons': (db) => seasons.storedSeasons(db, [SERIES]),
  'episode ids': (db) => seasons.episodeIds(db, numbered),
};

const stagedCalls: Calls = {
  staging: async (db) => {
    await staging.nameStaging(db, 'a run');
    await staging.stagingRun(db);
    await staging.analyzeStaging(db);
    await staging.nextBatch(db, 'title', 0, 5000);
    await staging.nextBatch(db, 'known_name', 0, 5000);
    // Last: nobody plans on a table that is being emptied.
    await staging.emptyStaging(db);
  },
  'staged titles': async (db) => {
    const range = { after: 0, upto: 5000 };
    await match.lockTitlesShared(db);
    await merge.addStagedGenres(db, [newGenre(1)]);
    await merge.adoptTitles(db);
    await merge.stagedConflicts(db, range);
    await merge.countKnown(db, range);
    await merge.writeTitles(db);
    await merge.updateKnownTitles(db, range);
    await merge.addKnownGenres(db, range);
    await merge.addKnownAliases(db, range);
    await merge.addKnownTranslations(db, range);
    await merge.putKnownRatings(db, range);
    await mergeEpisodes.addStagedSeasons(db, range);
    await mergeEpisodes.mergeStagedEpisodes(db, range);
    await credits.addStagedPeople(db, range);
    await credits.addStagedCredits(db, range);
    await merge.writeWholeTitles(db);
    await insertStagedTitles(db, range);
    await addToSearch(db, [1, 2, 3, 4, 5]);
  },
};

const listCalls: Calls = {
  genres: async (db) => {
    const given = [{ slug: 'drama', name: 'Drama' }, ...batch((index) => newGenre(index), 20)];
    await labels.genresBy(db, given);
    await labels.insertGenres(db, given);
    const pairs = each((mediaId) => ({ mediaId, genreId: 1 + (mediaId % 30) }));
    await labels.keepGenres(db, stored, pairs);
    await labels.addGenres(db, pairs);
  },
  labels: async (db) => {
    for (const label of ['keyword', 'company'] as const) {
      await labels.insertLabels(
        db,
        label,
        named.map(({ name }) => name),
      );
      await labels.keepLabels(db, label, stored, named);
      await labels.addLabels(db, label, named);
    }
  },
  people: async (db) => {
    const given = batch((index) => newPerson(index), 1000);
    await people.peopleKnown(db, given);
    await people.insertPeople(
      db,
      given.slice(0, 50).map((person) => ({ ...person, publicId: randomUUID() })),
    );
    await people.fillPersonIds(
      db,
      each((personId) => ({ personId: 1 + (personId % 5000), imdb: `nm${personId}0000`, tmdb: personId })),
    );
    const owners = each((mediaId) => ({ mediaId, type: 'crew' as const }));
    await people.keepCredits(db, owners, each(credit));
    await people.addCredits(db, each(credit));
  },
  aliases: async (db) => {
    const given = each((mediaId) => ({ mediaId, title: 'Also known as' }));
    await texts.keepAliases(db, stored, given);
    await texts.addAliases(db, given);
  },
  translations: (db) =>
    texts.putTranslations(
      db,
      each((mediaId) => ({ mediaId, language: 'de', title: 'Der Fluss', overview: null, tagline: null })),
    ),
  images: async (db) => {
    await texts.keepImages(db, stored, each(image));
    await texts.putImages(db, each(image));
  },
  certifications: async (db) => {
    const given = each((mediaId) => ({ mediaId, country: 'DE', code: '12', minAge: 12 }));
    await texts.keepCertifications(db, stored, given);
    await texts.putCertifications(db, given);
  },
  ratings: (db) =>
    texts.putRatings(
      db,
      each((mediaId) => ({ mediaId, provider: 'tmdb', type: 'user', rating: 7.1, votes: 10 })),
    ),
};

const writeCalls: Calls = {
  lock: match.lockTitles,
  insert: async (db) => {
    const inserted = await titles.insertTitles(
      db,
      batch((index) => ({ public_id: randomUUID(), kind: 'movie', title: `New river ${index}` })),
    );
    await titles.insertIds(
      db,
      inserted.map(({ mediaId }) => ({
        mediaId,
        provider: 'tmdb',
        ns: 'movie',
        externalId: String(900_000 + mediaId),
      })),
    );
  },
  update: async (db) => {
    await titles.takeOverTitles(db, stored);
    await titles.holdCards(db, stored);
    await titles.updateTitles(
      db,
      each((id) => ({ id, columns: { title: `Other river ${id}`, is_published: id % 2 === 0 } })),
    );
    await titles.writeCards(db, stored);
  },
  'delete ids': (db) => titles.deleteIds(db, FILM, ['tmdb']),
  delete: async (db) => {
    await titles.allowOrphans(db);
    await seasons.deleteEpisode(db, FILM, { season: 1, episode: 1 });
    await titles.deleteTitle(db, FILM);
  },
  merge: (db) => titles.mergeTitle(db, FILM, FILM + 1, ['tmdb']),
  'seasons and episodes': async (db) => {
    await seasons.putSeasons(
      db,
      each((media_id) => ({ media_id, number: 1, title: 'First' })),
    );
    await seasons.putEpisodes(
      db,
      each((media_id) => ({ media_id, season: 1, number: 2, title: 'Second' })),
    );
    await seasons.insertMissingSeasons(db, numbered);
    await seasons.insertMissingEpisodes(db, numbered);
  },
};

export const mediaCalls: Calls = {
  'titles of users': async (db, { mediaPublicId }) => {
    await owned.lockOwned(db, 1, mediaPublicId);
    await owned.ownedBy(db, 1, Number.MAX_SAFE_INTEGER, 20);
    await owned.deletePrivateOf(db, 1);
  },
  ...{ ...readCalls, ...listCalls, ...writeCalls, ...stagedCalls, ...guideCalls },
};

function newGenre(index: number) {
  return { slug: `new-${index}`, name: `New ${index}` };
}

function newPerson(index: number) {
  const imdb = index % 3 === 0 ? `nm${7_000_000 + index}` : null;
  return { name: `Person ${index}`, imdb, tmdb: index % 3 === 1 ? 700_000 + index : null };
}
