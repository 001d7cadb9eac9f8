import type { Source, SourceDraft } from './source-api.ts';

export type SourceFields = Readonly<
  Record<'name' | 'baseUrl' | 'username' | 'password' | 'priority' | 'every', string>
>;
export type SourceChoices = Pick<Source, 'finder' | 'allowsPrivate' | 'offers'>;
type Filled = { fields: SourceFields; choices: SourceChoices };

/** What a form shows at first; null: of a new one. */
export function startOf(source: Source | null): Filled {
  if (source === null) return NEW;
  const { finder, allowsPrivate, offers, name, baseUrl, username } = source;
  return {
    choices: { finder, allowsPrivate, offers },
    fields: {
      ...{ name, baseUrl, username: username ?? '', password: '' },
      ...{ priority: String(source.priority), every: String(source.scanEveryMinutes) },
    },
  };
}

const NEW: Filled = {
  choices: { finder: 'http-index', allowsPrivate: false, offers: 'proxied' },
  fields: { name: '', baseUrl: '', username: '', password: '', priority: '0', every: '360' },
};

/** What was filled in, as the server takes it. */
export function draftOf({ fields, choices }: Filled, source: Source | null): SourceDraft {
  const { finder, allowsPrivate, offers } = choices;
  const isLocal = finder === 'local-folder';
  const username = isLocal ? '' : fields.username.trim();
  return {
    ...{ name: fields.name.trim(), baseUrl: fields.baseUrl.trim(), finder, offers },
    username: username === '' ? null : username,
    ...passwordOf(isLocal ? '' : fields.password, username, source),
    allowsPrivate: !isLocal && allowsPrivate,
    priority: Number(fields.priority) || 0,
    scanEveryMinutes: Number(fields.every),
  };
}

/** An empty one is the one that stays, unless there is no user any more. */
function passwordOf(
  password: string,
  username: string,
  source: Source | null,
): Pick<SourceDraft, 'password'> {
  if (password !== '') return { password };
  return username === '' && source?.hasPassword === true ? { password: null } : {};
}
