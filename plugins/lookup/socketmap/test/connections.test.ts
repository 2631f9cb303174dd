import { connectionTests } from '../../../../packages/lookup-kit/test/support/connection-tests.ts'
import type { Split } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import { opener } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import plugin from '@postern/lookup-socketmap'

const split: Split = (bytes) => {
  const end = bytes.indexOf(',')
  return end < 0 ? undefined : { request: bytes.toString('utf8', bytes.indexOf(' ') + 1, end), length: end + 1 }
}

connectionTests({
  type: 'socketmap',
  open: opener(plugin),
  split,
  said: (key) => `${key.length + 3}:OK ${key},`,
  server: (port) => `inet:127.0.0.1:${port}`,
  more: { name: 'n' },
  bad: [
    ['inet:127.0.0.1', /"inet" is no server; need "socketmap:inet:HOST:PORT:NAME"/],
    ['foo', /no name of a map/],
    ['unix:/path', /"unix" is no server/],
    ['127.0.0.1:1:name', /is no server/],
    ['inet:host:0:name', /is no server/],
    ['inet:host:99999:name', /is no server/],
    [{ server: 'inet:1' }, /^socketmap table: name: is missing/],
    [{ server: 'inet:1', name: 'n', timout: 1 }, /unknown option timout; did you mean timeout\?/],
    [{ server: 'inet:1', name: 'n', connections: 0 }, /^socketmap table: connections: /],
  ],
  good: (port) => [`inet:${port}:n`, `inet:[::ffff:127.0.0.1]:${port}:n`, `inet:localhost:${port}:`],
})
