/** Messages whole, out of this queue and into it. */
import { BodyDamaged, messageSize } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import { contentOf } from '../../queue/content.ts'
import { messageOf } from '../../queue/imported.ts'
import type { Arguments, ExportRow, ImportArguments, Result } from '../protocol.ts'
import { entryOf } from './look.ts'
import { selected } from './asked.ts'
import type { Asked } from './asked.ts'

export async function send(asked: Asked, { query }: Arguments<'queue.export'>): Promise<object> {
  const row = (value: ExportRow) => asked.row(value)
  const { queue } = asked.served.node
  for await (const { id } of idsOf(asked, query)) {
    const m = await queue.load(id)
    // it went while the others were told
    if (!m) continue
    await row({ message: entryOf(m), bytes: messageSize(m) })
    try {
      for await (const chunk of contentOf(m)) await row({ content: Buffer.from(chunk).toString('base64') })
      await row({ end: id })
    } catch (error) {
      if (!(error instanceof BodyDamaged)) throw error
      await row({ end: id, damaged: error.message })
    }
  }
  return {}
}
/** Named messages alone need no walk. */
async function* idsOf(asked: Asked, query: Arguments<'queue.export'>['query']): AsyncGenerator<{ id: string }> {
  if (query?.ids && Object.keys(query).length === 1) for (const id of query.ids) yield { id }
  else yield* selected(asked, query)
}

export async function bring({ served: { node } }: Asked, args: ImportArguments): Promise<Result<'queue.import'>> {
  const { refusing } = node.status().queue
  if (refusing) throw new CommandError(EX.UNAVAILABLE, `the queue takes no mail now: ${refusing}`)
  return { id: await node.import(messageOf(args, node.clock.now())) }
}
