/** `postern table dump` */
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { printer } from '../print.ts'
import { about, withTables } from './opened.ts'

/** Entries are printed as they come, in the table's own order. With --json, one object a line. */
export async function dump(name: string, o: ReportOptions): Promise<void> {
  await withTables(o.config, async ({ open }) => {
    const table = await open(name)
    const entries = table.entries()
    if (!entries) {
      // as `postmap -s`, which says "sequence operation is not supported"
      const why = table.pattern ? 'its keys are patterns' : 'it answers one key at a time'
      throw new CommandError(EX.USAGE, `${table.name}: a table of this type cannot list its entries: ${why}`)
    }
    const out = printer()
    try {
      for await (const [key, value] of entries)
        await out.add(o.json ? JSON.stringify({ key, value }) + '\n' : `${key}\t${value}\n`)
    } catch (error) {
      throw new CommandError(EX.TEMPFAIL, `${about(table.name, (error as Error).message)}; the list is not complete`)
    } finally {
      await out.flush()
    }
  })
}
