/** A real Postfix in a folder of its own, on a free port. Needs root, as Postfix does. */
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, programPath, tempFolder, until } from '@postern/testkit'

const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
export interface RealPostfix {
  readonly port: number
  readonly folder: string
  log(): Promise<string>
  stop(): Promise<void>
}
export async function startPostfix(
  settings: (folder: string) => Readonly<Record<string, string>>,
): Promise<RealPostfix> {
  const folder = await tempFolder('postern-postfix')
  const port = await freePort()
  const etc = join(folder.path, 'etc')
  for (const d of ['etc', 'spool', 'data', 'mail']) await mkdir(join(folder.path, d), { recursive: true })
  await chmod(folder.path, 0o755)
  const uid = Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'latin1' }))
  await chown(join(folder.path, 'data'), uid, -1)
  await chown(join(folder.path, 'mail'), uid, -1)
  const cf = {
    compatibility_level: '3.6',
    queue_directory: join(folder.path, 'spool'),
    data_directory: join(folder.path, 'data'),
    maillog_file: join(folder.path, 'maillog'),
    maillog_file_prefixes: folder.path,
    myhostname: 'postfix.example',
    mydestination: '',
    mynetworks: '127.0.0.0/8',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    alias_maps: '',
    alias_database: '',
    ...settings(folder.path),
  }
  await writeFile(
    join(etc, 'main.cf'),
    Object.entries(cf)
      .map(([k, v]) => `${k} = ${v}\n`)
      .join(''),
  )
  await writeFile(join(etc, 'master.cf'), `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES}`)
  const postfix = programPath('postfix')!
  execFileSync(postfix, ['-c', etc, 'start'], { stdio: 'ignore' })
  const log = () => readFile(join(folder.path, 'maillog'), 'utf8').catch(() => '')
  await until('postfix to start', async () => (await log()).includes('daemon started'))
  return {
    port,
    folder: folder.path,
    log,
    async stop() {
      execFileSync(postfix, ['-c', etc, 'stop'], { stdio: 'ignore' })
      await folder.remove()
    },
  }
}
export const postfixUid = () => execFileSync('id', ['-u', 'postfix'], { encoding: 'latin1' }).trim()
