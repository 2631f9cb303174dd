/** A Postfix folder of which Debian's programs and ours are asked the same, each in a copy of its own. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { programPath } from '@postern/testkit'

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../../bin')

export interface Ended {
  readonly code: number | null
  readonly out: string
  /** its lines in order of the alphabet: Postfix's warnings come in the order of a hash */
  readonly err: readonly string[]
  /** the folder's files after it */
  readonly files: Readonly<Record<string, string>>
}
export type Files = Readonly<Record<string, string>>

/** What `program` answers about a fresh folder `conf` (`@/conf` by its whole name) with these files (latin1). `ours`: the one of this package. */
export async function ask(program: string, args: readonly string[], files: Files, ours: boolean): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tools-'))
  try {
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'conf'))
    for (const [name, content] of Object.entries(files)) {
      const file = join(folder, 'conf', name)
      writeFileSync(file, content, 'latin1')
      // Postfix waits until a file is no longer new, and reads it again
      utimesSync(file, 1e9, 1e9)
    }
    const asked = args.map((arg) => arg.replace(/^@\//, `${folder}/`))
    const words = ours ? [process.execPath, join(BIN, program), ...asked] : [programPath(program)!, ...asked]
    const ended = await run(words, folder)
    const after = Object.keys(files).map((name) => [name, readFileSync(join(folder, 'conf', name), 'latin1')] as const)
    return { ...ended, files: Object.fromEntries(after) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
function run([program, ...args]: readonly string[], cwd: string): Promise<Omit<Ended, 'files'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      cwd,
      // Postfix's programs say their whole path
      argv0: basename(program!),
      // Postfix's programs take nothing else from their environment
      env: { PATH: process.env.PATH, TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('latin1').on('data', (d: string) => (out += d))
    child.stderr.setEncoding('latin1').on('data', (d: string) => (err += d))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err: err.split('\n').filter(Boolean).sort() }))
  })
}
