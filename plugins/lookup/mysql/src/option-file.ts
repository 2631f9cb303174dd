/** MySQL's option files (my.cnf): what they say about a login. */
import { readFile, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Names with dashes, without the `loose-` that servers' versions need. */
export type FileOptions = ReadonlyMap<string, string>

const DEFAULT_FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf', join(homedir(), '.my.cnf')]
const DEPTH = 10

/**
 * The options of `[client]` and then of `group`. With no file named, the ones that MySQL's own clients read, if they are
 * there and `group` is not empty. Throws when a named file cannot be read.
 */
export async function readOptionFile(file: string, group: string): Promise<FileOptions> {
  const options = new Map<string, string>()
  if (file === '' && group === '') return options
  const groups = new Map<string, Map<string, string>>()
  for (const path of file === '' ? DEFAULT_FILES : [file]) {
    try {
      await readInto(groups, path, DEPTH)
    } catch (error) {
      if (file !== '') throw error
    }
  }
  for (const name of ['client', 'client-server', 'client-mariadb', group])
    for (const [key, value] of groups.get(name) ?? []) options.set(key, value)
  return options
}

async function readInto(groups: Map<string, Map<string, string>>, path: string, depth: number): Promise<void> {
  let now: Map<string, string> | undefined
  for (const raw of (await readFile(path, 'utf8')).split('\n')) {
    const line = raw.trim()
    const include = /^!(include|includedir)\s+(.+)$/.exec(line)
    const header = /^\[([^\]]*)\]/.exec(line)
    if (include) {
      if (depth === 0) throw new Error(`${path}: too many files within files`)
      await included(groups, include[1]!, resolve(dirname(path), include[2]!), depth - 1)
    } else if (header) {
      const name = header[1]!.trim()
      now = groups.get(name) ?? new Map<string, string>()
      groups.set(name, now)
    } else if (line !== '' && !/^[#;]/.test(line)) {
      const [, name, value] = /^([^=\s]+)\s*(?:=\s*([\s\S]*))?$/.exec(line) ?? []
      if (name !== undefined) now?.set(name.replace(/^loose[-_]/, '').replaceAll('_', '-'), unquoted(value ?? ''))
    }
  }
}
async function included(groups: Map<string, Map<string, string>>, how: string, path: string, depth: number) {
  if (how === 'include') return readInto(groups, path, depth)
  for (const name of (await readdir(path)).sort())
    if (name.endsWith('.cnf')) await readInto(groups, join(path, name), depth)
}
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ' }
function unquoted(value: string): string {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(value)
  const text = quoted ? quoted[2]! : value.replace(/\s+#.*$/, '')
  return text.replace(/\\([ntrbs"'\\])/g, (_, c: string) => ESCAPES[c] ?? c)
}
