/** `postern queue show` */
import { findConfig } from '../../config.ts'
import { send } from '../../control/lines.ts'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { splitContent } from '../../queue/content.ts'
import { messageLines } from '../../queue/message.ts'
import { queueSource } from '../../queue/source.ts'
import type { QueueSource } from '../../queue/source.ts'
import { terminalWidth } from '../../text/paint.ts'
import { print, printJson } from '../print.ts'

export interface ShowOptions extends ReportOptions {
  readonly body?: boolean
  readonly raw?: boolean
}
export async function show(id: string, o: ShowOptions): Promise<void> {
  const source = await queueSource(await findConfig(o.config))
  if (o.raw) return raw(source, id)
  const shown = await source.show(id)
  const body = o.body ? await bodyOf(source, id) : undefined
  if (o.json) printJson({ ...shown, ...(body !== undefined && { body }) })
  else print(messageLines({ ...shown, body }, terminalWidth(), Date.now()))
}
/** The bytes as they would go over the wire. */
async function raw(source: QueueSource, id: string): Promise<void> {
  for await (const chunk of contentOf(source, id)) await send(process.stdout, chunk)
}
async function bodyOf(source: QueueSource, id: string): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of contentOf(source, id)) chunks.push(chunk)
  return splitContent(Buffer.concat(chunks)).body.toString('utf8')
}
async function* contentOf(source: QueueSource, id: string): AsyncGenerator<Uint8Array> {
  for await (const { content } of source.wholes({ ids: [id] })) return yield* content
  throw new CommandError(EX.NOINPUT, `there is no message ${id} in the queue`)
}
