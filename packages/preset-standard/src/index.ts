/** The embedded defaults: mail for this machine comes in at 127.0.0.1:2525 and lands in ./var/mail. */
import { definePreset } from '@postern/core'

export default definePreset({
  myhostname: 'localhost',
  spool: 'var/spool',
  plugins: [
    '@postern/ops-log',
    '@postern/queue-journal',
    '@postern/lookup-hash',
    '@postern/lookup-static',
    '@postern/lookup-inline',
    '@postern/lookup-dns',
    {
      // a bare newline from outside is how one message is smuggled inside another; Postfix's default is `no`
      '@postern/listen-smtp': { listen: ['127.0.0.1:2525'], smtpdForbidBareNewline: 'normalize' },
      as: 'mx',
    },
    '@postern/listen-drop',
    '@postern/rewrite-trivial',
    '@postern/rewrite-headers',
    '@postern/policy-relay',
    '@postern/route-classes',
    '@postern/route-transport',
    '@postern/route-verify',
    { '@postern/deliver-maildir': { mailboxBase: 'var/mail', mailboxPath: '%u/' } },
    '@postern/deliver-smtp',
    '@postern/deliver-discard',
    '@postern/deliver-error',
    '@postern/ops-bounce',
  ],
})
