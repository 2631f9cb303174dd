/** Temporary folders and free ports. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempFolder {
  readonly path: string
  remove(): Promise<void>
}
export async function tempFolder(name = 'postern'): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), `${name}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** below what systems give to clients (32768 on Linux): a connection that somebody opens meanwhile does not take it */
const FIRST = 12_000
const LAST = 32_000
const TRIES = 100

/** `count` ports that nobody listens on at the moment, all different. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers: Server[] = []
  try {
    for (let i = 0; i < count; i++) servers.push(await bound(host))
    return servers.map((s) => (s.address() as AddressInfo).port)
  } finally {
    await Promise.all(servers.map((s) => new Promise<void>((done) => s.close(() => done()))))
  }
}
export const freePort = async (host?: string): Promise<number> => (await freePorts(1, host))[0]!

async function bound(host: string): Promise<Server> {
  for (let n = 1; ; n++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    try {
      return await listening(port, host)
    } catch (error) {
      if (n === TRIES || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    }
  }
}
function listening(port: number, host: string): Promise<Server> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
