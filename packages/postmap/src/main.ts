/** The commands postmap and postalias: one program, which goes by the name it is called by. */
import { basename } from 'node:path'
import { printProblem } from '@postern/core'
import type { Problem } from '@postern/core'
import { defaultType } from './config.ts'
import { Fatal } from './fatal.ts'
import { parseFlags } from './flags.ts'
import type { Command, Flags } from './flags.ts'
import { Opener } from './open.ts'

/** Runs `argv` (with Node and script in front) and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const command: Command = basename(argv[1] ?? '').replace(/\.js$/, '') === 'postalias' ? 'postalias' : 'postmap'
  const say = (text: string) => void process.stderr.write(`${command}: ${text}\n`)
  // a reader that has seen enough is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  try {
    process.exitCode = await run(await typed(parseFlags(command, argv.slice(2), say)), say)
  } catch (error) {
    say(`fatal: ${error instanceof Fatal ? error.message : textOf(error)}`)
    process.exitCode = 1
  }
}
/** Every table with its type. */
async function typed(flags: Flags): Promise<Flags> {
  if (flags.tables.every((table) => table.includes(':'))) return flags
  const type = await defaultType(flags.config)
  return { ...flags, tables: flags.tables.map((table) => (table.includes(':') ? table : `${type}:${table}`)) }
}
async function run(flags: Flags, say: (text: string) => void): Promise<number> {
  const opener = await Opener.for(flags, say)
  try {
    switch (flags.mode) {
      case 'query':
        return await (await import('./query.ts')).query(flags, opener, say)
      case 'list':
        return await (await import('./list.ts')).list(flags, opener, say)
      case 'create':
        return await (await import('./create.ts')).create(flags, opener, say)
      case 'update':
      case 'delete':
        return await (await import('./edit.ts')).edit(flags, opener, say)
    }
  } finally {
    await opener.close()
  }
}
/** Of a configuration that does not check, every problem. */
function textOf(error: unknown): string {
  const { message, problems = [] } = error as Error & { problems?: readonly Problem[] }
  return problems.length > 0 ? problems.map(printProblem).join('; ') : message
}
