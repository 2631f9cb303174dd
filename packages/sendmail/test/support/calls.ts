/** Calls with what Debian's Postfix 3.7.11 answered: exit code, standard output and error, sender and recipients. */
export interface CallCase {
  readonly args: readonly string[]
  readonly input?: string
  readonly exit: number
  readonly err?: string
  readonly out?: string
  /** of the message that was taken: its sender, then its recipients, unquoted */
  readonly took?: readonly string[]
  /** Postern says no where Postfix says yes, and why */
  readonly differs?: { readonly exit: number; readonly err: string }
}

const INPUT = 'From: x@y\nTo: rich\nSubject: s\n\nbody\n'
/** told at each of two readings */
const bad = (what: string) => `${`sendmail: ${what}\n`.repeat(2)}sendmail: fatal: usage: sendmail [options]\n`
const took = (...args: string[]): CallCase => ({ args, exit: 0, took: ['@ME@', 'rich'] })
const fatal = (text: string, ...args: string[]): CallCase => ({ args, exit: 75, err: `sendmail: fatal: ${text}\n` })
const warned = (text: string, ...args: string[]): CallCase => ({
  ...took(...args),
  err: `sendmail: warning: ${text}\n`,
})
const noRecipients = '@ME@(@UID@): No recipient addresses found in message header'
const fromHeader = (input: string, ...recipients: string[]): CallCase => ({
  args: ['-t'],
  input,
  exit: 0,
  took: ['@ME@', ...recipients],
})
const addressed = (args: string[], ...recipients: string[]): CallCase => ({
  args,
  exit: 0,
  took: ['@ME@', ...recipients],
})

export const CALLS: readonly CallCase[] = [
  fatal('@ME@(@UID@): Recipient addresses must be specified on the command line or via the -t option'),
  took('rich'),
  took('-t'),
  ...['-bm', '-i', '-oi', '-om', '-oem', '-odb', '-o7', '-o8', '-m', '-U', '-c', '-x', '-G'].map((f) =>
    took(f, 'rich'),
  ),
  ...['-Am', '-Ac', '-im', '-oee'].map((f) => took(f, 'rich')),
  ...['-h', '-L', '-O', '-e', '-p', '-o'].map((f) => took(f, 'value', 'rich')),
  took('-B', '8BITMIME', 'rich'),
  took('-B7BIT', 'rich'),
  took('-R', 'hdrs', 'rich'),
  took('-N', 'success,failure', 'rich'),
  took('-V', 'id=1', 'rich'),
  took('-F', 'Full Name', 'rich'),
  took('--', 'rich'),
  fatal('-n option not supported', '-n', 'rich'),
  { args: ['-Q', 'rich'], exit: 75, err: bad(`invalid option -- 'Q'`) },
  { args: ['-a', 'rich'], exit: 75, err: bad(`invalid option -- 'a'`) },
  { args: ['-f'], exit: 75, err: bad(`option requires an argument -- 'f'`) },
  fatal('-B option needs 8BITMIME or 7BIT', '-B', '9BIT', 'rich'),
  warned('bad -N option value -- ignored', '-N', 'never,success', 'rich'),
  warned('bad -R option value -- ignored', '-R', 'some', 'rich'),
  warned('bad syntax in -V option value -- ignored', '-V', 'a\nb', 'rich'),
  warned('too long -V option value -- ignored', '-V', 'x'.repeat(101), 'rich'),
  fatal('unsupported: -bz', '-bz', 'rich'),
  { args: ['-bh'], exit: 0 },
  { args: ['-bH', 'x'], exit: 0 },
  { args: ['-q10m', 'rich'], exit: 0 },
  fatal('display queue mode requires no recipient', '-bp', 'x'),
  fatal('flush queue mode requires no recipient', '-q', 'x'),
  fatal('daemon mode requires no recipient', '-bd', 'x'),
  fatal('stand-alone mode requires no recipient', '-bs', 'x'),
  fatal('alias initialization mode requires no recipient', '-bi', 'x'),
  fatal('flush site requires no recipient', '-qRsite', 'x'),
  fatal('specify: -qRsitename', '-qR'),
  fatal('specify: -qIqueueid', '-qI'),
  fatal('-qS is not implemented', '-qSsite'),
  fatal('-oA requires pathname', '-oA'),
  fatal('unsupported: -X/', '-X', '/tmp/log', 'rich'),
  fatal('-V requires two characters from -=+', '-XV+', 'rich'),
  fatal('-t can be used only in delivery mode', '-t', '-bp'),
  fatal('-qR can be used only in delivery mode', '-qRx', '-bp'),
  fatal('-qI can be used only in delivery mode', '-qIx', '-bp'),
  fatal('-t option cannot be used with -bv', '-bv', '-t', 'rich'),
  fatal('-N option cannot be used with -bv', '-bv', '-N', 'never', 'rich'),
  fatal('-R option cannot be used with -bv', '-bv', '-R', 'full', 'rich'),
  fatal('-v option cannot be used with -bv', '-bv', '-v', 'rich'),
  { ...took('-v', 'rich'), out: 'Mail Delivery Status Report will be mailed to <@ME@>.\n' },
  {
    ...took('-XV', '-f', 'a@b', 'rich'),
    took: ['a@b', 'rich'],
    differs: { exit: 69, err: 'sendmail: fatal: -XV: this mail system has no variable envelope return paths\n' },
  },
  { args: ['-f', '<>', 'rich'], exit: 0, took: ['', 'rich'] },
  { args: ['-f', '', 'rich'], exit: 0, took: ['', 'rich'] },
  { args: ['-r', 'viar@x.example', 'rich'], exit: 0, took: ['viar@x.example', 'rich'] },
  { args: ['-f', 'Full Name <a@b>', 'rich'], exit: 0, took: ['a@b', 'rich'] },
  { ...warned('-f option specified malformed sender: a b', '-f', 'a b', 'rich'), took: ['a', 'rich'] },
  { ...warned('-f option specified malformed sender: a@b, c@d', '-f', 'a@b, c@d', 'rich'), took: ['a@b', 'rich'] },
  addressed(['--', '-rich'], '-rich'),
  addressed(['rich', '-f', 'x'], 'rich', '-f', 'x'),
  addressed(['a@b c@d'], 'a@b', 'c@d'),
  addressed(['a@b,c@d', 'x y'], 'a@b', 'c@d', 'x', 'y'),
  addressed(['<@r:z@w>', 'g: a, b;', 'com (x) @ b'], '@r:z@w', 'a', 'b', 'com@b'),
  addressed(['a@[1.2.3.4]', 'rich@', 'a..b@c'], 'a@[1.2.3.4]', 'rich@', 'a..b@c'),
  addressed(['<a@b> trailing', 'a <b@c> <d@e>', '"a b"@c'], 'a@b', 'trailing', 'b@c', 'd@e', 'a b@c'),
  fromHeader(
    'To: a@b (c), "Quo, ted" <q@r>,\n\tgroup: m@n, o;\nCc: x y\nBcc: h@i\nApparently-To: no@no\nSubject: s\n\nb\n',
    ...['a@b', 'q@r', 'm@n', 'o', 'x', 'y', 'h@i'],
  ),
  fromHeader('To: a@b\nResent-To: r@s\nResent-Cc: t@u\nResent-Bcc: v@w\n\nb\n', 'r@s', 't@u', 'v@w'),
  { args: ['-t', 'extra@x'], input: 'To: a@b\nResent-To: r@s\n\nb\n', exit: 0, took: ['@ME@', 'extra@x', 'r@s'] },
  fromHeader('To: a@b\nResent-From: r@s\n\nb\n', 'a@b'),
  fromHeader('To: a@b\nTo: c@d\nnot a header\nCc: e@f\n\nb\n', 'a@b', 'c@d'),
  fromHeader('>From x\nFrom y z\nTO : a@b\n\nb\n', 'a@b'),
  { ...fatal(noRecipients, '-t'), input: 'To: undisclosed:;\n\nb\n' },
  { ...fatal(noRecipients, '-t'), input: 'Subject: none\n\nTo: x\n' },
].map((c) => ({ input: INPUT, ...c }))
