/** A Postfix folder's parameters. What reads them is loaded only when there is such a folder. */
import type { Parameters } from '@postern/postfix-config'
import { Fatal, systemText } from './fatal.ts'
import type { ExitCode } from './fatal.ts'

/** What is in effect by the folder's main.cf. Throws Fatal with `exit`, in Postfix's words, when it cannot be read. */
export async function parametersOf(folder: string, exit?: ExitCode): Promise<Parameters> {
  const { Parameters, readMainCf } = await import('@postern/postfix-config')
  const main = await readMainCf(folder).catch((error: NodeJS.ErrnoException) => {
    throw new Fatal(`open ${folder}/main.cf: ${systemText(error)}`, exit)
  })
  return new Parameters(main)
}
