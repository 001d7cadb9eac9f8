import { AppError, BadInput, Conflict } from '../../../kit/errors.ts';
import { openCopier } from '../../../platform/copier.ts';
import type { Pool } from '../../../platform/db.ts';
import type { Net } from '../../../platform/net.ts';
import { guide } from '../../media/index.ts';
import { findSource, readBytes, type Source } from '../source-lines.ts';
import { type ChannelMatch, openChannelMatch } from './match-channels.ts';
import { type GuideItem, readGuide } from './read-guide.ts';
import { openSchedule, type Schedule } from './schedule.ts';

export type GuideOptions = {
  signal: AbortSignal;
  progress: {
    begin(step: string, unit: string, total: number | null): void;
    add(count: number): void;
    at(share: number): void;
    end(): void;
  };
};
export type GuideResult = {
  /** Of the guide. */
  channels: number;
  /** Whose channel is not here. */
  unknownChannels: number;
  programmes: number;
  newProgrammes: number;
  changedProgrammes: number;
  /** What the guide showed before and does not show any more. */
  removedProgrammes: number;
  /** Of channels that are not here, or too old or too far ahead to be kept. */
  leftOut: number;
  /** Without a title, or a time that is none. */
  broken: number;
};

const LOCK = 'import.xmltv';
const CHANNELS_AT_ONCE = 200;

type Deps = { db: Pool; url: string; net: Pick<Net, 'request'> };

/**
 * Brings an XMLTV guide, by path or URL, gzipped or not, to the channels here: from a day ago to two weeks ahead. Read again, only what differs is
 * written. A guide that breaks off is taken as far as it goes, then AppError `imports.cut` says so; so much of each channel is replaced.
 */
export async function importGuide(deps: Deps, place: string, options: GuideOptions): Promise<GuideResult> {
  const { db } = deps;
  const source = await findSource(deps.net, place, options.signal);
  const copier = await openCopier(deps.url);
  try {
    if (!(await copier.claim(LOCK)))
      throw new Conflict('imports.running', 'Another guide is being read. Wait until that has ended.');
    await guide.emptyProgrammes(db);
    const { schedule, counts, failure } = await stage(db, source, options);
    const merged = await merge(db, options);
    await guide.emptyProgrammes(db);
    const result = { ...counts, ...schedule.counts(), ...merged };
    if (failure !== null) throw cut(failure, result);
    return result;
  } finally {
    await copier.close();
  }
}

type Staged = {
  schedule: Schedule;
  counts: { channels: number; unknownChannels: number };
  failure: string | null;
};

async function stage(db: Pool, source: Source, options: GuideOptions): Promise<Staged> {
  const { signal, progress } = options;
  const match = await openChannelMatch(db, signal);
  const schedule = openSchedule(match, new Date());
  const counts = { channels: 0, unknownChannels: 0 };
  progress.begin('reading the guide', 'programmes', null);
  const failure = await readAll({ db, source, match, schedule, counts }, options);
  await schedule.end(db);
  progress.end();
  const { programmes, leftOut, broken } = schedule.counts();
  if (counts.channels + programmes + leftOut + broken > 0) return { schedule, counts, failure };
  throw new BadInput('imports.broken_guide', failure ?? `${source.name} has no channels and no programmes.`);
}

type Reading = Pick<Staged, 'schedule' | 'counts'> & { db: Pool; source: Source; match: ChannelMatch };

/** Why the guide could not be read to its end; null: it could. Throws where nothing of it was of use. */
async function readAll(
  { db, source, match, schedule, counts }: Reading,
  { signal, progress }: GuideOptions,
): Promise<string | null> {
  const bytes = readBytes(source, signal);
  const take = (item: GuideItem): void => {
    if ('programme' in item) schedule.add(item.programme);
    else {
      counts.channels += 1;
      if (!match.learn(item.channel)) counts.unknownChannels += 1;
    }
  };
  try {
    for await (const items of readGuide(bytes, () => bytes.failure() !== null)) {
      signal.throwIfAborted();
      items.forEach(take);
      progress.add(items.length);
      progress.at(bytes.share());
      await schedule.write(db);
    }
  } catch (error) {
    if (!(error instanceof BadInput) || schedule.counts().programmes === 0) throw named(error, source);
    return `${source.name} is broken. ${error.message}`;
  }
  return bytes.failure();
}

async function merge(db: Pool, { signal, progress }: GuideOptions) {
  const total = { newProgrammes: 0, changedProgrammes: 0, removedProgrammes: 0 };
  progress.begin('writing', 'programmes', null);
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const upto = await guide.nextChannels(db, after, CHANNELS_AT_ONCE);
    if (upto === null) break;
    const range = { after, upto };
    const { added, changed, removed } = await db.transaction((tx) => guide.mergeProgrammes(tx, range));
    total.newProgrammes += added;
    total.changedProgrammes += changed;
    total.removedProgrammes += removed;
    progress.add(added + changed + removed);
    after = upto;
  }
  progress.end();
  return total;
}

function named(error: unknown, { name }: Source): unknown {
  return error instanceof BadInput
    ? new BadInput(error.code, `${name} is no XMLTV guide that can be read. ${error.message}`)
    : error;
}

function cut(failure: string, { newProgrammes, changedProgrammes }: GuideResult): AppError {
  return new AppError(
    'imports.cut',
    `${failure} What came before is imported (${newProgrammes} new programmes, ${changedProgrammes} changed). Get the guide anew and run this again.`,
    { status: 400 },
  );
}
