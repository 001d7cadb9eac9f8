import { z } from 'zod';

/**
 * Parts of providers' answers. A title whose runtime has become an object is still that title: such a part counts as unknown. What a
 * title cannot be without (its id, its name) is asked for strictly, so that another shape is noticed.
 */

/** Undefined where it is absent, null or not so. */
export function maybe<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform(orUndefined).catch(undefined);
}

function orUndefined<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

/** The entries that are so; others are left out, and what is no list is an empty one. */
export function entries<T extends z.ZodType>(schema: T) {
  return z
    .array(z.unknown())
    .catch([])
    .transform((list) =>
      list.flatMap((entry): z.output<T>[] => {
        const parsed = schema.safeParse(entry);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

/** Text with something in it. */
export const Words = maybe(z.string().trim().min(1));
/** `1999-03-31`, also of `1999-03-31T00:00:00.000Z`. */
export const Day = maybe(
  z
    .string()
    .transform((text) => text.slice(0, 10))
    .pipe(z.iso.date()),
);
export const Count = maybe(z.number().nonnegative());
/** A number, or one written as text; as a provider's ids are. */
export const NumberedId = maybe(
  z
    .union([z.number(), z.string()])
    .transform(String)
    .pipe(z.string().regex(/^[1-9]\d{0,8}$/)),
);
export const ImdbId = maybe(z.string().regex(/^tt\d{5,12}$/));
export const WebUrl = maybe(z.url({ protocol: /^https?$/ }).max(8192));
export const YoutubeId = maybe(z.string().regex(/^[\w-]{11}$/));
