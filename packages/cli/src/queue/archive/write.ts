/** Where exported messages go: a folder, or a tar archive in a file or a pipe. */
import { createWriteStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { BodyDamaged } from '@postern/core'
import { send } from '../../control/lines.ts'
import { CommandError, EX } from '../../exit.ts'
import type { Whole } from '../source.ts'
import { factsText } from './pair.ts'
import { TAR_END, tarHeader, tarPadding } from './tar.ts'

export interface Archive {
  /** Resolves with what is wrong with the content, if anything. */
  add(whole: Whole): Promise<string | undefined>
  /** Everything is on the disk. */
  end(): Promise<void>
}
/** `-` is standard output; a name that ends in `.tar` is a file; all else is a folder. */
export async function archiveFor(place: string): Promise<Archive> {
  try {
    if (place === '-') return new Tar(process.stdout)
    if (place.endsWith('.tar') && !(await isFolder(place)))
      return new Tar(createWriteStream(place, { mode: 0o600, flush: true } as object))
    await mkdir(place, { recursive: true, mode: 0o700 })
    return new Folder(place)
  } catch (error) {
    throw new CommandError(EX.CANTCREAT, `${place}: ${(error as Error).message}`)
  }
}
const isFolder = (place: string): Promise<boolean> =>
  stat(place).then(
    (s) => s.isDirectory(),
    () => false,
  )

/** Content to its end, or to where it is damaged. */
async function copy(whole: Whole, write: (chunk: Uint8Array) => Promise<void>): Promise<string | undefined> {
  try {
    for await (const chunk of whole.content) await write(chunk)
    return undefined
  } catch (error) {
    if (error instanceof BodyDamaged) return error.message
    throw error
  }
}

/** The .json file comes last: a pair that has one is whole. */
class Folder implements Archive {
  readonly #folder: string
  constructor(folder: string) {
    this.#folder = folder
  }
  async add(whole: Whole): Promise<string | undefined> {
    const { id } = whole.message
    let damaged: string | undefined
    // of an older export
    await rm(path.join(this.#folder, `${id}.json`), { force: true })
    await this.#write(`${id}.eml`, async (write) => void (damaged = await copy(whole, write)))
    await this.#write(`${id}.json`, (write) => write(Buffer.from(factsText(whole.message, damaged))))
    return damaged
  }
  async #write(name: string, fill: (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
    const file = await open(path.join(this.#folder, name), 'w', 0o600)
    try {
      await fill((chunk) => file.writeFile(chunk))
      await file.sync()
    } finally {
      await file.close()
    }
  }
  async end(): Promise<void> {
    const folder = await open(this.#folder)
    await folder.sync().finally(() => folder.close())
  }
}

class Tar implements Archive {
  readonly #out: Writable
  #failed: Error | undefined
  constructor(out: Writable) {
    this.#out = out
    out.on('error', (error) => (this.#failed = error))
  }
  async #send(data: Uint8Array): Promise<void> {
    if (data.length > 0) await send(this.#out, data).catch((error: Error) => Promise.reject(this.#failed ?? error))
  }
  async add(whole: Whole): Promise<string | undefined> {
    const { id, envelope } = whole.message
    await this.#send(tarHeader(`${id}.eml`, whole.bytes, envelope.created))
    let left = whole.bytes
    const damaged = await copy(whole, (chunk) => {
      left -= chunk.length
      return this.#send(chunk)
    })
    // the size stands in front already
    for (; left > 0; left -= Math.min(left, 65536)) await this.#send(Buffer.alloc(Math.min(left, 65536)))
    await this.#send(tarPadding(whole.bytes))
    const facts = Buffer.from(factsText(whole.message, damaged))
    await this.#send(tarHeader(`${id}.json`, facts.length, envelope.created))
    await this.#send(Buffer.concat([facts, tarPadding(facts.length)]))
    return damaged
  }
  async end(): Promise<void> {
    await this.#send(TAR_END)
    if (this.#out === process.stdout) return
    this.#out.end()
    await finished(this.#out)
  }
}
