/** Certificates of our own, and what a handshake has agreed on. No built-in key is ever used. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { resolve } from 'node:path'
import type { SecureContext, TLSSocket } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { TlsFacts } from '@postern/core'

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** Throws what is wrong with the files, with their names. */
export function secureContext(files: TlsFiles, folder: string): SecureContext {
  const cert = read(files.certFile, folder)
  const key = files.keyFile === files.certFile ? cert : read(files.keyFile, folder)
  try {
    // RFC 8996: TLS 1.0 and 1.1 are no longer spoken
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  } catch (cause) {
    throw new Error(`${files.certFile} and ${files.keyFile} do not make a certificate: ${(cause as Error).message}`, {
      cause,
    })
  }
}
const read = (file: string, folder: string): Buffer => readFileSync(resolve(folder, file))

export function tlsFacts(socket: TLSSocket): TlsFacts {
  const servername = (socket as { servername?: string | false }).servername
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    ...(servername ? { servername } : {}),
  }
}

/**
 * During a handshake: a client that closes its side in the middle has no more to say; sockets are half-open otherwise.
 * `secured` runs over `raw`.
 */
export function leaveWithClient(raw: Socket, secured: Socket, inHandshake: () => boolean): void {
  const leave = () => {
    if (inHandshake()) raw.destroy()
  }
  if (raw.readableEnded) setImmediate(leave)
  for (const side of [secured, raw]) side.once('end', leave)
}
