/** What `postern init` writes for each kind of host. */
import type { Entry, Setting, Template } from './template.ts'

export type Kind = 'null-client' | 'server' | 'relay'

const top = (hostname: string, more: readonly Setting[] = []): Setting[] => [
  {
    about: 'The standard set of plugins. What stands below changes its options; "- name: false" takes one away.',
    key: 'extends',
    value: 'standard',
  },
  { about: 'The name of this host, as others know it.', key: 'myhostname', value: hostname },
  { about: 'Folder of the queue and of the control socket, relative to this file.', key: 'spool', value: 'var/spool' },
  ...more,
]
const listener = (about: string): Entry => ({
  about,
  plugin: 'listen-smtp',
  as: 'mx',
  settings: [
    {
      about: 'Port 25 needs root or CAP_NET_BIND_SERVICE; 25 alone is every address.',
      key: 'listen',
      value: ['127.0.0.1:2525'],
    },
    { about: 'With a certificate, STARTTLS is offered.', key: 'tlsCertFile', value: '/etc/ssl/mail.pem', off: true },
    { key: 'tlsKeyFile', value: '/etc/ssl/private/mail.key', off: true },
  ],
})
const mailboxes: Entry = {
  about: 'Mailboxes: one Maildir for each user, below this folder.',
  plugin: 'deliver-maildir',
  settings: [
    { key: 'mailboxBase', value: 'var/mail' },
    { key: 'mailboxPath', value: '%u/' },
  ],
}
const outgoing: Entry = {
  about: 'The way out by SMTP. may: encrypted where the other side can.',
  plugin: 'deliver-smtp',
  settings: [{ key: 'smtpTlsSecurityLevel', value: 'may' }],
}

export const TEMPLATES: Readonly<Record<Kind, Template>> = {
  'null-client': {
    about: ['A null client: programs on this host hand in their mail, all of it goes to one relay, none is kept here.'],
    top: top('client.example.org', [
      { about: 'What is added to addresses without a domain.', key: 'myorigin', value: 'example.org' },
    ]),
    plugins: [
      listener('Where programs on this host hand in their mail.'),
      {
        about: 'Nothing is local; everything goes to the relay. Brackets: this very host, not the MX of its name.',
        plugin: 'route-classes',
        settings: [
          { key: 'mydestination', value: [] },
          { key: 'localTransport', value: 'error:local mail delivery is disabled' },
          { key: 'relayhost', value: '[smtp.example.org]:25' },
        ],
      },
      { ...mailboxes, about: 'Unused here; it must stand where the standard set names it.' },
      outgoing,
    ],
  },
  server: {
    about: ['A small server: mail for its own domains lands in Maildirs, mail of its own networks goes out.'],
    top: top('mail.example.org', [
      { about: 'you+lists@example.org is mail for you.', key: 'recipientDelimiter', value: '+' },
      { about: 'Largest message.', key: 'messageSizeLimit', value: '10M', off: true },
    ]),
    plugins: [
      listener('Where mail comes in.'),
      {
        about: 'Who may send mail through this host to elsewhere.',
        plugin: 'policy-relay',
        settings: [
          { key: 'mynetworks', value: ['127.0.0.0/8', '[::1]/128'] },
          {
            about: 'What strangers are told: reject (554), or defer (454) while you try things out.',
            key: 'unauthDestination',
            value: 'reject',
          },
        ],
      },
      {
        about: 'The domains whose mail stays here, and who exists in them.',
        plugin: 'route-classes',
        settings: [{ key: 'mydestination', value: ['$myhostname', 'localhost', 'example.org'] }],
      },
      {
        about: 'Who does not exist is refused while the client waits, not returned later.',
        plugin: 'route-verify',
        settings: [
          { key: 'smtpdRejectUnlistedRecipient', value: true },
          {
            about: 'Without it, every user of these domains is taken to exist.',
            key: 'localRecipientMaps',
            value: ['hash:users'],
            off: true,
          },
        ],
      },
      mailboxes,
      outgoing,
    ],
  },
  relay: {
    about: ['A relay: it takes mail for the domains of others and for its networks, and keeps none.'],
    top: top('relay.example.org'),
    plugins: [
      listener('Where mail comes in.'),
      {
        about: 'Who may send mail through this host to anywhere.',
        plugin: 'policy-relay',
        settings: [
          { key: 'mynetworks', value: ['127.0.0.0/8', '192.0.2.0/24'] },
          { key: 'unauthDestination', value: 'reject' },
        ],
      },
      {
        about: 'The domains that are passed on.',
        plugin: 'route-classes',
        settings: [
          { key: 'mydestination', value: ['$myhostname', 'localhost'] },
          { key: 'relayDomains', value: ['example.org'] },
        ],
      },
      {
        about: 'Who does not exist is refused while the client waits, not returned later.',
        plugin: 'route-verify',
        settings: [
          { key: 'smtpdRejectUnlistedRecipient', value: true },
          {
            about: 'Which recipients exist there: without it, unknown ones come back as bounces.',
            key: 'relayRecipientMaps',
            value: ['hash:relay-recipients'],
            off: true,
          },
        ],
      },
      {
        about: 'Where to, where it is not the MX of the domain.',
        plugin: 'route-transport',
        settings: [
          {
            about: 'Lines like "example.org smtp:[192.0.2.9]:25".',
            key: 'transportMaps',
            value: ['hash:transport'],
            off: true,
          },
        ],
      },
      mailboxes,
      outgoing,
    ],
  },
}
