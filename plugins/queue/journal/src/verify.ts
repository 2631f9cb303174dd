/** Everything that can be checked of a queue that nobody has open. */
import fs from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { logger, silentSink } from '@postern/core'
import { KEPT, LIVE } from './flags.ts'
import { PAD, isHome } from './frame.ts'
import { Reader } from './reader.ts'
import { Rows } from './rows.ts'
import { decodeHome, decodeHomeFixed } from './envelope.ts'
import { eachSection, findCheckpoints, restoreCheckpoint } from './checkpoint.ts'
import { formatId } from './ids.ts'
import { hop } from './hop.ts'
import { keepDamaged, keepDamagedFile } from './damage.ts'
import { look } from './look.ts'
import { partsIn, uuidOf } from './part.ts'
import { payloadHolds, recover } from './recover.ts'
import { readChecked } from './body.ts'
import type { FoundCheckpoint } from './checkpoint.ts'
import type { Look, Opened } from './look.ts'
import type { Position } from './log-end.ts'

export interface VerifyProblem {
  /** uuid of the part's folder */
  readonly part: string
  readonly kind: 'segment' | 'message' | 'body' | 'checkpoint' | 'orphan'
  readonly text: string
}
export interface Verified {
  /** an orphan is a body file of no message: the next start removes it */
  readonly problems: readonly VerifyProblem[]
  readonly messages: number
  readonly segments: number
  /** bytes of the segments and body files that were read */
  readonly bytes: number
}
export interface VerifyOptions {
  /** copy what is damaged to `corrupt/`; nothing else is ever changed */
  readonly repair?: boolean
  /** bytes read so far, bytes in all */
  onProgress?(done: number, all: number): void
}

/**
 * Reads a whole queue (`folder`: the journal's) without lock: frames and their checksums, payloads, the chain of each
 * message's records, body files, and whether each checkpoint leads to the same queue as the log alone. No daemon may run.
 */
export async function verifyQueue(folder: string, options: VerifyOptions = {}): Promise<Verified> {
  const names = partsIn(folder)
  const all = names.reduce((sum, name) => sum + sizeOf(join(folder, 'parts', name)), 0)
  const result = { problems: [] as VerifyProblem[], messages: 0, segments: 0, bytes: 0 }
  const read = (bytes: number) => {
    result.bytes += bytes
    options.onProgress?.(result.bytes, Math.max(all, result.bytes))
  }
  for (const name of names) {
    const found = await new PartCheck(join(folder, 'parts', name), name, options.repair ?? false, read).run()
    result.problems.push(...found.problems)
    result.messages += found.messages
    result.segments += found.segments
  }
  return result
}
function sizeOf(part: string): number {
  const sizes = ['seg', 'body'].flatMap((sub) =>
    fs.readdirSync(join(part, sub)).map((name) => [name, fs.statSync(join(part, sub, name)).size] as const),
  )
  return sizes.reduce((sum, [name, size]) => (/^(spare|recycled|large)/.test(name) ? sum : sum + size), 0)
}

class PartCheck {
  readonly problems: VerifyProblem[] = []
  readonly #folder: string
  readonly #name: string
  readonly #repair: boolean
  readonly #read: (bytes: number) => void

  constructor(folder: string, name: string, repair: boolean, read: (bytes: number) => void) {
    this.#folder = folder
    this.#name = name
    this.#repair = repair
    this.#read = read
  }
  #problem(kind: VerifyProblem['kind'], text: string): void {
    if (!this.problems.some((p) => p.text === text)) this.problems.push({ part: this.#name, kind, text })
  }
  #look(): Promise<Look> {
    return look({ folder: this.#folder, uuid: uuidOf(this.#name), readOnly: true, seen: () => undefined })
  }

  async run(): Promise<{ problems: readonly VerifyProblem[]; messages: number; segments: number }> {
    const found = await this.#look()
    try {
      const rows = new Rows()
      for (const text of await this.#recover(rows, found, undefined)) this.#problem('segment', text)
      for (const one of found.opened) await this.#payloads(one, rows)
      await this.#messages(rows, found)
      await this.#bodies(rows)
      for (const checkpoint of await findCheckpoints(this.#folder, uuidOf(this.#name), found.opened))
        await this.#checkpoint(checkpoint, rows)
      return { problems: this.problems, messages: rows.messages, segments: found.opened.length }
    } finally {
      for (const { segment } of found.opened) segment.close()
    }
  }
  async #recover(rows: Rows, found: Look, from: Position | undefined): Promise<string[]> {
    const problems: string[] = []
    const log = logger(() => silentSink)
    const seen = () => undefined
    await recover({ folder: this.#folder, readOnly: !this.#repair, log, rows, found, problems, from, seen })
    return problems
  }

  /** Header and body of each message that is still in the queue. */
  async #payloads({ segment }: Opened, rows: Rows): Promise<void> {
    const checks: (() => Promise<void>)[] = []
    await hop(segment, {
      number: segment.number,
      epoch: segment.epoch,
      frame: (at, end, header, envelope) => {
        if (header.type === PAD || !isHome(header.type)) return
        const slot = rows.find(header.high, header.low)
        if (slot === -1 || rows.segment(slot) !== segment.number || rows.offset(slot) !== at) return
        const fixed = decodeHomeFixed(envelope)
        checks.push(async () => {
          if (await payloadHolds(segment, at, header, fixed)) return
          this.#problem('message', `message ${formatId(header.high, header.low)}: header or body are damaged`)
          if (this.#repair) keepDamaged(this.#folder, segment.number, at, segment.bytes(at, end))
        })
      },
      gap: () => undefined,
      breathe: async (bytes) => {
        for (const check of checks.splice(0)) await check()
        this.#read(bytes)
      },
    })
    for (const check of checks.splice(0)) await check()
  }
  /** Each record of each message can be found and read. */
  async #messages(rows: Rows, found: Look): Promise<void> {
    const segments = new Map(found.opened.map(({ segment }) => [segment.number, segment]))
    const problems: string[] = []
    const log = logger(() => silentSink)
    const segment = (number: number) => segments.get(number)
    const reader = new Reader({ part: this.#folder, rows, segment, log, problems, readOnly: !this.#repair })
    for (let slot = 0; slot < rows.top; slot++) {
      if (!rows.has(slot, LIVE)) continue
      try {
        for await (const _ of reader.chain(slot));
        for (const [, place] of rows.extras.get(slot)?.expands ?? [])
          if (!(await reader.record(rows.id(slot), place)))
            this.#problem('message', `message ${rows.id(slot)}: recipients are missing`)
        await this.#body(reader, rows, slot)
      } catch (error) {
        this.#problem('message', (error as Error).message)
      }
    }
  }
  async #body(reader: Reader, rows: Rows, slot: number): Promise<void> {
    const file = rows.extras.get(slot)?.file
    if (file === undefined) return
    const { envelope } = await reader.envelope(slot)
    const { bodyLength, bodyCrc } = decodeHomeFixed(envelope)
    if (decodeHome(envelope).f !== file) this.#problem('body', `message ${rows.id(slot)}: another body file`)
    try {
      for await (const chunk of readChecked(join(this.#folder, 'body', file), bodyLength, bodyCrc))
        this.#read(chunk.length)
    } catch (error) {
      this.#problem('body', `message ${rows.id(slot)}: body file ${file}: ${(error as Error).message}`)
      if (this.#repair) keepDamagedFile(this.#folder, file)
    }
  }
  async #bodies(rows: Rows): Promise<void> {
    const named = new Set([...rows.extras.values()].map(({ file }) => file))
    for await (const { name } of await opendir(join(this.#folder, 'body')))
      if (!named.has(name)) this.#problem('orphan', `body file ${name} belongs to no message`)
  }

  /** It holds, and it and the log behind it tell the same as the log alone. */
  async #checkpoint(checkpoint: FoundCheckpoint, rows: Rows): Promise<void> {
    const { path, header } = checkpoint
    if (!(await eachSection(path, () => true).catch(() => false)))
      return this.#problem('checkpoint', `checkpoint ${path} is damaged`)
    const other = new Rows()
    other.reserve(header.top)
    const again = await this.#look()
    try {
      const from = await restoreCheckpoint([checkpoint], other, header.top, again.opened)
      if (!from) return this.#problem('checkpoint', `checkpoint ${path} is damaged`)
      await this.#recover(other, again, from)
    } finally {
      for (const { segment } of again.opened) segment.close()
    }
    for (const id of differing(rows, other))
      this.#problem('checkpoint', `checkpoint ${path}: message ${id} is not what the log says`)
  }
}
function* differing(rows: Rows, other: Rows): Generator<string> {
  for (let slot = 0; slot < rows.top; slot++) {
    if (!rows.has(slot, LIVE)) continue
    const twin = other.find(rows.high(slot), rows.low(slot))
    if (twin === -1 || factsOf(rows, slot) !== factsOf(other, twin)) yield rows.id(slot)
  }
  for (let slot = 0; slot < other.top; slot++)
    if (other.has(slot, LIVE) && rows.find(other.high(slot), other.low(slot)) === -1) yield other.id(slot)
}
const factsOf = (rows: Rows, slot: number): string =>
  JSON.stringify([
    rows.segment(slot),
    rows.offset(slot),
    rows.lastSegment(slot),
    rows.lastOffset(slot),
    rows.attempts(slot),
    rows.nextTry(slot),
    rows.flags(slot) & KEPT,
    rows.crashes(slot),
    rows.states.count(slot),
    Buffer.from(rows.states.all(slot)).toString('base64'),
    rows.created(slot),
    rows.size(slot),
    rows.held(slot),
    rows.extras.get(slot)?.file,
  ])
