import { Button } from '@mantine/core';
import type { Policy, Rule } from './family-api.ts';
import type { Choosable } from './family-search.ts';
import { plural } from './format.ts';
import { Poster } from './poster.tsx';

type TitleChoiceProps = {
  title: Choosable;
  rule: Rule | null;
  onChoose(policy: Policy): void;
  onEpisodes(): void;
};

const STATES = { allow: 'Allowed', deny: 'Denied' } as const;

/** A poster, whether it is allowed, and what a tap makes of it. */
export function TitleChoice({ title, rule, onChoose, onEpisodes }: TitleChoiceProps) {
  const policy = rule?.policy ?? null;
  const blocked = rule?.blockedEpisodes.length ?? 0;
  return (
    <li className="tb-title">
      <div className="tb-poster">
        <Poster id={title.id} title={title.title} kind={title.kind} src={title.poster} />
        {policy !== null && (
          <span className="tb-kind" data-policy={policy}>
            {STATES[policy]}
          </span>
        )}
      </div>
      <h3 title={title.title}>{title.title}</h3>
      <p className="tb-facts">
        {[title.facts, ...(blocked === 0 ? [] : [`${plural(blocked, 'episode', 'episodes')} blocked`])]
          .filter((fact) => fact !== '')
          .join(' · ')}
      </p>
      <div className="tb-title-links">
        {policy !== 'allow' && (
          <Choice word="Allow" of={title.title} variant="filled" onClick={() => onChoose('allow')} />
        )}
        {policy !== 'deny' && <Choice word="Deny" of={title.title} onClick={() => onChoose('deny')} />}
        {policy !== null && <Choice word="Remove" of={title.title} onClick={() => onChoose(null)} />}
        {title.kind === 'series' && <Choice word="Episodes" of={title.title} onClick={onEpisodes} />}
      </div>
    </li>
  );
}

type ChoiceProps = { word: string; of: string; variant?: 'filled' | 'default'; onClick(): void };

function Choice({ word, of, variant = 'default', onClick }: ChoiceProps) {
  return (
    <Button size="compact-sm" variant={variant} aria-label={`${word} ${of}`} onClick={onClick}>
      {word}
    </Button>
  );
}
