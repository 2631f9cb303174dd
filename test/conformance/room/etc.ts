/** The Postfix folder of a case: what the case says, on the ground that all cases share. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { HERE } from '../cases.ts'

export const baseFile = (name: string): string => readFileSync(join(HERE, 'base', name), 'utf8')
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** Files by their path below etc, with placeholders. */
export function etcFiles(caseFolder: string): Map<string, string> {
  const source = join(caseFolder, 'etc')
  const files = new Map<string, string>()
  if (existsSync(source)) {
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      files.set(relative(source, file), readFileSync(file, 'utf8'))
    }
  }
  if (!files.has('aliases')) files.set('aliases', baseFile('aliases'))
  files.set('main.cf', mainCf(textOf(join(source, 'main.cf'))))
  files.set('master.cf', masterCf(textOf(join(source, 'master.cf'))))
  return files
}

/** The base values that the case does not set, then the case's. */
function mainCf(own: string): string {
  const set = new Set([...own.matchAll(/^(\w+)\s*=/gm)].map((m) => m[1]))
  const base = baseFile('main.cf').split('\n')
  return base.filter((line) => line !== '' && !set.has(line.split(' ')[0])).join('\n') + `\n${own}`
}

/** The case's entries replace those of the same name and type. */
function masterCf(own: string): string {
  const entry = (line: string) => line.split(/\s+/, 2).join(' ')
  const replaced = new Set(
    own
      .split('\n')
      .filter((line) => /^[^\s#]/.test(line))
      .map(entry),
  )
  const base = baseFile('master.cf').split('\n')
  return base.filter((line) => line !== '' && !replaced.has(entry(line))).join('\n') + `\n${own}`
}

/** `home/rich/dot-forward` is written `.forward`. */
export function placeOf(name: string): string {
  const [top, user, ...rest] = name.split('/')
  if (top !== 'home' || user === undefined) return name
  return join(top, user, ...rest.map((part) => part.replace(/^dot-/, '.')))
}

/** In bin there are programs. */
export const modeOf = (name: string): number => (name.startsWith('bin/') || basename(name) === 'catch' ? 0o755 : 0o644)
