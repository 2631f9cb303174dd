/** Tables that a list of a Postfix folder names, asked by the bundled plugins. */
import { Tables, ask, bundledFrom, tableLog } from '@postern/cli/tables'
import { loadConfig } from '@postern/core'
import { Fatal } from '@postern/sendmail/queue'

/** Whether `table` (`type:name`) knows `name`. Throws Fatal when it cannot be asked. */
export async function tableHas(table: string, name: string): Promise<boolean> {
  const nothing = await loadConfig({ config: { myhostname: 'localhost', plugins: [] }, folder: process.cwd() })
  const tables = new Tables(nothing, { log: tableLog(() => undefined, 'error'), resolveFrom: bundledFrom() })
  try {
    const open = await tables.open(table, process.cwd())
    if (open.problem !== undefined) throw new Fatal(open.problem)
    const answer = await ask(open, name)
    if (answer.kind === 'failed') throw new Fatal(`${table}: table lookup error: ${answer.cause}`)
    return answer.kind === 'found'
  } finally {
    await tables.close()
  }
}
