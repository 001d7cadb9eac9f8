import { Badge, Button, NativeSelect, NumberInput, Switch, Textarea, TextInput } from '@mantine/core';
import { useId } from 'react';
import type { Setting } from './api.ts';
import { type Draft, fieldOf, RESET } from './setting-drafts.ts';

const ORIGIN_WORDS = {
  default: { word: 'default', color: 'gray' },
  database: { word: 'changed here', color: 'river' },
  environment: { word: 'from the environment', color: 'orange' },
} as const;

type SettingFieldProps = { setting: Setting; draft: Draft; error: string | null; onEdit(draft: Draft): void };

/** Name, meaning, origin and the input that fits the type. */
export function SettingField({ setting, draft, error, onEdit }: SettingFieldProps) {
  const id = useId();
  const { word, color } = ORIGIN_WORDS[setting.origin];
  const isReset = draft === RESET;
  return (
    <div className="tb-setting">
      <div className="tb-setting-words">
        <div className="tb-setting-name">
          <label htmlFor={id}>{setting.key}</label>
          <Badge color={color} variant="light" size="sm" radius="sm" tt="none">
            {isReset ? 'default, when saved' : word}
          </Badge>
        </div>
        <p id={`${id}-about`}>{setting.description}</p>
      </div>
      <div className="tb-setting-input">
        <Input id={id} setting={setting} draft={draft} error={error} onEdit={onEdit} />
        {setting.origin === 'environment' && (
          <p className="tb-quiet">Set in the environment or .env; change it there and restart.</p>
        )}
        {setting.origin === 'database' && !isReset && (
          <Button variant="transparent" size="compact-sm" px={0} onClick={() => onEdit(RESET)}>
            Back to the default: {shortValue(setting.default)}
          </Button>
        )}
      </div>
    </div>
  );
}

function Input({ id, setting, draft, error, onEdit }: SettingFieldProps & { id: string }) {
  const shown = draft === RESET ? fieldOf(setting.type, setting.default) : draft;
  const common = {
    id,
    error,
    disabled: setting.origin === 'environment',
    'aria-describedby': `${id}-about`,
  };
  if (typeof shown === 'boolean') {
    return (
      <Switch
        {...common}
        size="md"
        label={shown ? 'On' : 'Off'}
        checked={shown}
        onChange={(event) => onEdit(event.currentTarget.checked)}
      />
    );
  }
  if (setting.type === 'integer') {
    return (
      <NumberInput
        {...common}
        allowDecimal={false}
        value={shown}
        onChange={(value) => onEdit(String(value))}
      />
    );
  }
  if (setting.type === 'enum') {
    const data = setting.options ?? [shown];
    return (
      <NativeSelect
        {...common}
        data={data.includes(shown) ? data : [shown, ...data]}
        value={shown}
        onChange={(event) => onEdit(event.currentTarget.value)}
      />
    );
  }
  const text = { ...common, spellCheck: false, value: shown };
  if (setting.type === 'json') {
    return (
      <Textarea
        {...text}
        className="tb-json"
        autosize
        minRows={2}
        maxRows={14}
        onChange={(event) => onEdit(event.currentTarget.value)}
      />
    );
  }
  return <TextInput {...text} onChange={(event) => onEdit(event.currentTarget.value)} />;
}

function shortValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
