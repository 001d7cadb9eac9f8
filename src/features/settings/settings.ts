import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BadInput, Conflict } from '../../kit/errors.ts';
import type { Config } from '../../platform/config.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import { MAX_PAYLOAD_BYTES, type Notify } from '../../platform/notify.ts';
import { type Actor, changedSince, differences, noteChange, THE_SYSTEM, type Undo } from '../audit/index.ts';
import {
  forgetSettings,
  nextRevision,
  type StoredSettings,
  storedSettings,
  storeSettings,
} from './queries.ts';
import {
  ABOUT,
  isSettingKey,
  SETTING_KEYS,
  type SettingEntry,
  type SettingKey,
  Settings,
} from './registry.ts';

export type SettingsRoom = {
  /** The values of now: a frozen snapshot, kept fresh by the other instances' messages. Ask at each request. */
  get(): Settings;
  /** Counts the changes; 0 before the first. */
  revision(): number;
  /** Told of every change, whoever made it, once it is valid here. */
  onChange(listener: (settings: Settings) => void): void;
  list(): SettingEntry[];
  /**
   * Changes several settings, all or none; null takes one back to its default. Resolves once this instance has them and
   * the others were told. Throws `settings.invalid` (400) or `settings.environment` (409) naming the keys.
   */
  patch(changes: Readonly<Record<string, unknown>>, actor?: Actor): Promise<SettingEntry[]>;
  /** Takes a change back that `patch` noted, where its settings are still as it left them. */
  undo: Undo;
};

export type SettingsDeps = { db: Pool; config: Config; notify: Notify; log?: Log };

const CHANNEL = 'settings';
/** What a change of settings is called in the audit log: what `undo` takes back. */
export const SETTINGS_CHANGED = 'settings.changed';
const RELOAD_DELAY_MS = 1000;
/** The values are in the message where they fit (they do): no instance serves an old one while it reads the table. */
const Message = z.object({ revision: z.int(), values: z.record(z.string(), z.unknown()).optional() });

/** Run-time settings: the table `setting` over the defaults, under the environment. */
export async function createSettings({ db, config, notify, log }: SettingsDeps): Promise<SettingsRoom> {
  let stored: StoredSettings = { revision: -1, values: {} };
  let snapshot = snapshotOf({}, config);
  const listeners: ((settings: Settings) => void)[] = [];
  let isReloadDue = false;
  let isReloading = false;

  function apply(newer: StoredSettings): void {
    // Messages and reads may cross: the table's own count says which is newer.
    if (newer.revision <= stored.revision) return;
    stored = newer;
    snapshot = snapshotOf(newer.values, config);
    for (const listener of listeners) listener(snapshot);
  }

  /** After a message too long for its values, or when some may have been missed; asked again meanwhile, reads again. */
  async function reload(): Promise<void> {
    isReloadDue = true;
    if (isReloading) return;
    isReloading = true;
    while (isReloadDue) {
      isReloadDue = false;
      await readAgain();
    }
    isReloading = false;
  }

  async function readAgain(): Promise<void> {
    try {
      apply(await storedSettings(db));
    } catch (error) {
      log?.warn({ err: error }, 'the settings could not be read; trying again');
      isReloadDue = true;
      await sleep(RELOAD_DELAY_MS, undefined, { ref: false });
    }
  }

  async function store(
    changes: Readonly<Record<string, unknown>>,
    actor: Actor,
    undone?: Parameters<Undo>[0],
  ): Promise<StoredSettings> {
    const given = Object.entries(changes).filter(([key]) => isSettingKey(key));
    return await db.transaction(async (tx) => {
      await nextRevision(tx);
      const before = ofKeys((await storedSettings(tx)).values, Object.keys(changes));
      if (undone !== undefined && differences(before, undone.after ?? {}) !== null) throw changedSince();
      const undoes = undone === undefined ? {} : { undoes: undone.auditId };
      const entry = { action: SETTINGS_CHANGED, severity: 'warning', ...undoes } as const;
      await noteChange(tx, actor, entry, { before, after: changes });
      await storeSettings(
        tx,
        given.flatMap(([key, value]) => (value === null || !isSettingKey(key) ? [] : [rowOf(key, value)])),
      );
      await forgetSettings(
        tx,
        given.flatMap(([key, value]) => (value === null ? [key] : [])),
      );
      return await storedSettings(tx);
    });
  }

  async function announce({ revision, values }: StoredSettings): Promise<void> {
    const whole = JSON.stringify({ revision, values });
    const payload = Buffer.byteLength(whole) <= MAX_PAYLOAD_BYTES ? whole : JSON.stringify({ revision });
    await notify.publish(CHANNEL, payload);
  }

  async function change(...given: Parameters<typeof store>): Promise<void> {
    const newer = await store(...given);
    apply(newer);
    await announce(newer);
  }

  function list(): SettingEntry[] {
    return SETTING_KEYS.map((key) => entryOf(key, snapshot[key], stored.values, config));
  }

  notify.subscribe(CHANNEL, {
    onMessage(payload) {
      const message = Message.safeParse(JSON.parse(payload));
      if (!message.success) return;
      const { revision, values } = message.data;
      if (values === undefined) void reload();
      else apply({ revision, values });
    },
    onGap: () => void reload(),
  });
  apply(await storedSettings(db));

  return {
    get: () => snapshot,
    onChange: (listener) => void listeners.push(listener),
    revision: () => Math.max(0, stored.revision),
    list,
    async patch(changes, actor = THE_SYSTEM) {
      const checked = check(changes, config);
      if (Object.keys(checked).length > 0) await change(checked, actor);
      return list();
    },
    async undo(entry, actor) {
      await change(check(entry.before ?? {}, config), actor, entry);
    },
  };
}

/** What is stored of them; null: nothing, the default holds. */
function ofKeys(values: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, values[key] ?? null]));
}

/** The changes, parsed; throws naming every key that is wrong, then every key the environment holds. */
function check(changes: Readonly<Record<string, unknown>>, config: Config): Record<string, unknown> {
  const issues: { path: string; message: string }[] = [];
  const held: string[] = [];
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(changes)) {
    if (!isSettingKey(key)) {
      issues.push({ path: key, message: 'There is no such setting.' });
      continue;
    }
    const parsed = Settings.shape[key].nullable().safeParse(value);
    if (!parsed.success) issues.push({ path: key, message: parsed.error.issues[0]?.message ?? 'is wrong' });
    else if (isFromEnvironment(key, config)) held.push(key);
    else checked[key] = parsed.data;
  }
  if (issues.length > 0) {
    const told = issues.map(({ path, message }) => `${path.slice(0, 100)}: ${message}`).join(' ');
    throw new BadInput('settings.invalid', `Nothing was changed. ${told}`, issues);
  }
  if (held.length > 0) {
    const told = held.map((key) => (isSettingKey(key) ? `${key} (${ABOUT[key].env})` : key)).join(', ');
    throw new Conflict(
      'settings.environment',
      `Nothing was changed: ${told} is set in the environment. Change it there and start again, or remove it there.`,
    );
  }
  return checked;
}

/** Stored values of another version that no longer fit give way to the default. */
function snapshotOf(values: Readonly<Record<string, unknown>>, config: Config): Settings {
  const raw = SETTING_KEYS.map((key) => {
    const stored = Settings.shape[key].safeParse(values[key]);
    return [
      key,
      stored.success && !isFromEnvironment(key, config) ? stored.data : ABOUT[key].defaultOf(config),
    ];
  });
  return Object.freeze(Settings.parse(Object.fromEntries(raw)));
}

function entryOf(
  key: SettingKey,
  value: unknown,
  values: Readonly<Record<string, unknown>>,
  config: Config,
): SettingEntry {
  const schema = Settings.shape[key];
  const isStored = Settings.shape[key].safeParse(values[key]).success;
  return {
    key,
    type: ABOUT[key].type,
    value,
    default: ABOUT[key].defaultOf(config),
    origin: isFromEnvironment(key, config) ? 'environment' : isStored ? 'database' : 'default',
    description: schema.description ?? '',
    ...(schema instanceof z.ZodEnum ? { options: [...schema.options] } : {}),
  };
}

function isFromEnvironment(key: SettingKey, config: Config): boolean {
  const { env } = ABOUT[key];
  return env !== undefined && config.fromEnvironment.has(env);
}

function rowOf(key: SettingKey, value: unknown) {
  const { type } = ABOUT[key];
  return { key, type: type === 'enum' ? ('string' as const) : type, value };
}
