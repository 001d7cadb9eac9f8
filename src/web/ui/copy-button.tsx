import { Button, type ButtonProps } from '@mantine/core';
import { useCopy } from './clipboard.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';

type CopyButtonProps = { text: string; label: string; iconSize?: number } & Pick<
  ButtonProps,
  'variant' | 'size' | 'className' | 'color'
>;

/** Copies and says so; when the browser refuses, it says that instead. */
export function CopyButton({ text, label, iconSize = 18, ...rest }: CopyButtonProps) {
  const { state, copy } = useCopy();
  const words = { idle: label, copied: 'Copied', failed: 'Not copied' }[state];
  return (
    <Button
      {...rest}
      leftSection={state === 'copied' ? <CheckIcon size={iconSize} /> : <CopyIcon size={iconSize} />}
      onClick={() => copy(text)}
    >
      <span aria-live="polite">{words}</span>
    </Button>
  );
}
