import { PasswordInput, type PasswordInputProps } from '@mantine/core';

type SecretFieldProps = PasswordInputProps & {
  /** What the eye shows or hides. */
  of?: 'password' | 'token' | 'key';
};

/** A field nobody behind you reads, unless you show it. */
export function SecretField({ of = 'password', ...rest }: SecretFieldProps) {
  return <PasswordInput visibilityToggleButtonProps={{ 'aria-label': `Show or hide the ${of}` }} {...rest} />;
}
