/** The SMTP and LMTP listener: it speaks, the core decides. */
import { definePlugin, resolver } from '@postern/core'
import { commandFilter } from './command-filter.ts'
import { Door, doorName, parseDoor } from './door.ts'
import { footerProblem } from './footer.ts'
import { networks } from '@postern/maps'
import { clientList } from './client-list.ts'
import { options } from './options.ts'
import type { Options } from './options.ts'
import { Peers } from './peer.ts'
import { SmtpServer } from './server.ts'
import { settingsOf } from './settings.ts'
import { secureContext } from './tls.ts'

export default definePlugin({
  name: 'listen-smtp',
  options,
  needs: { resolver },
  optional: ['resolver'],
  apply(mta, options, needs) {
    const listener = mta.listen(mta.as ?? options.protocol)
    const addresses = (options.listen ?? [`${options.host && `[${options.host}]`}:${options.port}`]).map((text) =>
      parseDoor(text)!,
    )
    const doors = addresses.map((address) =>
      mta.keep(
        // two listeners on one port are a mistake; free ports are each listener's own
        `listen:${doorName(address)}${address.port === 0 ? ` of ${mta.name}` : ''}`,
        () => new Door(address),
        (door) => door.close(),
      ),
    )
    const filter = options.smtpdCommandFilter && mta.table(options.smtpdCommandFilter)
    const ehloMaps = options.smtpdDiscardEhloKeywordAddressMaps.map((ref) => mta.table(ref))
    const lists = {
      smtpdClientEventLimitExceptions: networks(options.smtpdClientEventLimitExceptions, (ref) => mta.table(ref)),
      smtpdForbidBareNewlineExclusions: networks(options.smtpdForbidBareNewlineExclusions, (ref) => mta.table(ref)),
    }
    let server: SmtpServer | undefined
    mta.lifecycle({
      async start() {
        const { log, clock } = mta
        const tls = certificate(options, mta.folder)
        const settings = settingsOf(options, mta.site, listener(), {
          tls,
          commandFilter: filter && commandFilter(filter, clock, log),
          ehloMaps,
          clients: (name) => clientList(name, lists[name], clock, log),
          clock,
          log,
        })
        const problem = footerProblem(options.smtpdRejectFooter ?? '')
        if (problem !== undefined) log.warn('footer.template', { cause: problem })
        const peers = options.smtpdPeernameLookup ? new Peers(needs.resolver, clock, log) : undefined
        const { shared } = mta
        server = new SmtpServer({ settings, listener: listener(), anvil: anvilLimits(options), peers, log, shared })
        server.start()
        for (const door of doors) await door().bind(mta.sockets, mta.site.worker.count > 1)
      },
      ready() {
        if (!server) return
        for (const door of doors) {
          door().open(server.accept, (cause) => mta.log.error('listener.error', { cause }))
          const bound = door().bound
          mta.log.info('listener.open', { address: bound?.address, port: bound?.port, protocol: options.protocol })
        }
      },
      async drain(signal) {
        if (!server) return
        const { accept } = server
        for (const door of doors) await door().release(accept)
        const late = (): void => server?.cut()
        signal.addEventListener('abort', late, { once: true })
        if (signal.aborted) late()
        await server.drain()
        signal.removeEventListener('abort', late)
      },
      async stop() {
        if (!server) return
        for (const door of doors) await door().release(server.accept)
        server.cut()
      },
    })
  },
})

function certificate(options: Options, folder: string) {
  const certFile = options.tlsCertFile
  if (certFile !== undefined) return secureContext({ certFile, keyFile: options.tlsKeyFile ?? certFile }, folder)
  if (options.tlsWrapperMode || options.smtpdTlsSecurityLevel === 'encrypt')
    throw new Error('tlsWrapperMode and smtpdTlsSecurityLevel: encrypt need tlsCertFile and tlsKeyFile')
  return undefined
}

const anvilLimits = (options: Options) => ({
  connections: options.smtpdClientConnectionCountLimit,
  connectionRate: options.smtpdClientConnectionRateLimit,
  messageRate: options.smtpdClientMessageRateLimit,
  recipientRate: options.smtpdClientRecipientRateLimit,
  unit: options.anvilRateTimeUnit,
})
