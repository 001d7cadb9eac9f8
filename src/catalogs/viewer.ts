import { type Fragment, sql } from '../platform/db.ts';
import type { Visibility } from './catalog.ts';

/**
 * Who watches by an install or a device, as of the request that asks. Without one it is everybody. Part of the keys of kept answers:
 * `policyVersion` counts every change of what this profile may see.
 */
export type Viewer = {
  profileId: number;
  /** The account it belongs to: its own titles are seen though they are not public. */
  userId: number;
  isKid: boolean;
  /** `all`: everything but what is denied; `allow`: what is allowed and nothing else; `age`: by age rating, with exceptions both ways. */
  mode: 'all' | 'allow' | 'age';
  /** Years, by the ratings of the household's country; counts in mode `age`. */
  maxAge: number;
  allowsUnrated: boolean;
  /** Some content tags are blocked. */
  hasBlockedTags: boolean;
  policyVersion: number;
};

/** A title in a statement: its id, and its `age_min`. */
type TitleColumns = { id: Fragment; age: Fragment };
const OF_MEDIA: TitleColumns = { id: sql.fragment`m.id`, age: sql.fragment`m.age_min` };

/** The exceptions of a profile that allow, best ordered by the indexes of migration 0059: `profile_policy a`. */
export const allowedTo = ({ profileId }: Pick<Viewer, 'profileId'>) =>
  sql.fragment`a.profile_id = ${profileId} AND a.policy = 'allow' AND a.is_shown`;

/**
 * Whether a profile has no rule of its own for a title. A look at one key for each title passed by: as NOT EXISTS it becomes a join, which
 * reads all titles and sorts them (88 ms a page of a genre among 100,000). So it does where it looks rare: of `IS NULL` one in 200 is expected.
 */
export const hasNoRule = ({ profileId }: Pick<Viewer, 'profileId'>, id: Fragment) =>
  sql.fragment`coalesce((SELECT false FROM profile_policy a WHERE a.profile_id = ${profileId} AND a.media_id = ${id}), true)`;

/** Of a title for which there is no rule of its own: what the mode says. */
export function suits(viewer: Viewer, { id, age }: TitleColumns = OF_MEDIA): Fragment {
  if (viewer.mode === 'allow') return sql.fragment`false`;
  const { maxAge } = viewer;
  const untagged = viewer.hasBlockedTags ? isUntagged(viewer, id) : sql.fragment`true`;
  if (viewer.mode === 'all') return untagged;
  const isOfAge = viewer.allowsUnrated
    ? sql.fragment`(${age} IS NULL OR ${age} <= ${maxAge}::integer)`
    : sql.fragment`${age} <= ${maxAge}::integer`;
  return sql.fragment`${isOfAge} AND ${untagged}`;
}

/**
 * No tag of the title itself is blocked, and its tags are known: what was written since has none yet (a job gives them), and might be blocked.
 * The profile's tags are read once a statement, and that nothing waits at all, as mostly. `+ 0`: with all of them in its condition, the index is
 * searched by a sorted list that is made anew for each title (4 µs; 2 for passing by its own few).
 */
function isUntagged({ profileId }: Pick<Viewer, 'profileId'>, id: Fragment): Fragment {
  return sql.fragment`coalesce((
      SELECT false FROM media_tag t
      WHERE t.media_id = ${id} AND t.episode_id IS NULL
        AND t.tag_id + 0 = ANY (ARRAY(SELECT b.tag_id FROM profile_blocked_tag b WHERE b.profile_id = ${profileId})) LIMIT 1), true)
    AND ((SELECT d.media_id FROM media_tag_due d WHERE NOT d.is_known ORDER BY d.media_id LIMIT 1) IS NULL
      OR coalesce((SELECT false FROM media_tag_due d WHERE d.media_id = ${id} AND d.episode_id IS NULL AND NOT d.is_known LIMIT 1), true))`;
}

/** The whole rule for one title of a statement; what is published, public or for adults is not asked here. */
export function maySee(viewer: Viewer, title: TitleColumns = OF_MEDIA): Fragment {
  const rule = sql.fragment`(SELECT a.policy = 'allow' FROM profile_policy a WHERE a.profile_id = ${viewer.profileId} AND a.media_id = ${title.id})`;
  return sql.fragment`coalesce(${rule}, (${suits(viewer, title)}) IS TRUE)`;
}

/** A title of the viewer's account that nobody else sees; for adults it is found by its id only. `media o`. */
export const isOwnPrivate = ({ userId }: Pick<Viewer, 'userId'>) =>
  sql.fragment`o.owner_id = ${userId} AND o.is_published AND NOT o.is_public AND NOT o.is_adult`;

/** Titles in lists: published and public, with a stream under an open licence where only such are shown; `media m`. */
export function visible(visibility: Visibility): Fragment {
  return visibility === 'all'
    ? sql.fragment`m.is_published AND m.is_public`
    : sql.fragment`m.is_published AND m.is_public AND m.open_streams > 0`;
}

/** What stands in catalogues for such a viewer. Adult titles are found by their id only. */
export function listed({
  visibility,
  viewer,
}: {
  visibility: Visibility;
  viewer?: Viewer | null | undefined;
}): Fragment {
  const shown = sql.fragment`${visible(visibility)} AND NOT m.is_adult`;
  return viewer ? sql.fragment`${shown} AND ${maySee(viewer)}` : shown;
}
