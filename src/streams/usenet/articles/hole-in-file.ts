import { ArticleDamaged, ArticleMissing } from '../providers/articles-of.ts';

/** The bytes from `offset` on cannot be had of any provider; every byte before it was given. Its `cause` says why. */
export class HoleInFile extends Error {
  readonly offset: number;
  constructor(offset: number, cause: unknown) {
    super('bytes of this file cannot be had of any provider', { cause });
    this.name = 'HoleInFile';
    this.offset = offset;
  }
}

/** A part of a posted file that the NZB lacks, or no provider has. */
export class PartAbsent extends Error {
  readonly index: number;
  constructor(index: number, cause: unknown) {
    super('a part of a posted file cannot be had', { cause });
    this.index = index;
  }
}

/** It will not come, whoever is asked. */
export function isGone(error: unknown): boolean {
  return error instanceof ArticleMissing || error instanceof ArticleDamaged;
}
