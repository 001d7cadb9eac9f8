import { z } from 'zod';
import { titleInput } from '../media/index.ts';
import { LicenceInput, StreamInput } from '../stream-index/index.ts';

const { episodeShape, listOf, seasonShape, titleShape, withDatesInOrder } = titleInput;

/** A stream of a title or an episode; `fileIndex` = the one file of it that is meant. */
const ImportStream = StreamInput.extend({ fileIndex: z.int().min(0).max(65_535).optional() });
export type ImportStream = z.infer<typeof ImportStream>;
const Streams = listOf(ImportStream, 500).optional();

const ImportEpisode = z.strictObject({ ...episodeShape, streams: Streams });
const ImportSeason = z.strictObject({ ...seasonShape, episodes: listOf(ImportEpisode, 5000).optional() });

export const ImportTitle = withDatesInOrder(
  z.strictObject({
    ...titleShape,
    seasons: listOf(ImportSeason, 500).optional(),
    /** It was made from a name, and only so sure is what it is: below 0.80 it is hidden until a person has looked. */
    matchConfidence: z.number().min(0).max(1).optional(),
    /** Of every stream of this title that names none. */
    licence: LicenceInput.optional(),
    streams: Streams,
  }),
);
export type ImportTitle = z.infer<typeof ImportTitle>;

/** An import file, version 1. */
export const ImportFile = z.strictObject({ version: z.literal(1), titles: listOf(ImportTitle, 1_000_000) });
