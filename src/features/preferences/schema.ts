import { z } from 'zod';
import { AppError } from '../../kit/errors.ts';
import { languageOf } from '../../kit/language.ts';
import { compilePattern, MAX_PATTERN_CHARS } from '../../kit/linear-pattern.ts';
import { MAX_DESCRIPTION_TEMPLATE, MAX_NAME_TEMPLATE, parseTemplate } from './template.ts';
import { SORT_KEY_NAMES, VOCABULARY } from './vocabulary.ts';

/** Of all patterns together: each step costs about 7 µs for a name of 150 characters, and a title has up to 500 of them. */
const MAX_PATTERN_STEPS = 150;
const MAX_PATTERNS = 10;
const MAX_WORDS = 30;
const MAX_SIZE_BYTES = 1_000_000_000_000;
const MAX_BITS_PER_SECOND = 1_000_000_000;

/** What counts where a stream does not say: `keep` (as if it fitted) or `hide`. */
const Unknown = z.enum(['keep', 'hide']);

const listOf = <T extends z.ZodType>(item: T, most: number) => z.array(item).max(most);

type Lists = {
  only?: readonly string[] | undefined;
  exclude?: readonly string[] | undefined;
  prefer?: readonly string[] | undefined;
};

/** Something that is asked for and excluded at once is a mistake, which would hide everything. */
function contradictionOf({ only = [], prefer = [], exclude = [] }: Lists): string | null {
  return [...only, ...prefer].find((value) => exclude.includes(value)) ?? null;
}

function refuseContradiction(lists: Lists, context: z.core.$RefinementCtx): void {
  const value = contradictionOf(lists);
  if (value === null) return;
  context.addIssue({ code: 'custom', path: ['exclude'], message: `excludes ${value}, which is wanted too` });
}

const listsOf = <T extends z.ZodType<string>>(item: T, most: number) => ({
  only: listOf(item, most).optional(),
  exclude: listOf(item, most).optional(),
  /** The best first. */
  prefer: listOf(item, most).optional(),
});

const choiceOf = <T extends z.ZodType<string>>(item: T, most: number) =>
  z.strictObject({ ...listsOf(item, most), unknown: Unknown.optional() }).superRefine(refuseContradiction);

const choiceAmong = <const T extends readonly [string, ...string[]]>(words: T) =>
  choiceOf(z.enum(words), words.length);

const LanguageCode = z
  .string()
  .max(64)
  .transform((text, context) => {
    const known = languageOf(text);
    if (known !== null) return known.code;
    context.addIssue({ code: 'custom', message: 'must be a language, such as de or pt-BR' });
    return z.NEVER;
  });

const Resolution = z.enum(VOCABULARY.resolution);

const ResolutionChoice = z
  .strictObject({
    ...listsOf(Resolution, VOCABULARY.resolution.length),
    unknown: Unknown.optional(),
    /** No sharper than this. */
    max: Resolution.optional(),
    /** No less sharp. */
    min: Resolution.optional(),
  })
  .superRefine((choice, context) => {
    refuseContradiction(choice, context);
    const { min, max } = choice;
    const places = [max, min].map((value) => VOCABULARY.resolution.indexOf(value ?? '2160p'));
    if (min !== undefined && max !== undefined && (places[0] ?? 0) > (places[1] ?? 0))
      context.addIssue({ code: 'custom', path: ['min'], message: 'is sharper than max' });
  });

function rangeOf(most: number) {
  return z
    .strictObject({ min: z.int().min(0).max(most).optional(), max: z.int().min(1).max(most).optional() })
    .refine(({ min = 0, max = most }) => min <= max, { message: 'is larger than max', path: ['min'] });
}

/** No line breaks and other control characters. */
const plain = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line of text');

const Pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_CHARS)
  .superRefine((source, context) => {
    const wrong = complaintOf(() => compilePattern(source));
    if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
  });

function complaintOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

const Patterns = z.strictObject(listsOf(Pattern, MAX_PATTERNS)).superRefine((lists, context) => {
  refuseContradiction(lists, context);
  const all = [lists.only, lists.exclude, lists.prefer].flatMap((list) => list ?? []);
  if (all.some((source) => complaintOf(() => compilePattern(source)) !== null)) return;
  const steps = all.reduce((sum, source) => sum + compilePattern(source).steps, 0);
  if (steps > MAX_PATTERN_STEPS)
    context.addIssue({ code: 'custom', message: 'are too costly together: repeat less in them' });
});

const template = (most: number) =>
  z
    .string()
    .max(most)
    .superRefine((text, context) => {
      const wrong = complaintOf(() => parseTemplate(text));
      if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
    });

const SortKey = z.strictObject({
  key: z.enum(SORT_KEY_NAMES),
  /** `descending` (the default): the best, largest, newest first. */
  direction: z.enum(['ascending', 'descending']).optional(),
});

const Cap = z.int().min(1).max(100);

/**
 * Which streams a profile is shown, in which order and in which words. Every field may be left out; `{}` is what everyone sees. Sizes
 * in bytes, bit rates in bits a second.
 */
export const StreamPreferences = z
  .strictObject({
    resolution: ResolutionChoice,
    quality: choiceAmong(VOCABULARY.quality),
    codec: choiceAmong(VOCABULARY.codec),
    hdr: choiceAmong(VOCABULARY.hdr),
    picture: choiceAmong(VOCABULARY.picture),
    audio: choiceAmong(VOCABULARY.audio),
    channels: choiceAmong(VOCABULARY.channels),
    /** Spoken. `exclude` hides what is spoken in nothing else. */
    language: choiceOf(LanguageCode, MAX_WORDS),
    subtitles: choiceOf(LanguageCode, MAX_WORDS),
    kind: choiceAmong(VOCABULARY.kind),
    /** By the name of the source it lies on. */
    source: choiceOf(plain(200), MAX_WORDS),
    /** Whole words of its name. */
    keywords: z.strictObject(listsOf(plain(60), MAX_WORDS)).superRefine(refuseContradiction),
    /** Regular expressions (RE2's) its name is held against. */
    patterns: Patterns,
    size: z.strictObject({
      film: rangeOf(MAX_SIZE_BYTES).optional(),
      episode: rangeOf(MAX_SIZE_BYTES).optional(),
      unknown: Unknown.optional(),
    }),
    bitrate: z.strictObject({
      min: z.int().min(0).max(MAX_BITS_PER_SECOND).optional(),
      max: z.int().min(1).max(MAX_BITS_PER_SECOND).optional(),
      unknown: Unknown.optional(),
    }),
    /** Of torrents. */
    seeders: z.strictObject({
      min: z.int().min(0).max(1_000_000).optional(),
      unknown: Unknown.optional(),
    }),
    sort: listOf(SortKey, SORT_KEY_NAMES.length).refine(
      (keys) => new Set(keys.map(({ key }) => key)).size === keys.length,
      'names a key twice',
    ),
    /** Fewer than the owner's limits, never more. */
    caps: z.strictObject({
      total: Cap.optional(),
      perResolution: Cap.optional(),
      resolutions: z.partialRecord(Resolution, z.int().min(0).max(100)).optional(),
    }),
    templates: z.strictObject({
      name: template(MAX_NAME_TEMPLATE).optional(),
      description: template(MAX_DESCRIPTION_TEMPLATE).optional(),
    }),
  })
  .partial();
export type StreamPreferences = z.infer<typeof StreamPreferences>;

/** The same as JSON text, as an address carries it. */
export const PreferencesText = z
  .string()
  .max(8000)
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be preferences as JSON' });
      return z.NEVER;
    }
  })
  .pipe(StreamPreferences);
