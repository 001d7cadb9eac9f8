const report = (columns: string, values: string): string =>
  `INSERT INTO content_report (reporter_id, ${columns}) VALUES ($user, ${values})`;

/** As `BROKEN_ROWS`: tags of titles, reports of users, services and deep links. */
export const BROKEN_TAG_ROWS: readonly [constraint: string, statement: string][] = [
  [
    'content_tag_tag_check',
    `INSERT INTO content_tag (tag, category, name) VALUES ('Big Dogs', 'creatures', 'Big dogs')`,
  ],
  [
    'content_tag_tag_key',
    `INSERT INTO content_tag (tag, category, name) VALUES ('monsters', 'creatures', 'Monsters')`,
  ],
  [
    'content_tag_category_check',
    `INSERT INTO content_tag (tag, category, name) VALUES ('big_dogs', 'pets', 'Big dogs')`,
  ],
  [
    'content_tag_name_check',
    `INSERT INTO content_tag (tag, category, name) VALUES ('big_dogs', 'creatures', '')`,
  ],
  ['media_tag_source_check', `UPDATE media_tag SET source = 'guess'`],
  ['media_tag_confidence_check', 'UPDATE media_tag SET confidence = 0'],
  ['media_tag_confidence_check', 'UPDATE media_tag SET confidence = 1.01'],
  [
    'media_tag_media_id_episode_id_tag_id_key',
    `INSERT INTO media_tag (media_id, tag_id, source) VALUES ($film, $tag, 'moderator')`,
  ],
  [
    'media_tag_denied_media_id_episode_id_tag_id_key',
    'INSERT INTO media_tag_denied (media_id, tag_id) VALUES ($other, $tag)',
  ],
  [
    'content_report_public_id_key',
    `INSERT INTO content_report (reporter_id, media_id, kind, public_id) SELECT $user, $other, 'other', public_id FROM content_report LIMIT 1`,
  ],
  ['content_report_kind_check', report('media_id, kind', `$other, 'boring'`)],
  ['content_report_description_check', report('media_id, kind, description', `$other, 'other', ''`)],
  [
    'content_report_description_check',
    report('media_id, kind, description', `$other, 'other', repeat('a', 2001)`),
  ],
  ['content_report_note_check', report('media_id, kind, note', `$other, 'other', ''`)],
  [
    'content_report_state_check',
    report('media_id, kind, state, resolved_at', `$other, 'other', 'open', now()`),
  ],
  ['content_report_one_target', report('kind', `'other'`)],
  ['content_report_one_target', report('media_id, stream_id, kind', `$other, $http, 'other'`)],
  ['content_report_tag_of', report('stream_id, tag_id, kind', `$http, $tag, 'wrong_tag'`)],
  ['content_report_resolved', report('media_id, kind, state', `$other, 'other', 'resolved'`)],
  ['content_report_resolved', report('media_id, kind, resolved_at', `$other, 'other', now()`)],
  [
    'content_report_not_own',
    report('media_id, kind, state, resolved_at, reviewer_id', `$other, 'other', 'dismissed', now(), $user`),
  ],
  [
    'content_report_check',
    report('media_id, kind, state, resolved_at', `$other, 'other', 'dismissed', now() - interval '1 day'`),
  ],
  ['content_report_pending', report('media_id, tag_id, kind', `$film, $tag, 'wrong_tag'`)],
  ['family_service_service_check', `UPDATE family_service SET service = 'Netflix!'`],
  ['deep_link_report_device_check', `UPDATE deep_link_report SET device = ''`],
  [
    'deep_link_report_stream_id_user_id_device_key',
    'INSERT INTO deep_link_report (stream_id, user_id) VALUES ($external, $user)',
  ],
];
