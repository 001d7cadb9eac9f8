import { z } from 'zod';
import { MediaAnswer, MediaPatch, TitleInput } from '../media/index.ts';

const NO_IDS = 'cannot be given to a title of your own: an outside id belongs to the title everybody sees';
const isWithoutIds = (given: { ids?: unknown }) => given.ids === undefined;

/** As the administrator adds a title, without outside ids. Whose it is and who sees it is not for the body to say. */
export const OwnTitleInput = TitleInput.refine(isWithoutIds, { path: ['ids'], message: NO_IDS });

/** As the administrator changes one; that it is published, public or featured is decided elsewhere. */
export const OwnTitlePatch = MediaPatch.refine(isWithoutIds, { path: ['ids'], message: NO_IDS }).refine(
  ({ isPublished, isFeatured, isPublic }) => (isPublished ?? isFeatured ?? isPublic) === undefined,
  'isPublished, isFeatured and isPublic are not yours to set: a moderator makes a title public',
);

export const OwnTitleQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(20).default(20),
  cursor: z.uuid().optional(),
});
export const OwnStreamQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(50),
  cursor: z.uuid().optional(),
});
export const OwnTitlePage = z.object({ titles: z.array(MediaAnswer), nextCursor: z.uuid().nullable() });

export const Publication = z.strictObject({ isPublic: z.boolean() });
