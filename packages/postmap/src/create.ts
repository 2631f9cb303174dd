/** `postmap type:file`: makes what lookups read from the text. */
import { closeSync, constants, openSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import type { TableBuilt } from '@postern/core'
import type { TypedSource } from '@postern/cli/tables'
import { Fatal, systemText } from './fatal.ts'
import { buildOfFiles, checkFiles } from './files.ts'
import type { Flags } from './flags.ts'
import { Named } from './open.ts'
import type { Opener } from './open.ts'
import { asOwner } from './owner.ts'

export async function create(flags: Flags, opener: Opener, say: (text: string) => void): Promise<number> {
  for (const text of flags.tables) await createOne(new Named(text), flags, opener, say)
  return 0
}
async function createOne(named: Named, flags: Flags, opener: Opener, say: (text: string) => void): Promise<void> {
  if (named.type === 'proxy') throw new Fatal("can't create maps via the proxy service")
  mustOpen(named.rest)
  const typed = await opener.type(named)
  if (!typed.type.build)
    throw new Fatal(`unsupported dictionary type: ${named.type} does not support bulk-mode creation.`)
  const { problems } = await asOwner(named.rest, flags, () => made(named, flags, typed, say)).catch((error: Error) => {
    throw error instanceof Fatal ? error : new Fatal(error.message)
  })
  const isDuplicate = (problem: string) => /\bduplicate entry\b/.test(problem)
  const told = flags.silent || flags.replace ? problems.filter((p) => !isDuplicate(p)) : problems
  for (const problem of told) say(`warning: ${worded(named, problem)}`)
  if (flags.replace && problems.some(isDuplicate))
    say(`warning: ${named.name}: of two entries with one key the first counts in spite of -r, as lookups read the text`)
  if (flags.unfolded)
    say(`warning: ${named.name}: keys are folded to lower case in spite of -f, as every lookup does it`)
}
async function made(named: Named, flags: Flags, typed: TypedSource, say: (text: string) => void): Promise<TableBuilt> {
  if (flags.files && named.isText) await checkFiles(named, say)
  const built =
    flags.files && !named.isText
      ? await buildOfFiles(named, typed, say)
      : await typed.type.build!(typed.source, typed.context)
  // types give their files the permissions of the text
  if (flags.ownMode) for (const file of built.files) await chmod(file, 0o666 & ~process.umask())
  return built
}
/** With the name as it was given, and without the ending that postmap(1) has elsewhere. */
function worded(named: Named, problem: string): string {
  const text = problem.startsWith(named.file) ? named.rest + problem.slice(named.file.length) : problem
  return text.replace(/((duplicate entry|expected format): .*|need name:value pair|name must be local) -- .*$/, '$1')
}
/** As Postfix does before it looks at the type. */
function mustOpen(file: string): void {
  try {
    // a FIFO must not wait for a writer
    closeSync(openSync(file, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch (error) {
    throw new Fatal(`open ${file}: ${systemText(error)}`)
  }
}
