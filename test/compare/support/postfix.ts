/**
 * One Postfix with a smtpd, a cleanup and a trivial-rewrite for each setting. What they accept is held, so that the queue file
 * shows what cleanup has made of it.
 */
import { appendFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts, tempFolder, until } from '@postern/testkit'
import * as tools from '../../tools/postfix.js'
import { TrivialRewrite } from './attributes.ts'
import { readQueueFile } from './queue-file.ts'
import type { Cleaned } from './queue-file.ts'
import { MYHOSTNAME } from './settings.ts'
import type { Setting, Values } from './settings.ts'

export interface Judge {
  /** of the setting's smtpd */
  port(setting: number): number
  rewriter(setting: number): Promise<TrivialRewrite>
  /** the message that was `queued as` */
  message(id: string): Cleaned
  log(): Promise<string>
  stop(): Promise<void>
}

const HELD = '-o { smtpd_end_of_data_restrictions = check_client_access static:hold }'

export async function startJudge(settings: readonly Setting[]): Promise<Judge> {
  const folder = await tempFolder('postern-judge')
  const ports = await freePorts(settings.length + 1)
  tools.preparePostfix(folder.path, ports.at(-1)!, {
    myhostname: MYHOSTNAME,
    smtpd_peername_lookup: 'no',
    smtpd_soft_error_limit: '1000000',
    smtpd_hard_error_limit: '1000000',
    smtpd_junk_command_limit: '1000000',
    smtpd_client_connection_count_limit: '0',
    local_recipient_maps: '',
    address_verify_map: '',
    // none of ours
    always_add_missing_headers: 'no',
  })
  const services = settings.map((setting, n) => {
    const options = [
      ['rewrite_service_name', `rewrite${n}`],
      ['cleanup_service_name', `cleanup${n}`],
      ...parametersOf(setting),
    ].map(([name, value]) => `\n  -o { ${name} = ${value} }`)
    const all = options.join('')
    return (
      `127.0.0.1:${ports[n]} inet n - n - - smtpd\n  ${HELD}${all}\n` +
      `cleanup${n} unix n - n - 0 cleanup${all}\n` +
      `rewrite${n} unix - - n - - trivial-rewrite${all}\n`
    )
  })
  appendFileSync(join(folder.path, 'etc/master.cf'), services.join(''))
  tools.startPostfix(folder.path)
  const log = () => readFile(join(folder.path, 'maillog'), 'utf8').catch(() => '')
  await until('postfix to start', async () => (await log()).includes('daemon started'))
  return {
    port: (n) => ports[n]!,
    rewriter: (n) => TrivialRewrite.open(join(folder.path, `spool/private/rewrite${n}`)),
    message: (id) => readQueueFile(join(folder.path, 'spool/hold', id)),
    log,
    async stop() {
      tools.stopPostfix(folder.path)
      await folder.remove()
    },
  }
}

/** `propagateUnmatchedExtensions` is a list in Postfix and says yes or no in each of our plugins. */
export function parametersOf({ site = {}, use }: Setting): [name: string, value: string][] {
  const propagating = (['canonical', 'virtual'] as const).filter(
    (word) => use[word === 'canonical' ? 'rewrite-canonical' : 'route-virtual']?.propagateUnmatchedExtensions !== false,
  )
  const values: Values = Object.assign({}, site, ...Object.values(use)) as Values
  const given = Object.entries(values).filter(
    ([name]) => name !== 'propagateUnmatchedExtensions' && name !== 'inetInterfaces',
  )
  return [
    ...given.map(([name, value]): [string, string] => [snake(name), text(value)]),
    ['propagate_unmatched_extensions', propagating.join(', ')],
  ]
}
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const text = (value: Values[string]): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'string' ? value : value.join(', ')
