import { defineConfig } from '@postern/core'
import deliverMaildir from '@postern/deliver-maildir'
import deliverSmtp from '@postern/deliver-smtp'
import listenSmtp from '@postern/listen-smtp'
import lookupDns from '@postern/lookup-dns'
import lookupHash from '@postern/lookup-hash'
import opsBounce from '@postern/ops-bounce'
import opsLog from '@postern/ops-log'
import policyRelay from '@postern/policy-relay'
import queueJournal from '@postern/queue-journal'
import routeClasses from '@postern/route-classes'
import routeVerify from '@postern/route-verify'
import archive from './plugins/archive.ts'
import greylist from './plugins/greylist.ts'

const { PORT = '2525', SUBMISSION_PORT = '2587', SMARTHOST = '[127.0.0.1]:2526' } = process.env

export default defineConfig({
  myhostname: 'mail.example.org',
  recipientDelimiter: '+',
  plugins: [
    opsLog(),
    queueJournal(),
    lookupDns(),
    lookupHash(),
    listenSmtp({ listen: [`127.0.0.1:${PORT}`] }, { as: 'mx' }),
    listenSmtp({ listen: [`127.0.0.1:${SUBMISSION_PORT}`] }, { as: 'submission' }),
    // the world may send to our domains; only our own network may send anywhere, and only by the submission port
    policyRelay({ mynetworks: [] }, { onListener: { submission: { mynetworks: ['127.0.0.0/8', '192.0.2.0/24'] } } }),
    greylist({ delay: '1m' }, { listener: 'mx' }),
    archive({ address: 'archive@example.org' }),
    routeClasses({
      mydestination: [],
      virtualMailboxDomains: ['example.org', 'example.net'],
      relayhost: SMARTHOST,
    }),
    routeVerify({ virtualMailboxMaps: ['hash:mailboxes'] }),
    deliverMaildir({ mailboxBase: 'mail', virtualMailboxMaps: 'hash:mailboxes' }),
    deliverSmtp(),
    opsBounce(),
  ],
})
