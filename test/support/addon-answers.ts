import { z } from 'zod';
import { Manifest, Meta, MetaPreview, Stream, Subtitle } from '../../src/addon/objects.ts';

// What the add-on answered with, as strict as Stremio reads it; each throws at anything else.

const Catalog = z.object({ metas: z.array(MetaPreview) });
const Title = z.object({ meta: Meta });
const Streams = z.object({ streams: z.array(Stream) });
const Subtitles = z.object({ subtitles: z.array(Subtitle) });

export type AddonStream = Stream;

export const metasIn = (body: unknown): MetaPreview[] => Catalog.parse(body).metas;
export const metaIn = (body: unknown): Meta => Title.parse(body).meta;
export const streamsIn = (body: unknown): Stream[] => Streams.parse(body).streams;
export const subtitlesIn = (body: unknown): Subtitle[] => Subtitles.parse(body).subtitles;
export const manifestIn = (body: unknown): Manifest => Manifest.parse(body);
