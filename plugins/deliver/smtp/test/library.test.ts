/** The members of the library that it does not promise and that we build on: a new version must not pass unnoticed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import SMTPConnection from 'nodemailer/lib/smtp-connection'

const METHODS = [
  '_onConnect',
  '_onData',
  '_onError',
  '_onEnd',
  '_onClose',
  '_onTimeout',
  '_clearPhase',
  '_destroy',
  '_remainingSetupTime',
  '_resolveAndConnect',
  '_connectToHost',
  '_setupConnectionHandlers',
  '_actionGreeting',
  '_actionLHLO',
  '_actionEHLO',
  '_actionHELO',
  '_actionSTARTTLS',
  '_parseEhloExtensions',
  '_upgradeConnection',
  'connect',
  'close',
  'quit',
]
test('the methods that are overridden or called', () => {
  const prototype = SMTPConnection.prototype as unknown as Record<string, unknown>
  assert.equal(
    METHODS.filter((m) => typeof prototype[m] !== 'function'),
    [],
  )
})
test('the fields', () => {
  const connection = new SMTPConnection({ host: '127.0.0.1' }) as unknown as Record<string, unknown>
  assert.equal(connection._responseActions, [])
  assert.is(connection._destroyed, false)
  assert.is(connection._socket, false)
  assert.is(connection.stage, 'init')
})

test.run()
