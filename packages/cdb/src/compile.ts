/** Makes a cdb file of a table's text. */
import type { FileHandle } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { foldKey } from './fold.ts'
import { Problems } from './problems.ts'
import type { TextFormat } from './text/entry.ts'
import { readTextFile } from './text/read.ts'
import type { Stamp } from './text/read.ts'
import { CdbWriter } from './writer.ts'

export interface Compiled {
  readonly entries: number
  readonly problems: Problems
  /** the text that it was made of */
  readonly stamp: Stamp
}
export interface CompileOptions {
  readonly format: TextFormat
  /** asked between pieces: throws what ends the work */
  readonly go?: () => void
  /** what stands behind the cdb; see `CdbWriter.finish` */
  readonly trailer?: (made: Compiled, crc: number) => Buffer
}

/**
 * Of two entries with the same key the first counts, as postmap has it. Reads and writes in turns; 16 to 24 bytes of memory
 * an entry. Throws what `readTextFile` throws, and the system's errors.
 */
export async function compile(text: string, file: FileHandle, options: CompileOptions): Promise<Compiled> {
  const problems = new Problems()
  const writer = new CdbWriter(file)
  const stamp = await readTextFile(text, {
    format: options.format,
    problem: problems.tell,
    entry: ({ key, value }, line) => {
      if (!writer.add(Buffer.from(foldKey(key)), Buffer.from(value)))
        problems.tell({ line, what: `duplicate entry: "${key}"`, kept: false })
    },
    pause: async () => {
      options.go?.()
      await writer.drain()
      await turn()
    },
  })
  const made = { entries: writer.entries, problems, stamp }
  const { trailer } = options
  await writer.finish(trailer && ((crc) => trailer(made, crc)))
  return made
}
