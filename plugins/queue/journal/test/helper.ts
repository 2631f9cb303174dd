/** Stores in temporary folders, messages to put into them. */
import fs from 'node:fs'
import os from 'node:os'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { JournalStore } from '@postern/queue-journal'
import { systemClock } from '@postern/core'
import type { JournalOptions } from '@postern/queue-journal'
import type { BodySource, LogSink, NewMessage, QueuedMessage, QueueStore, RecipientSeed } from '@postern/core'
import { logger } from '@postern/core'

export interface LogEvent {
  level: string
  event: string
  fields: Readonly<Record<string, unknown>>
}
const folders: string[] = []
export function temporary(): string {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'postern-journal-'))
  folders.push(folder)
  return folder
}
process.on('exit', () => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true })
})

export const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
/** Takes all room that is left on the disk. */
export function fill(path: string): void {
  const fd = fs.openSync(path, 'w')
  try {
    for (const size of [256 * 1024, 4096]) for (let at = 0; ; at += fs.writeSync(fd, Buffer.alloc(size, 1)));
  } catch {
    // both sizes end so
  } finally {
    fs.closeSync(fd)
  }
}
export function store(path: string, more: Partial<JournalOptions> = {}, events: LogEvent[] = []): JournalStore {
  const sink: LogSink = {
    enabled: () => true,
    write: (level, event, fields) => void events.push({ level, event, fields }),
  }
  return new JournalStore({
    path,
    segmentSize: 64 * 1024,
    bodyThreshold: 8 * 1024,
    outcomeSync: 'lazy',
    minFree: 0,
    log: logger(() => sink),
    now: () => systemClock.now(),
    ...more,
  })
}
export async function started(
  path: string,
  more: Partial<JournalOptions> = {},
  events: LogEvent[] = [],
): Promise<JournalStore> {
  const made = store(path, more, events)
  await (
    await made.start(() => undefined)
  ).done
  return made
}
export async function bodyOf(to: QueueStore, bytes: Uint8Array, chunk = 3000): Promise<BodySource> {
  const sink = to.body()
  for (let at = 0; at < bytes.length; at += chunk) await sink.write(bytes.subarray(at, at + chunk))
  return await sink.end()
}
export async function message(
  to: QueueStore,
  body: Uint8Array | string = 'Hello\r\n',
  recipients: readonly RecipientSeed[] = [seed('bob@example.net')],
  more: Partial<NewMessage> = {},
): Promise<NewMessage> {
  const id = to.newId()
  return {
    id,
    envelope: {
      sender: 'alice@example.com',
      origin: { kind: 'smtp', listener: 'smtp', session: 's1' },
      created: Date.now(),
      smtputf8: false,
      marks: { 'x-test': [1, 'é'] },
      reason: 'received',
    },
    recipients,
    header: Buffer.from(`Message-ID: <${id}@example.com>\r\nSubject: test\r\n`),
    body: await bodyOf(to, Buffer.from(body)),
    ...more,
  }
}
export const seed = (address: string): RecipientSeed => ({ address, original: address })

export async function textOf(body: BodySource): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body.stream()) parts.push(part)
  return Buffer.concat(parts)
}
export async function loaded(from: QueueStore, id: string): Promise<QueuedMessage> {
  const found = await from.load(id)
  if (!found) throw new Error(`message ${id} is not there`)
  return found
}
/** Folder of the part under a journal. */
export const partOf = (path: string): string => join(path, 'parts', fs.readdirSync(join(path, 'parts'))[0]!)
export const segmentsOf = (path: string): string[] =>
  fs
    .readdirSync(join(partOf(path), 'seg'))
    .filter((n) => /^\d+$/.test(n))
    .sort()
    .map((n) => join(partOf(path), 'seg', n))

/** What the disk holds now, as a crash of the process would leave it. The store must have nothing to write. */
export function snapshot(path: string): string {
  for (;;) {
    const copy = temporary()
    const before = namesIn(path)
    try {
      fs.cpSync(path, copy, { recursive: true })
    } catch (error) {
      // a segment was dropped meanwhile
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      continue
    }
    // what was copied before a drop and what was copied behind it were never on a disk together
    if (namesIn(path) === before) return copy
    fs.rmSync(copy, { recursive: true })
  }
}
const namesIn = (path: string): string => (fs.readdirSync(path, { recursive: true }) as string[]).sort().join()
