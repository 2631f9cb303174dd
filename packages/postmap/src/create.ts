/** `postmap type:file`: makes what lookups read from the text. */
import { closeSync, constants, openSync } from 'node:fs'
import { Fatal, systemText } from './fatal.ts'
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
  const { type, source, context } = await opener.type(named)
  if (!type.build) throw new Fatal(`unsupported dictionary type: ${named.type} does not support bulk-mode creation.`)
  if (flags.files && !named.isText)
    throw new Fatal(`-F cannot create ${named.name}: only tables that are the text itself can name files`)
  const build = type.build.bind(type)
  const built = await asOwner(named.rest, flags, () => build(source, context)).catch((error: Error) => {
    throw new Fatal(error.message)
  })
  const isDuplicate = (problem: string) => /\bduplicate entry\b/.test(problem)
  const told = flags.silent ? built.problems.filter((p) => !isDuplicate(p)) : built.problems
  for (const problem of told) say(`warning: ${problem}`)
  if (flags.replace && built.problems.some(isDuplicate))
    say(`warning: ${named.name}: -r: of two entries with one key the first counts here, as lookups read the text`)
  if (flags.unfolded)
    say(`warning: ${named.name}: keys are folded to lower case in spite of -f, as every lookup does it`)
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
