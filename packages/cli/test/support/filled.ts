/** A running daemon with messages that were imported into it. */
import path from 'node:path'
import { makeArchive } from './archive.ts'
import type { Site } from './command.ts'

export const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l))
export const rows = async (site: Site, ...args: string[]) =>
  lines((await site.run('queue', 'list', '--json', ...args)).out)
/** The names they had: imported mail has new ids. */
export const subjects = async (site: Site, ...args: string[]) =>
  (await rows(site, ...args)).map((m) => / ?(\w+) imported by/.exec(m.envelope.reason)![1]).sort()

export async function filled(site: Site, messages: Parameters<typeof makeArchive>[1]): Promise<Map<string, string>> {
  await site.little({ away: true })
  await site.run('start')
  await makeArchive(path.join(site.folder, 'in'), messages)
  const imported = lines((await site.run('queue', 'import', 'in', '--json')).out)
  return new Map(imported.map((m: { from: string; id: string }) => [m.from, m.id]))
}
