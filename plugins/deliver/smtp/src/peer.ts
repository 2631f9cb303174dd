/** One server to talk to, with its names for texts, made once per connection. */
export interface Peer {
  readonly host: string
  /** IP address, or the path of a socket */
  readonly address: string
  /** absent for a socket in the file system */
  readonly port?: number
  /** is no other server preferred to this one? */
  readonly best: boolean
  /** `mx.example[192.0.2.1]`, as reply texts name it */
  readonly name: string
  /** `mx.example[192.0.2.1]:25`, as the log names it */
  readonly relay: string
}

export function peer(host: string, address: string, port: number | undefined, best: boolean): Peer {
  const name = `${host}[${address}]`
  return { host, address, port, best, name, relay: port === undefined ? name : `${name}:${port}` }
}
