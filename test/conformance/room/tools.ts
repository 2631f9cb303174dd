/** Postfix's commands from a folder, under their names and nothing else of that folder. */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Room } from './room.ts'

const NAMES = [
  ...['sendmail', 'mailq', 'newaliases', 'postqueue', 'postsuper', 'postcat', 'postconf', 'postmap', 'postalias'],
  ...['postfix', 'postlog', 'postkick', 'postlock', 'postmulti'],
]

/**
 * A folder of the room for the front of PATH. A command that `from` does not have says so and ends with 127, so that the system's own
 * is not taken for it.
 */
export function toolFolder(room: Room, from: string): string {
  const folder = join(room.folder, 'tools')
  mkdirSync(folder)
  for (const name of NAMES) {
    const place = join(folder, name)
    if (existsSync(join(from, name))) symlinkSync(join(from, name), place)
    else {
      writeFileSync(place, `#!/bin/sh\necho "${name}: not among the tools" >&2\nexit 127\n`)
      chmodSync(place, 0o755)
    }
  }
  return folder
}
