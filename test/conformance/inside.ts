/**
 * One case from its beginning to what is observed, run inside the namespaces that outside.ts has made. Its argument is an `Order` as JSON;
 * its last line is an `Answer` as JSON.
 */
import { cpSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectedOf, readCase } from './cases.ts'
import { observe } from './judge/observe.ts'
import type { Observed } from './judge/observed.ts'
import { play } from './room/play.ts'
import { Room } from './room/room.ts'
import { CommandServer, PostfixServer } from './room/server.ts'
import type { RoomServer } from './room/server.ts'

export interface Order {
  readonly case: string
  /** an empty folder, to be mounted over */
  readonly room: string
  /** `postfix`, or a command */
  readonly server: string
  readonly tools?: string
  /** where to leave a copy of the room */
  readonly keep?: string
}
export interface Answer {
  readonly observed?: Observed
  readonly error?: string
  /** the end of what the server said */
  readonly output?: string
}

async function obey(order: Order): Promise<Answer> {
  const room = new Room(readCase(order.case), order.room)
  const expected = order.server === 'postfix' ? undefined : expectedOf(order.case)
  await room.make()
  const server: RoomServer =
    order.server === 'postfix'
      ? new PostfixServer(room)
      : new CommandServer(room, { command: order.server, tools: order.tools, expected })
  try {
    const observed = await watch(room, server, expected)
    return { observed, output: server.output() }
  } catch (error) {
    return { error: (error as Error).message, output: server.output() }
  } finally {
    if (order.keep) keep(room, order.keep)
  }
}

async function watch(room: Room, server: RoomServer, expected: Observed | undefined): Promise<Observed> {
  const need = expected ? arrivedIn(expected) : 0
  const { settle = 0 } = room.case.spec
  await server.start()
  try {
    const played = await play(room, server)
    await server.idle(need)
    if (settle > 0) {
      await sleep(settle * 1000)
      await server.idle(need)
    }
    await server.stop()
    // what was being written
    await sleep(200)
    return observe(room.scene, played)
  } finally {
    await server.stop()
  }
}

function arrivedIn({ mailboxes, sinks, pipes }: Observed): number {
  return [mailboxes, sinks, pipes].flatMap((places) => Object.values(places).flat()).length
}

/** Files and folders, but for the system's and the queue, whose segments are large; sockets and the like cannot be copied. */
function keep(room: Room, folder: string): void {
  const left = ['root', 'queue'].map((name) => join(room.folder, name))
  const isPlain = (file: string) => {
    const found = lstatSync(file)
    return (found.isFile() || found.isDirectory()) && !left.includes(file)
  }
  cpSync(room.folder, folder, { recursive: true, filter: isPlain })
}

const answer = await obey(JSON.parse(process.argv[2]!) as Order).catch((error: unknown): Answer => ({
  error: (error as Error).stack,
}))
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0))
