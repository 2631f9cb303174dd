/** Messages as `queue export` writes them, made by hand. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface Made {
  readonly sender?: string
  readonly to?: readonly (string | object)[]
  /** hours in the queue */
  readonly hours?: number
  readonly held?: string
  readonly content?: string
  /** over what stands in the .json file */
  readonly facts?: object
  readonly envelope?: object
}
export async function makeArchive(folder: string, messages: Record<string, Made>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [id, m] of Object.entries(messages)) {
    await writeFile(path.join(folder, `${id}.eml`), m.content ?? `Subject: ${id}\r\n\r\nHello!\r\n`)
    await writeFile(path.join(folder, `${id}.json`), JSON.stringify(factsOf(id, m)))
  }
}
function factsOf(id: string, m: Made): object {
  const recipients = (m.to ?? ['you@here.example']).map((to, n) =>
    typeof to === 'string' ? { n, address: to, original: to, state: 'pending' } : { n, state: 'pending', ...to },
  )
  const envelope = {
    sender: m.sender ?? 'me@here.example',
    origin: { kind: 'submit', by: 'made' },
    created: Date.now() - (m.hours ?? 0) * 3_600_000,
    smtputf8: false,
    marks: { 'made:mark': { by: 'hand' } },
    reason: 'made by hand',
    ...m.envelope,
  }
  const held = m.held === undefined ? undefined : { by: 'root', reason: m.held, at: 0 }
  return { format: 'postern-message-1', id, attempts: 2, nextTry: 0, held, envelope, recipients, size: 1, ...m.facts }
}
