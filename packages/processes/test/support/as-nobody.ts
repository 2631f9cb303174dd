/** A daemon's two sides that are not root: prints what a delivery for its own user and one for another came to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { UserClient, UserHelpers } from '@postern/processes'
import { callOf, contentOf } from './people.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'pn-nobody-'))
const socket = path.join(folder, 'users')
const helpers = await UserHelpers.open({ socket, asRoot: (fn) => fn(), log: () => undefined })
const me = userInfo().username
const request = (user: string) =>
  ({
    kind: 'command',
    user,
    above: '',
    argv: ['sh', '-c', 'echo $(id -u) $USER_ID $(ls /proc/self/fd)'],
    env: { USER_ID: String(process.getuid!()) },
    folder: { below: 'root', path: '/tmp' },
    timeout: 5000,
  }) as const
const outcomes = []
for (const user of [me, process.argv[2]!])
  outcomes.push(await new UserClient(socket).deliver(request(user), contentOf('x\n'), callOf()))
process.stdout.write(JSON.stringify(outcomes))
await helpers.close()
rmSync(folder, { recursive: true })
