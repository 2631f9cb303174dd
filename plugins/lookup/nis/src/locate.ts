/** Finds where a server listens: named in the options, told by its portmapper, or by the ypbind of this machine. */
import type { RpcPort } from './rpc.ts'
import { TcpPort } from './tcp.ts'
import { UdpPort } from './udp.ts'
import { PORTMAPPER_PORT, YPBIND, YP_PROGRAM, YP_VERSION, bindingCall, bindingOf, portCall } from './yp.ts'
import type { Binding, Transport } from './yp.ts'

export interface Place {
  readonly host: string
  readonly port: number
}
/** Rejects when there is none. */
export type Locate = (transport: Transport, signal: AbortSignal) => Promise<Place>

export const portTo = (transport: Transport, { host, port }: Place): RpcPort =>
  transport === 'udp' ? new UdpPort(host, port) : new TcpPort(host, port)

/** Closes what it opened for `ask`. */
async function once<T>(transport: Transport, place: Place, ask: (port: RpcPort) => Promise<T>): Promise<T> {
  const port = portTo(transport, place)
  try {
    return await ask(port)
  } finally {
    port.close()
  }
}
async function askPortmapper(
  host: string,
  { program, version }: { readonly program: number; readonly version: number },
  transport: Transport,
  signal: AbortSignal,
): Promise<number> {
  const port = await once(transport, { host, port: PORTMAPPER_PORT }, async (mapper) =>
    (await mapper.call(portCall(program, version, transport), signal)).number(),
  )
  if (port > 65535) throw new Error('the portmapper names a port that there is not')
  return port
}

/** A server by its name or address, with its port or by its portmapper. */
export const located = (host: string, port: number | undefined): Locate =>
  port === undefined
    ? async (transport, signal) => {
        const told = await askPortmapper(host, { program: YP_PROGRAM, version: YP_VERSION }, transport, signal)
        if (told === 0) throw new Error(`no NIS server runs on ${host}: its portmapper knows none`)
        return { host, port: told }
      }
    : async () => ({ host, port })

/** The server that this machine is bound to. */
export const bound =
  (domain: string): Locate =>
  async (transport, signal) => {
    let binding: Binding
    try {
      const port = await askPortmapper('127.0.0.1', YPBIND, 'udp', signal)
      if (port === 0) throw new Error('the portmapper knows no ypbind')
      binding = await once('udp', { host: '127.0.0.1', port }, async (ypbind) =>
        bindingOf(await ypbind.call(bindingCall(domain), signal)),
      )
    } catch (error) {
      if (signal.aborted) throw error
      throw new Error(`no servers are named, and this machine is bound to none: ${(error as Error).message}`, {
        cause: error,
      })
    }
    // the binding's port is that of UDP
    return transport === 'udp' ? binding : located(binding.host, undefined)(transport, signal)
  }
