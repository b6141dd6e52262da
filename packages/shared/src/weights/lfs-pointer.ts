/** Git-LFS pointers: what `git clone` without git-lfs leaves in the place of a weight file. */

export interface LfsPointer {
  readonly sha256: string;
  readonly bytes: number;
}

/** Pointers are under 1 KiB (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export const MAX_POINTER_BYTES = 1024;

/** The file that the text stands for, null when it is no pointer. */
export function readLfsPointer(text: string): LfsPointer | null {
  if (!text.startsWith('version https://git-lfs.github.com/spec/')) return null;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const bytes = /^size (\d{1,15})$/m.exec(text)?.[1];
  return sha256 === undefined || bytes === undefined ? null : { sha256, bytes: Number(bytes) };
}
