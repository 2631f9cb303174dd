/** Configurations that both sides get: in Postfix's names, as `-o` for its daemons and as options of our plugins. */

/** In camel case: `appendDotMydomain` is `append_dot_mydomain`. */
export type Values = Readonly<Record<string, string | boolean | readonly string[]>>
export interface Setting {
  readonly name: string
  /** the top level of our configuration */
  readonly site?: Values
  /** by plugin */
  readonly use: Readonly<Record<string, Values>>
  /** no mail is sent through it */
  readonly formOnly?: boolean
}

export const MYHOSTNAME = 'mail.site.example'
const SITE: Values = { mydomain: 'site.example', myorigin: 'site.example', recipientDelimiter: '' }
const LOCAL = [MYHOSTNAME, 'localhost.site.example', 'localhost', 'site.example', 'lab.site.example']
const BASE: Setting['use'] = {
  'rewrite-trivial': { appendDotMydomain: false },
  'rewrite-headers': {},
  'route-classes': { mydestination: LOCAL, relayDomains: ['relay.example'], inetInterfaces: ['127.0.0.1'] },
  'route-verify': {},
}

const CANONICAL =
  'inline:{ {joe=Joe.Doe}, {joe@remote.example=Richard.Blum@other.example}, {user@lab.site.example=@site.example}, ' +
  '{bob=chain1@remote.example}, {chain1@remote.example=chain2}, {chain2@site.example=end@other.example}, ' +
  '{@old.example=@new.example}, {ann@old.example=root}, {two@remote.example=x@a.example, y@b.example}, ' +
  '{info=help}, {help=help}, {"a b"@remote.example=quoted@remote.example}, {odd@remote.example="a b"@other.example}, ' +
  '{ext+one@remote.example=one@other.example}, {host@bare=percent%there@here.example} }'
const VIRTUAL =
  'inline:{ {joe=joe@other.example}, {joe@remote.example=x@a.example, joe@remote.example}, {list@site.example=ann, bob@va.example, x@remote.example}, ' +
  '{bob@va.example=rich, bob+more@remote.example}, {@va.example=catch@other.example}, {@old.example=@new.example}, {user@other.example=user@other.example}, ' +
  '{ann=root}, {root=ops@remote.example}, {info=help@far}, {two@remote.example=two@remote.example, three}, {"a b"@remote.example="c d"@va.example}, ' +
  '{ext+one@remote.example=one@other.example}, {one@other.example=two+x@other.example}, {bang=far!user} }'

const setting = (name: string, more: Omit<Setting, 'name' | 'use'> & { use?: Setting['use'] } = {}): Setting => {
  const use: Record<string, Values> = { ...BASE }
  for (const [plugin, values] of Object.entries(more.use ?? {})) use[plugin] = { ...use[plugin], ...values }
  return { ...more, name, site: { ...SITE, ...more.site }, use }
}
export const SETTINGS: readonly Setting[] = [
  setting('defaults'),
  setting('append_dot_mydomain', { use: { 'rewrite-trivial': { appendDotMydomain: true } } }),
  setting('no percent hack, no bang paths', {
    use: { 'rewrite-trivial': { swapBangpath: false, allowPercentHack: false } },
  }),
  setting('no percent hack, no bang paths, no origin', {
    formOnly: true,
    use: { 'rewrite-trivial': { swapBangpath: false, allowPercentHack: false, appendAtMyorigin: false } },
  }),
  setting('no bang paths', { use: { 'rewrite-trivial': { swapBangpath: false } } }),
  setting('remote clients', { use: { 'rewrite-trivial': { localHeaderRewriteClients: [] } } }),
  setting('remote_header_rewrite_domain', {
    use: {
      'rewrite-trivial': { localHeaderRewriteClients: [], remoteHeaderRewriteDomain: 'domain.invalid' },
      'rewrite-canonical': { canonicalMaps: [CANONICAL] },
    },
  }),
  setting('canonical', {
    site: { recipientDelimiter: '+' },
    use: { 'rewrite-canonical': { canonicalMaps: [CANONICAL] } },
  }),
  setting('canonical by class, extensions kept back', {
    site: { recipientDelimiter: '+-' },
    use: {
      'rewrite-canonical': {
        senderCanonicalMaps: [CANONICAL],
        senderCanonicalClasses: ['envelope_sender'],
        recipientCanonicalMaps: ['inline:{ {rich=Rich.Blum}, {joe=jim}, {@remote.example=@there.example} }'],
        canonicalMaps: ['regexp:{ {/^(.*)@rx\\.example$$/ $${1}@rxd.example} }', CANONICAL],
        canonicalClasses: ['envelope_recipient', 'header_sender'],
        propagateUnmatchedExtensions: false,
      },
    },
  }),
  setting('masquerade', {
    use: {
      'rewrite-masquerade': {
        masqueradeDomains: ['!keep.site.example', 'site.example', 'example'],
        masqueradeExceptions: ['root', 'Joe'],
        masqueradeClasses: ['envelope_sender', 'envelope_recipient', 'header_sender', 'header_recipient'],
      },
      'rewrite-canonical': { senderCanonicalMaps: [CANONICAL] },
    },
  }),
  setting('virtual', {
    site: { recipientDelimiter: '+' },
    use: {
      'route-virtual': { virtualAliasMaps: [VIRTUAL] },
      'route-classes': { virtualAliasDomains: ['va.example'] },
    },
  }),
  setting('virtual and canonical, origin elsewhere', {
    site: { recipientDelimiter: '-', myorigin: 'remote.example' },
    use: {
      'route-virtual': { virtualAliasMaps: [VIRTUAL], propagateUnmatchedExtensions: false },
      'rewrite-canonical': { canonicalMaps: [CANONICAL] },
      'route-classes': { virtualAliasDomains: ['va.example'] },
    },
  }),
  setting('virtual_maps with `domain anything`', {
    use: {
      'route-virtual': {
        virtualAliasMaps: [
          'inline:{ {va.example=anything}, {@va.example=joe}, {old.example=virtual}, {ann@old.example=rich} }',
        ],
      },
      'route-classes': {
        virtualAliasDomains: [
          'inline:{ {va.example=anything}, {@va.example=joe}, {old.example=virtual}, {ann@old.example=rich} }',
        ],
      },
    },
  }),
  setting('transport tables', {
    site: { recipientDelimiter: '+' },
    use: {
      'route-classes': { relayhost: '[192.0.2.250]:587' },
      'route-transport': {
        transportMaps: [
          'inline:{ {remote.example=relay:[192.0.2.1]:26}, {.remote.example=smtp:}, {joe@remote.example=local:}, {old.example=:[192.0.2.9]}, ' +
            '{site.example=:elsewhere.example}, {joe@site.example=discard:gone}, {va.example=smtp:va-host.example}, {other.example=error:moved away}, ' +
            '{relay.example=:}, {.example=smtp:[192.0.2.7]}, {far=relay}, {*=smtp:[192.0.2.8]} }',
        ],
      },
    },
  }),
]
