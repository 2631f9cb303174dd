/** Temporary folders and free ports. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
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

/** `count` ports that nobody listens on at the moment, all different. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  try {
    return await Promise.all(servers.map((s) => portOf(s, host)))
  } finally {
    await Promise.all(servers.map((s) => new Promise<void>((done) => s.close(() => done()))))
  }
}
export const freePort = async (host?: string): Promise<number> => (await freePorts(1, host))[0]!

function portOf(server: ReturnType<typeof createServer>, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => {
      const at = server.address()
      if (at && typeof at === 'object') resolve(at.port)
      else reject(new Error('no port'))
    })
  })
}
