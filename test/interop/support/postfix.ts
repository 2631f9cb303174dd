/** A real Postfix in a folder of its own, on a free port. Needs root, as Postfix does. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, tempFolder, until } from '@postern/testkit'
import * as tools from '../../tools/postfix.js'

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
  tools.preparePostfix(folder.path, port, { myhostname: 'postfix.example', ...settings(folder.path) })
  tools.startPostfix(folder.path)
  const log = () => readFile(join(folder.path, 'maillog'), 'utf8').catch(() => '')
  await until('postfix to start', async () => (await log()).includes('daemon started'))
  return {
    port,
    folder: folder.path,
    log,
    async stop() {
      tools.stopPostfix(folder.path)
      await folder.remove()
    },
  }
}
export const postfixUid = () => String(tools.postfixUid())
