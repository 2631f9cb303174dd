/** What a client says: mostly good sense, sometimes not. */
import type { Action, SmtpSpec, Step } from '../cases.ts'
import { submission } from './command.ts'
import { inParts, message } from './content.ts'
import type { Pick } from './pick.ts'
import { address, sender } from './words.ts'

const MAIL = [
  'SIZE=100',
  'SIZE=9999999',
  'BODY=8BITMIME',
  'BODY=7BIT',
  'RET=HDRS',
  'RET=FULL',
  'ENVID=abc+2B1',
  'SMTPUTF8',
  'AUTH=<>',
  'FOO=bar',
  'BODY=x',
]
const RCPT = [
  'NOTIFY=NEVER',
  'NOTIFY=SUCCESS',
  'NOTIFY=FAILURE,DELAY',
  'NOTIFY=SUCCESS,FAILURE',
  'ORCPT=rfc822;o+2Bx@orig.example',
  'NOTIFY=x',
  'FOO',
]
const OTHER = [
  'NOOP',
  'RSET',
  'HELP',
  'FOO bar',
  'VRFY rich',
  'VRFY x@remote.example',
  'EXPN list',
  'EHLO again.example',
  'DATA',
  'RCPT TO:<rich@postern.example>',
  'MAIL FROM:<>',
  'MAIL',
  'RCPT TO:',
  'RCPT FROM:<x@y.example>',
  'HELO',
  'ETRN remote.example',
  'BDAT 0',
  'STARTTLS',
  'mail from: <lower@sender.example>',
]

function transaction(pick: Pick, parts: number): Step[] {
  const steps: Step[] = [[`MAIL FROM:<${sender(pick)}>`, ...(pick.chance(0.3) ? pick.some(MAIL, 1, 2) : [])].join(' ')]
  for (let n = pick.count(1, 4); n > 0; n--) {
    if (pick.chance(0.06)) steps.push(pick.one(OTHER))
    steps.push([`RCPT TO:<${address(pick)}>`, ...(pick.chance(0.2) ? pick.some(RCPT, 1, 2) : [])].join(' '))
  }
  // what is said behind DATA depends on its reply: a mailbox of ours is good for every client
  if (pick.chance(0.75))
    steps.push('RCPT TO:<rich@vm.example>', 'DATA', { data: pick.chance(parts) ? inParts(pick) : message(pick) })
  return pick.chance(0.2) ? [...steps, 'RSET'] : steps
}
function session(pick: Pick, parts: number): SmtpSpec {
  const hello = pick.one([
    'EHLO client.example',
    'EHLO client.example',
    'HELO client.example',
    'EHLO [192.0.2.10]',
    'EHLO a b',
  ])
  const steps: Step[] = pick.chance(0.05) ? [] : [hello]
  for (let n = pick.count(1, 2); n > 0; n--) {
    steps.push(...transaction(pick, parts))
    if (pick.chance(0.25)) steps.push(pick.one(OTHER))
  }
  return { steps: [...steps, 'QUIT'], ...(pick.chance(0.3) && { from: '192.0.2.10' }) }
}
/** `kinds`: what the case is about. */
export function dialogue(pick: Pick, kinds: readonly string[]): Action[] {
  const parts = kinds.includes('msg') ? 0.8 : 0.1
  const commands = kinds.includes('cli') ? 0.7 : 0.1
  return Array.from({ length: pick.count(2, 4) }, () =>
    pick.chance(commands) ? submission(pick) : { smtp: session(pick, parts) },
  )
}
