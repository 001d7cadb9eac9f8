import { useState } from 'react';

export type Bound = { value: string; onChange(event: { currentTarget: { value: string } }): void };

/** Fields of a form that hold text, and what ties an input to one of them. */
export function useFields<Fields extends Record<string, string>>(
  start: Fields,
): { fields: Fields; bind(field: keyof Fields): Bound } {
  const [fields, setFields] = useState(start);
  const bind = (field: keyof Fields) => ({
    value: fields[field],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setFields((before) => ({ ...before, [field]: value }));
    },
  });
  return { fields, bind };
}
