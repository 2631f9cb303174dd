/**
 * Binds a port without polling it: the handle can be given to other processes, and accepting costs this one nothing.
 * `net._createServerHandle` is what Node's own cluster module binds with; it is not documented, so it is used here alone.
 * Where it is missing nothing is bound, and each worker binds for itself with `reusePort`.
 */
import { lookup } from 'node:dns/promises'
import net from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

/** libuv's TCP handle, as far as it is used here. */
export interface Handle {
  getsockname(out: { address?: string; family?: string; port?: number }): number
  close(done?: () => void): void
}
type CreateServerHandle = (address: string | null, port: number, type: 4 | 6) => Handle | number

const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle

/** Runs `fn` with the rights that ports below 1024 need. */
export type AsRoot = <T>(fn: () => T) => T

/** `''` is every address, both families where the system has them. Rejects with the system's error. */
export async function bind(host: string, port: number, asRoot: AsRoot): Promise<Handle | undefined> {
  if (typeof create !== 'function') return undefined
  if (host === '') return asRoot(() => createHandle('::', port, 6, '0.0.0.0'))
  const { address, family } = await lookup(host)
  return asRoot(() => createHandle(address, port, family === 6 ? 6 : 4))
}
function createHandle(address: string, port: number, type: 4 | 6, otherwise?: string): Handle {
  const made = create!(address, port, type)
  if (typeof made !== 'number') return checked(made, address, port)
  // a system without IPv6
  if (otherwise !== undefined) return createHandle(otherwise, port, 4)
  throw failure(made, address, port)
}
/** libuv keeps a port that is in use to itself until listen(), which would then take a free one. */
function checked(handle: Handle, address: string, port: number): Handle {
  const name: { port?: number } = {}
  const error = handle.getsockname(name)
  if (error === 0 && (port === 0 || name.port === port)) return handle
  handle.close()
  throw failure(error === 0 ? IN_USE : error, address, port)
}
const IN_USE = -constants.errno.EADDRINUSE

function failure(errno: number, address: string, port: number): Error {
  const code = getSystemErrorName(errno)
  const text =
    code === 'EADDRINUSE' ? 'address already in use' : code === 'EACCES' ? 'permission denied' : 'bind failed'
  return Object.assign(new Error(`listen ${code}: ${text} ${address}:${port}`), { code, errno, syscall: 'listen' })
}
