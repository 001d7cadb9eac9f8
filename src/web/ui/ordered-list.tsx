import { Button } from '@mantine/core';
import { useRef } from 'react';

type OrderedListProps = {
  /** What it is a list of, for those who cannot see it. */
  label: string;
  items: readonly { id: string; name: string }[];
  onChange(ids: string[]): void;
  /** Beside the name of one. */
  extra?(id: string): React.ReactNode;
};

/** A list whose order counts: moved by buttons, so that keys and thumbs can. */
export function OrderedList({ label, items, onChange, extra }: OrderedListProps) {
  const list = useRef<HTMLOListElement>(null);
  const ids = items.map(({ id }) => id);
  function move(from: number, to: number) {
    const next = [...ids];
    next.splice(to, 0, ...next.splice(from, 1));
    onChange(next);
    // The focus goes along, so that one can be moved on.
    const direction = to < from ? 'up' : 'down';
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>(`[data-move="${direction}-${to}"]:not(:disabled)`)?.focus(),
    );
  }
  return (
    <ol className="tb-ordered" aria-label={label} ref={list}>
      {items.map(({ id, name }, place) => (
        <li key={id}>
          <span className="tb-ordered-name">
            {place + 1}. {name}
          </span>
          {extra?.(id)}
          <span className="tb-ordered-buttons">
            <Button
              variant="default"
              aria-label={`Move ${name} up`}
              data-move={`up-${place}`}
              disabled={place === 0}
              onClick={() => move(place, place - 1)}
            >
              ↑
            </Button>
            <Button
              variant="default"
              aria-label={`Move ${name} down`}
              data-move={`down-${place}`}
              disabled={place === items.length - 1}
              onClick={() => move(place, place + 1)}
            >
              ↓
            </Button>
            <Button
              variant="default"
              aria-label={`Take ${name} away`}
              onClick={() => onChange(ids.filter((other) => other !== id))}
            >
              ×
            </Button>
          </span>
        </li>
      ))}
    </ol>
  );
}
