/** Addresses and headers. */
import { holds, lower, mapped, named } from './conversions.ts'
import { literal } from '../reader.ts'
import { tableOf } from '../tables.ts'
import { always, rows } from '../rows.ts'
import type { Mapping } from '../rows.ts'
import type { Reader } from '../reader.ts'

const tables = (r: Reader, name: string): unknown => r.tables(name)

/** the keywords, and what they stand for that is a list of its own */
const clients = (r: Reader, name: string): unknown[] =>
  r.words(name).flatMap((word): unknown[] => {
    const text = word.toLowerCase()
    if (text === 'permit_mynetworks') return r.read('mynetworks', 'networks') as unknown[]
    if (text === 'check_address_map') return []
    return [/^[a-z]+:/i.test(word) ? tableOf(word, r.parameters, r.tableTypes) : literal(word)]
  })
export const REWRITING: readonly Mapping[] = [
  {
    plugin: 'rewrite-trivial',
    rows: [
      ...always(['inet_interfaces', (r) => r.own()]),
      ...rows(
        ['swap_bangpath', 'flag'],
        ['allow_percent_hack', 'flag'],
        ['append_at_myorigin', 'flag'],
        ['append_dot_mydomain', 'flag'],
        ['local_header_rewrite_clients', clients],
        ['remote_header_rewrite_domain', 'text'],
      ),
    ],
    perListener: true,
  },
  {
    plugin: 'rewrite-canonical',
    when: named('canonical_maps', 'sender_canonical_maps', 'recipient_canonical_maps'),
    perListener: true,
    rows: [
      { parameter: 'canonical_maps', ...mapped(tables) },
      { parameter: 'sender_canonical_maps', ...mapped(tables) },
      { parameter: 'recipient_canonical_maps', ...mapped(tables) },
      ...rows(
        ['canonical_classes', lower],
        ['sender_canonical_classes', lower],
        ['recipient_canonical_classes', lower],
        ['propagate_unmatched_extensions', holds('canonical')],
      ),
    ],
  },
  {
    plugin: 'rewrite-masquerade',
    when: named('masquerade_domains'),
    perListener: true,
    rows: [
      { parameter: 'masquerade_domains', ...mapped((r, name) => r.read(name, 'words')) },
      ...rows(['masquerade_exceptions', 'words'], ['masquerade_classes', lower]),
    ],
  },
  {
    plugin: 'rewrite-headers',
    rows: rows(
      ['always_add_missing_headers', 'flag'],
      ['message_drop_headers', 'words'],
      ['undisclosed_recipients_header', 'text'],
    ),
  },
  {
    plugin: 'rewrite-generic',
    when: named('smtp_generic_maps', 'lmtp_generic_maps'),
    rows: rows(
      ['smtp_generic_maps', 'tables'],
      ['lmtp_generic_maps', 'tables'],
      ['propagate_unmatched_extensions', holds('generic')],
    ),
  },
  {
    plugin: 'rewrite-bcc',
    when: named('always_bcc', 'sender_bcc_maps', 'recipient_bcc_maps'),
    perListener: true,
    rows: [
      { parameter: 'always_bcc', ...mapped((r, name) => r.read(name, 'text'), '') },
      { parameter: 'sender_bcc_maps', ...mapped(tables) },
      { parameter: 'recipient_bcc_maps', ...mapped(tables) },
    ],
  },
  {
    plugin: 'filter-mime',
    when: (r) =>
      ['strict_7bit_headers', 'strict_8bitmime_body', 'strict_8bitmime', 'strict_mime_encoding_domain'].some((name) =>
        r.flag(name),
      ),
    rows: rows(
      ['strict_7bit_headers', 'flag', 'strict7bitHeaders'],
      ['strict_8bitmime_body', 'flag', 'strict8bitmimeBody'],
      ['strict_8bitmime', 'flag', 'strict8bitmime'],
      ['strict_mime_encoding_domain', 'flag'],
      ['disable_mime_input_processing', 'flag'],
      ['mime_nesting_limit', 'count'],
      ['mime_boundary_length_limit', 'count'],
    ),
  },
]
