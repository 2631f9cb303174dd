/** `postern import` */
import { writeFile } from 'node:fs/promises'
import type { Fate, Imported, ReportRow } from '@postern/postfix-config'
import { CommandError, EX } from '../exit.ts'
import { table } from '../text/table.ts'
import { print, printJson } from './print.ts'

export interface ImportOptions {
  readonly report?: boolean
  readonly json?: boolean
  readonly ts?: boolean
  readonly output?: string
  readonly force?: boolean
}
const FATES: readonly Fate[] = ['unknown', 'not yet', 'mapped', 'default', 'needless']

export async function importPostfix(folder: string, o: ImportOptions): Promise<void> {
  const { asTypescript, asYaml, importFolder, reportOf } = await import('@postern/postfix-config')
  const imported = await importFolder(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) throw error
    throw new CommandError(EX.NOINPUT, `${folder}: ${error.message}`)
  })
  if (o.report)
    return o.json ? printJson({ folder: imported.folder, parameters: reportOf(imported) }) : told(reportOf(imported))
  const text = o.ts ? asTypescript(imported) : asYaml(imported)
  if (o.output === undefined) process.stdout.write(text)
  else await write(o.output, text, o.force ?? false)
  warn(imported, reportOf(imported))
}

/** What is wrong in the folder, and what will not be done, on standard error. */
export function warn(imported: Imported, rows: readonly ReportRow[]): void {
  const lines = [
    ...imported.problems,
    ...imported.wrong.map(({ file, line, text }) => `${file}${line === undefined ? '' : `:${line}`}: ${text}`),
    ...rows
      .filter(({ fate }) => fate === 'not yet')
      .map(({ file, line, name, note }) => `${file}:${line}: ${name}: not done yet${note === '' ? '' : `: ${note}`}`),
  ]
  for (const line of lines) process.stderr.write(`postern: warning: ${line}\n`)
}

function told(rows: readonly ReportRow[]): void {
  const width = process.stdout.columns || 120
  const columns = [
    { head: 'parameter' },
    { head: 'value' },
    { head: 'line', align: 'right' as const },
    { head: 'became' },
  ]
  const found = FATES.map((fate) => [fate, rows.filter((row) => row.fate === fate)] as const)
  print(
    found
      .filter(([, all]) => all.length > 0)
      .flatMap(([fate, all]) => [
        `${HEADS[fate]} (${all.length})`,
        ...table(
          columns,
          all.map(({ name, value, line, note }) => [name, short(value), String(line), note]),
          width,
        ),
        '',
      ]),
  )
  print([found.map(([fate, all]) => `${all.length} ${fate}`).join(', ')])
}
const HEADS: Readonly<Record<Fate, string>> = {
  unknown: 'No such parameter',
  'not yet': 'Not yet: Postern does not do this',
  mapped: 'Mapped',
  default: 'Set to the default',
  needless: 'Needless here',
}
const short = (value: string): string => {
  const line = value.replace(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CommandError(EX.CANTCREAT, `${file} is there already; --force writes over it`)
    throw error
  }
}
