/** A case's actions, one after the other. */
import { sleep } from './testkit.ts'
import type { Action } from '../cases.ts'
import { countArrived } from '../judge/observe.ts'
import type { Played } from '../judge/observed.ts'
import { Client } from './client.ts'
import { uidOf } from './people.ts'
import type { Room } from './room.ts'
import type { RoomServer } from './server.ts'
import { run } from './shell.ts'

const PROGRAM = 30_000

/** What can be compared of each; actions that only change something leave nothing. */
export async function play(room: Room, server: RoomServer): Promise<Played[]> {
  const played: Played[] = []
  for (const action of room.case.actions) played.push(...(await one(action, room, server)))
  return played
}

async function one(action: Action, room: Room, server: RoomServer): Promise<Played[]> {
  if (action.smtp) return [{ smtp: await session(action, room) }]
  if (action.parallel) return [{ smtp: await together(action, room) }]
  if (action.run) return [await program(action, action.run, room, server.env)]
  if ('wait' in action) {
    await server.idle(action.least ?? 0)
    return [{ wait: countArrived(room.scene) }]
  }
  if (action.sleep !== undefined) await sleep(action.sleep * 1000)
  else if (action.sink_up !== undefined) await sinkOf(room, action.sink_up).up()
  else if (action.sink_replies !== undefined) sinkOf(room, action.sink_replies).answer(action.replies ?? {})
  else if (action.write !== undefined) room.put(action.write, action.text ?? '')
  else if (action.postmap !== undefined) room.indexTable('postmap', action.postmap)
  else throw new Error(`an action that nobody knows: ${JSON.stringify(action)}`)
  return []
}

async function session({ smtp }: Action, room: Room): Promise<NonNullable<Played['smtp']>> {
  const client = await Client.connect(room, smtp!)
  try {
    return await client.play(smtp!.steps ?? [], !smtp!.silent)
  } finally {
    client.close()
  }
}

async function together({ parallel, n = 1 }: Action, room: Room): Promise<NonNullable<Played['smtp']>> {
  const clients: Client[] = []
  for (let i = 0; i < n; i++) clients.push(await Client.connect(room, parallel!))
  const replies: string[] = []
  for (const client of clients) replies.push(await client.reply())
  for (const client of clients) client.close()
  return replies.sort().map((reply) => ['(connect)', reply] as const)
}

async function program(action: Action, words: readonly string[], room: Room, env: NodeJS.ProcessEnv): Promise<Played> {
  const command = words.map((word) => room.fill(word))
  const ran = await run(command, {
    input: Buffer.from(room.fill(action.stdin ?? ''), action.charset ?? 'utf8'),
    env,
    uid: action.user === undefined ? undefined : uidOf(action.user),
    limit: PROGRAM,
  })
  return { run: words[0], ...ran }
}

function sinkOf(room: Room, name: string) {
  const sink = room.sinks.get(name)
  if (!sink) throw new Error(`no next hop has this name: ${name}`)
  return sink
}
