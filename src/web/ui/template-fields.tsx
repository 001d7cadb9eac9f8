import { Button, Textarea } from '@mantine/core';
import type { PreferenceWords, StreamPreferences } from './preference-api.ts';

type Templates = NonNullable<StreamPreferences['templates']>;
type TemplateFieldsProps = {
  value: Templates | undefined;
  words: PreferenceWords;
  onChange(value: Templates): void;
};

/** The words of a stream. Empty: the usual ones. */
export function TemplateFields({ value = {}, words, onChange }: TemplateFieldsProps) {
  const { defaultTemplates, templateFields } = words;
  return (
    <section className="tb-preferences-part" aria-label="Words">
      <h3>Words</h3>
      <p className="tb-quiet">
        <code>{'{codec}'}</code> holds what the stream is, <code>{'{quality, codec " | "}'}</code> joins,{' '}
        <code>{'{codec | "?"}'}</code> says what stands where nothing is known, and a part in{' '}
        <code>[brackets]</code> is left out where nothing in it is known.
      </p>
      {(['name', 'description'] as const).map((part) => (
        <div key={part} className="tb-json">
          <Textarea
            label={part === 'name' ? 'Name (the left column)' : 'Description (the right column)'}
            autosize
            minRows={2}
            maxRows={10}
            spellCheck={false}
            placeholder={defaultTemplates[part]}
            value={value[part] ?? ''}
            onChange={(event) => onChange({ ...value, [part]: event.currentTarget.value })}
          />
          <Button
            variant="transparent"
            size="compact-sm"
            px={0}
            disabled={(value[part] ?? '') !== ''}
            onClick={() => onChange({ ...value, [part]: defaultTemplates[part] })}
          >
            Begin with the usual {part}
          </Button>
        </div>
      ))}
      <details className="tb-choice">
        <summary>
          <span>What can stand in {'{…}'}</span>
        </summary>
        <dl className="tb-template-fields">
          {templateFields.map(({ name, description }) => (
            <div key={name}>
              <dt>
                <code>{name}</code>
              </dt>
              <dd>{description}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}
