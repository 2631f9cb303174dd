/** How the commands end: whatever is wrong ends them with 1, as in Postfix. */
import { getSystemErrorMap } from 'node:util'

/** Ends the command with `NAME: fatal: TEXT`. */
export class Fatal extends Error {}

/** `No such file or directory`: an error of the system in the words of strerror(3). */
export function systemText(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException
  const text = (errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1]) ?? message
  return text.charAt(0).toUpperCase() + text.slice(1)
}
