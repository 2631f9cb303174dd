/** postfix logrotate: the mail log under another name, and compressed. The daemon opens a new one by itself. */
import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parametersOf, systemText } from '@postern/sendmail/queue'
import type { StartPlace } from '../place.ts'
import type { Told } from './main.ts'

const NAMES = ['maillog_file', 'maillog_file_compressor', 'maillog_file_rotate_suffix'] as const
/** ms until the daemon has left the file: it looks each second */
const LEAVES = 1500

/** Answers the exit code. */
export async function rotate({ postfix }: StartPlace, told: Told): Promise<number> {
  const parameters = postfix === undefined ? undefined : await parametersOf(postfix)
  const [file = '', compressor = '', suffix = ''] = NAMES.map((name) => parameters?.get(name) ?? '')
  const empty = NAMES.find((name) => (parameters?.get(name) ?? '') === '')
  if (empty !== undefined) return told.fatal(`empty '${empty}' parameter value - logfile rotation failed`)
  if (file.startsWith('/dev/')) return told.fatal(`not rotating '${file}'`)
  const failed = (why: string) => told.fatal(`logfile '${file}' rotation failed: ${why}`)
  const named = spawnSync('date', [`+${suffix}`], { encoding: 'utf8' })
  if (named.status !== 0) return failed(named.stderr.trim())
  const old = `${file}.${named.stdout.trim()}`
  try {
    renameSync(file, old)
  } catch (error) {
    return failed(`${file}: ${systemText(error)}`)
  }
  await sleep(LEAVES)
  const packed = spawnSync(compressor, [old], { encoding: 'utf8' })
  if (packed.error) return failed(`${compressor}: ${systemText(packed.error)}`)
  return packed.status === 0 ? 0 : failed(packed.stderr.trim())
}
