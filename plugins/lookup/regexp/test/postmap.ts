/** The same question asked of Debian's Postfix. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { missingPrograms, programPath } from '@postern/testkit'
import { writeOld } from '../../../../packages/lookup-kit/test/support/old-file.ts'

const MODULE = '/usr/lib/postfix/postfix-pcre.so'
/** Why Debian's Postfix cannot be asked for both types here; undefined when it can. */
export function missingPostmap(): string | undefined {
  const why = missingPrograms('postmap')
  if (why !== undefined || existsSync(MODULE)) return why
  const module = `needs the package postfix-pcre, not installed here`
  if (process.env.CI === 'true') throw new Error(module)
  process.stdout.write(`# skipped: ${module}\n`)
  return module
}

/** Runs postmap with a configuration of its own; its output and what it said on stderr. */
export function postmap(
  folder: string,
  args: readonly string[],
  input = '',
): Promise<{ out: string; warnings: string[] }> {
  const conf = join(folder, 'conf')
  if (!existsSync(conf)) {
    mkdirSync(conf, { recursive: true })
    writeOld(join(conf, 'main.cf'), 'compatibility_level = 3.6\n')
  }
  return new Promise((resolve, reject) => {
    const child = spawn(programPath('postmap')!, ['-c', conf, ...args], { timeout: 60_000 })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (b: Buffer) => out.push(b))
    child.stderr.on('data', (b: Buffer) => err.push(b))
    child.on('error', reject)
    child.on('close', () =>
      resolve({
        out: Buffer.concat(out).toString(),
        warnings: Buffer.concat(err)
          .toString()
          .split('\n')
          .filter((line) => line !== ''),
      }),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** Asks for many keys of one line at once: those found, with their values. */
export async function askMany(
  folder: string,
  table: string,
  keys: readonly string[],
): Promise<{ found: Map<string, string>; warnings: string[] }> {
  const { out, warnings } = await postmap(folder, ['-q', '-', table], keys.map((k) => `${k}\n`).join(''))
  // a result that is an error ends it: then one by one
  if (keys.length > 1 && warnings.some((w) => w.includes('fatal'))) {
    const found = new Map<string, string>()
    for (const key of keys) for (const [k, v] of (await askMany(folder, table, [key])).found) found.set(k, v)
    return { found, warnings }
  }
  const found = new Map<string, string>()
  for (const line of out.split('\n')) {
    const at = line.indexOf('\t')
    if (at >= 0) found.set(line.slice(0, at), line.slice(at + 1))
  }
  return { found, warnings }
}
