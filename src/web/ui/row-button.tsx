import { Button, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';

type RowButtonProps = Pick<ButtonProps, 'variant' | 'loading' | 'disabled'> & {
  word: string;
  /** What the row is of; who does not see the row hears it. */
  of: string;
  isOpen?: boolean;
  onClick(): void;
};

/** The owner's hand on one of the things a view lists. */
export function RowButton({ word, of, isOpen, variant = 'default', onClick, ...rest }: RowButtonProps) {
  return (
    <Button
      {...rest}
      variant={variant}
      size="xs"
      aria-label={`${word} ${of}`}
      {...(isOpen === undefined ? {} : { 'aria-expanded': isOpen })}
      onClick={onClick}
    >
      {word}
    </Button>
  );
}

export function RowButtons({ children }: { children: ReactNode }) {
  return <div className="tb-actions tb-row-actions">{children}</div>;
}
