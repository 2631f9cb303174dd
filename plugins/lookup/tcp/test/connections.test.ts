import { connectionTests } from '../../../../packages/lookup-kit/test/support/connection-tests.ts'
import type { Split } from '../../../../packages/lookup-kit/test/support/line-server.ts'
import { opener } from '../../../../packages/lookup-kit/test/support/open-table.ts'
import plugin from '@postern/lookup-tcp'

const split: Split = (bytes) => {
  const end = bytes.indexOf('\n')
  return end < 0 ? undefined : { request: bytes.toString('utf8', bytes.indexOf(' ') + 1, end), length: end + 1 }
}

connectionTests({
  type: 'tcp',
  open: opener(plugin),
  split,
  said: (key) => `200 ${key}\n`,
  server: (port) => `127.0.0.1:${port}`,
  bad: [
    ['', /^tcp table: "" is no server; need "tcp:HOST:PORT"/],
    ['127.0.0.1', /"127.0.0.1" is no server/],
    ['inet:127.0.0.1:1', /is no server/],
    ['host:0', /is no server/],
    ['host:99999', /is no server/],
    ['host:smtp', /is no server/],
    [{}, /^tcp table: server: is missing/],
    [{ server: 'a:1', timout: 1 }, /unknown option timout; did you mean timeout\?/],
    [{ server: 'a:1', connections: 0 }, /^tcp table: connections: /],
  ],
  good: (port) => [`${port}`, `[::ffff:127.0.0.1]:${port}`, `localhost:${port}`],
})
