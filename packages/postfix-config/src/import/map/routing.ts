/** Where mail goes and who exists. */
import { holds, named, whenRaw, whenSet } from './conversions.ts'
import { always, rows } from '../rows.ts'
import type { Mapping } from '../rows.ts'
import type { Reader } from '../reader.ts'

/** aliases(5) are not expanded yet: mail for them must wait, not be returned as for nobody */
export const ALIASES_WAIT = 'aliases-wait'
/** where mail for a postmaster without an alias goes: local(8) throws it away */
export const REQUIRED = 'required-aliases'
const aliasesWait = (r: Reader): unknown[] =>
  r.tables('alias_maps').map((table) => ({ type: 'pipemap', tables: [table, `static:${ALIASES_WAIT}:`] }))

const CODES = rows(
  ['smtpd_reject_unlisted_sender', 'flag'],
  ['unknown_local_recipient_reject_code', 'count'],
  ['unknown_virtual_alias_reject_code', 'count'],
  ['unknown_virtual_mailbox_reject_code', 'count'],
  ['unknown_relay_recipient_reject_code', 'count'],
  ['show_user_unknown_table_name', 'flag'],
)

export const ROUTING: readonly Mapping[] = [
  {
    plugin: 'route-classes',
    fixed: { exactDomains: true },
    rows: [
      ...always(
        ['mydestination', 'domains'],
        ['inet_interfaces', (r) => r.own()],
        ['virtual_alias_domains', 'domains'],
        ['local_transport', 'text'],
        ['virtual_transport', 'text'],
        ['relay_transport', 'text'],
        ['default_transport', 'text'],
      ),
      ...rows(
        ['proxy_interfaces', 'words'],
        ['virtual_mailbox_domains', 'domains'],
        ['relay_domains', 'domains'],
        ['relayhost', whenSet],
        ['parent_domain_matches_subdomains', holds('relay_domains')],
      ),
    ],
  },
  {
    plugin: 'route-transport',
    when: named('transport_maps', 'sender_dependent_relayhost_maps', 'sender_dependent_default_transport_maps'),
    rows: rows(
      ['transport_maps', 'tables'],
      ['sender_dependent_default_transport_maps', 'tables'],
      ['empty_address_default_transport_maps_lookup_key', 'text'],
      ['sender_dependent_relayhost_maps', 'tables'],
      ['empty_address_relayhost_maps_lookup_key', 'text'],
      ['parent_domain_matches_subdomains', holds('transport_maps')],
    ),
  },
  {
    plugin: 'route-verify',
    perListener: true,
    rows: [
      ...always(
        // an empty list of tables says that nobody is unknown
        ['local_recipient_maps', 'tables'],
        ['virtual_mailbox_maps', 'tables'],
        ['relay_recipient_maps', 'tables'],
      ),
      {
        parameter: 'smtpd_reject_unlisted_recipient',
        with: ['receive_override_options'],
        as: (r, name) => r.flag(name) && !r.has('receive_override_options', 'no_unknown_recipient_checks'),
      },
      ...CODES,
    ],
  },
  {
    plugin: 'route-virtual',
    when: named('virtual_alias_maps'),
    perListener: true,
    rows: rows(
      ['virtual_alias_maps', 'tables'],
      ['propagate_unmatched_extensions', holds('virtual')],
      [
        'receive_override_options',
        (r) => r.has('receive_override_options', 'no_address_mappings'),
        'noAddressMappings',
      ],
      ['virtual_alias_address_length_limit', 'count'],
    ),
  },
  {
    plugin: 'route-relocated',
    when: named('relocated_maps'),
    rows: rows(
      ['relocated_maps', 'tables'],
      ['relocated_prefix_enable', 'flag'],
      ['smtpd_reject_unlisted_recipient', 'flag'],
      ['smtpd_reject_unlisted_sender', 'flag'],
    ),
  },
  {
    plugin: 'route-local',
    // it does what local(8) does before a mailbox: nothing, where another transport has the local class
    when: (r) => /^local(?=:|$)/.test(r.text('local_transport')),
    fixed: { requiredTransport: `${REQUIRED}:discarded` },
    rows: [
      {
        parameter: 'mailbox_transport_maps',
        with: ['alias_maps'],
        always: true,
        as: (r, name) => [...aliasesWait(r), ...r.tables(name)],
      },
      ...rows(
        ['mailbox_transport', whenSet],
        ['fallback_transport_maps', 'tables'],
        ['fallback_transport', whenSet],
        ['luser_relay', whenRaw],
      ),
    ],
  },
]
