/**
 * A Postfix of one's own: a folder, a port, the settings that are given. What tests compare with and what the bench measures
 * against. Needs root, as Postfix does.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
const postfix = (etc, word) => execFileSync('postfix', ['-c', etc, word], { stdio: 'ignore', env: ENV })

/** @returns {number} */
export const postfixUid = () => Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'latin1' }))

/**
 * Makes the folders `etc`, `spool`, `data` and `mail` (Postfix's own) in `folder`, and the configuration.
 * @param {string} folder there already; its users must pass through what is above it
 * @param {number} port of 127.0.0.1
 * @param {Readonly<Record<string, string>>} settings of main.cf
 */
export function preparePostfix(folder, port, settings) {
  const at = (name) => path.join(folder, name)
  for (const name of ['etc', 'spool', 'data', 'mail']) mkdirSync(at(name), { recursive: true })
  chmodSync(folder, 0o755)
  for (const name of ['data', 'mail']) chownSync(at(name), postfixUid(), -1)
  const cf = {
    compatibility_level: '3.6',
    queue_directory: at('spool'),
    data_directory: at('data'),
    maillog_file: at('maillog'),
    maillog_file_prefixes: folder,
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    alias_maps: '',
    alias_database: '',
    ...settings,
  }
  const lines = Object.entries(cf).map(([name, value]) => `${name} = ${value}\n`)
  writeFileSync(at('etc/main.cf'), lines.join(''))
  writeFileSync(at('etc/master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES}`)
}
/** @param {string} folder */
export const startPostfix = (folder) => postfix(path.join(folder, 'etc'), 'start')
/** @param {string} folder */
export const stopPostfix = (folder) => postfix(path.join(folder, 'etc'), 'stop')
/** The master's process. @param {string} folder */
export const postfixPid = (folder) => Number(readFileSync(path.join(folder, 'spool/pid/master.pid'), 'latin1'))
