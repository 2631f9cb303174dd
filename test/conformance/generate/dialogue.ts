/** What a client says: mostly good sense, sometimes not. */
import type { Action, SmtpSpec, Step } from '../cases.ts'
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

function header(pick: Pick): string[] {
  const list = () =>
    pick
      .some([0], 1, 3)
      .map(() => phrase(pick))
      .join(', ')
  const fields = [
    () => `From: ${phrase(pick)}`,
    () => `To: ${list()}`,
    () => `Cc: ${list()},\n ${list()}`,
    () => `Bcc: ${list()}`,
    () => `Reply-To: ${phrase(pick)}`,
    () => `Sender: ${address(pick)}`,
    () => 'Date: Mon, 1 Jan 2024 00:00:00 +0000',
    () => 'Message-Id: <one@client.example>',
    () => `Subject: ${pick.one(['hello', 'a long one '.repeat(12), 'folded\n over\n\tlines', 'gr\u00fc\u00dfe'])}`,
    () => `Resent-${pick.one(['To', 'From', 'Bcc', 'Date'])}: ${phrase(pick)}`,
    () => `X-Other: ${phrase(pick)}`,
    () => `Errors-To: ${address(pick)}`,
    () => 'Return-Path: <old@client.example>',
    () => 'Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000',
    () => `Disposition-Notification-To: ${address(pick)}`,
    () => 'Content-Transfer-Encoding: 8bit',
    () => 'Mime-Version: 1.0\nContent-Type: text/plain; charset=utf-8',
  ]
  return pick.some(fields, 1, 7).map((make) => make())
}
const phrase = (pick: Pick): string => {
  const a = address(pick)
  return pick.one([a, a, `Some One <${a}>`, `"One, Some" <${a}>`, `${a} (comment)`, `Group: ${a};`, `<${a}>`])
}
const BODIES = [
  'hello there',
  '.leading dot\n..two\n\nend',
  'gr\u00fc\u00dfe',
  '',
  'x'.repeat(1200),
  'line\n'.repeat(300),
  'From me\n>From you',
]
function message(pick: Pick): string {
  const fields = header(pick).join('\n')
  return pick.chance(0.06) ? fields : `${fields}\n\n${pick.one(BODIES)}`
}

function transaction(pick: Pick): Step[] {
  const steps: Step[] = [[`MAIL FROM:<${sender(pick)}>`, ...(pick.chance(0.3) ? pick.some(MAIL, 1, 2) : [])].join(' ')]
  for (let n = pick.count(1, 4); n > 0; n--) {
    if (pick.chance(0.06)) steps.push(pick.one(OTHER))
    steps.push([`RCPT TO:<${address(pick)}>`, ...(pick.chance(0.2) ? pick.some(RCPT, 1, 2) : [])].join(' '))
  }
  // what is said behind DATA depends on its reply: a mailbox of ours is good for every client
  if (pick.chance(0.75)) steps.push('RCPT TO:<rich@vm.example>', 'DATA', { data: message(pick) })
  return pick.chance(0.2) ? [...steps, 'RSET'] : steps
}
function session(pick: Pick): SmtpSpec {
  const hello = pick.one([
    'EHLO client.example',
    'EHLO client.example',
    'HELO client.example',
    'EHLO [192.0.2.10]',
    'EHLO a b',
  ])
  const steps: Step[] = pick.chance(0.05) ? [] : [hello]
  for (let n = pick.count(1, 2); n > 0; n--) {
    steps.push(...transaction(pick))
    if (pick.chance(0.25)) steps.push(pick.one(OTHER))
  }
  return { steps: [...steps, 'QUIT'], ...(pick.chance(0.3) && { from: '192.0.2.10' }) }
}
export const dialogue = (pick: Pick): Action[] =>
  Array.from({ length: pick.count(2, 4) }, () => ({ smtp: session(pick) }))
