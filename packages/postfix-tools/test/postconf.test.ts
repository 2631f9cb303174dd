/** The same command lines to Debian's postconf and to ours: the same output, words, exit code, and files after an edit. */
import { missingPrograms } from '@postern/testkit'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice, mainCf, masterCf } from '../../postfix-config/test/support/generate.ts'
import { ask } from './support/folder.ts'
import type { Ended, Files } from './support/folder.ts'

const SHOWN: Files = {
  'main.cf': `compatibility_level = 3.6
myhostname = mail.example.com
mydomain = example.com
foo = bar
mydestination = $myhostname, $mydomain,
   localhost
virtual_alias_maps = hash:/etc/postfix/virtual, ldap:acc
acc_server_host = localhost
smtpd_restriction_classes = rc1
rc1 = permit
unused = x
relay_destination_concurrency_limit = 3
default_privs = \${foo?{nobody}:{b}}
mynetworks = 127.0.0.0/8, 192.168.0.0/16, 172.16.0.0/12, 10.0.0.0/8, 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24
local_header_rewrite_clients =
relayhost =
`,
  'master.cf': `smtp      inet  n       -       y       -       -       smtpd
submission inet  n       -       y       -       -       smtpd -v
  -o syslog_name=postfix/submission -o { smtpd_tls_security_level = encrypt $foo }
  -o smtpd_client_restrictions=$mua_client_restrictions -o own=1
pickup    unix  n       -       y       60      1       pickup
tlsmgr    unix  -       -       y       1000?   1       tlsmgr
relay     unix  -       -       y       -       -       smtp
        -o syslog_name=postfix/$service_name
127.0.0.1:10025 inet n  -       n       -       -       smtpd
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d \${recipient} { a b } -o x=y
`,
}
const EDITED: Files = {
  'main.cf': `# first comment
compatibility_level = 3.6
#mydomain = commented.example
myhostname = mail.example.com

mydestination = $myhostname,
   # inner comment
   $mydomain,
   localhost
foo=bar
latin = \xe9
foo = baz
# last comment
`,
  'master.cf': `# head
smtp      inet  n       -       y       -       -       smtpd
#dead inet n - n - - smtpd
submission inet  n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
# inner
  -o b=c
pickup    unix  n       -       y       60      1       pickup
# tail
`,
}
const USES: readonly string[][] = [
  ['-n'],
  ['-nf'],
  ['-nx'],
  ['-nh'],
  ['-nH'],
  ['-p', '-n'],
  ['-x'],
  ['-fx'],
  ['-d'],
  ['-df'],
  ['-C', 'user'],
  ['-C', 'service'],
  ['-C', 'service,user', '-n'],
  ['-n', '-C', 'builtin'],
  ['-h', 'myhostname', 'mydestination', 'relayhost'],
  ['-hx', 'mydestination'],
  ['relayhost', 'mynetworks', 'mydomain', 'myorigin'],
  ['-f', 'mynetworks'],
  ['-n', 'myhostname', 'nosuch', 'foo', 'myorigin'],
  ['nosuch', 'unused'],
  [''],
  ['-d', 'myorigin', 'foo'],
  ['-x', '-o', 'foo=', 'default_privs', 'foo'],
  ['-n', '-o', 'x=y', '-o', 'myorigin = $foo'],
  ['-ox=y', 'x'],
  ['config_directory', '-n'],
  ['-M'],
  ['-Mf'],
  ['-Mx'],
  ['-Mfx'],
  ['-M', 'smtp'],
  ['-M', 'smtp/inet', '*/unix', 'smtp'],
  ['-M', 'nosuch', 'smtp/unix'],
  ['-M', '127.0.0.1:10025/inet'],
  ['-F'],
  ['-Ff'],
  ['-Fx'],
  ['-Fh'],
  ['-FH'],
  ['-F', 'smtp', '*/inet/private', 'maildrop/unix/command'],
  ['-F', 'nosuch', 'smtp/unix/type'],
  ['-P'],
  ['-Pf'],
  ['-Px'],
  ['-Ph'],
  ['-PH'],
  ['-P', 'submission', 'submission/inet/own', '*/*/syslog_name'],
  ['-P', 'nosuch/inet/x', 'smtp/inet'],
]
/** What is refused. */
const REFUSED: readonly string[][] = [
  ...['-Z', '-c', '-T', '-e', '-X', '-#', '-C foo', '-M -n', '-M -h', '-M -h -n', '-M -d', '-P -d', '-l -n'],
  ...['-n -d', '-d -n x', '-X -#', '-d -X', '-e -h', '-e -f', '-h -H', '-x -e', '-e -n -d', '-o a=b -e', '-o a=b -l'],
  ...['-M -P', '-M -F -P', '-p -M', '-a -l', '-b -t', '-F -X', '-F -#', '-P -#', '-t -n', '-m -x', '-F -e', '-M -e'],
  ...['-P -e', '-M -#', '-M -X', '-P -X', '-o foo -n', '-o =y -n', '-M smtp/inet/x', '-F smtp/inet/x', '-F a/b/c/d'],
  ...['-P a/b/c/d', '-F //', '-n mydestination=x', '-d mydestination=x', '-X foo=bar', '-# foo=bar', '-T foo'],
].map((text) => text.split(' '))
const EDITS: readonly string[][] = [
  ['mydomain=example.org'],
  ['-e', 'mydestination = a, b', 'new=x y', 'foo='],
  ['-e', 'a=\u00e9'],
  ['-e', 'b ='],
  ['-e', ' x = y '],
  ['-#', 'mydestination', 'foo', 'nosuch'],
  ['-X', 'mydestination', 'foo', 'compatibility_level'],
  ['-e', 'foo'],
  ['-e', 'a b=c'],
  ['-e', '=d'],
  ['-e', '#x=c'],
  ['-e', 'foo=a\nb'],
  ['foo=bar', 'myhostname'],
  ['-M#', 'smtp/inet', 'submission/inet'],
  ['-MX', 'submission/inet', 'nosuch/unix'],
  ['-MX', '*/inet'],
  ['-MX', 'smtp'],
  ['-M#', 'nosuch/inet'],
  ['-M', 'smtp/inet = smtp inet n - n - 1 smtpd -o a=b'],
  ['-M', 'submission/inet=submission inet n - n - - smtpd'],
  ['-M', 'new/unix=new unix - - n - - smtp -v -o a=b -o { c = d e } --'],
  ['-M', 'new/unix=other unix - - n - - pipe flags=x argv=a { b c }'],
  ['-M', 'new/unix=new unix - - n - '],
  ['-F', 'smtp/inet/chroot=n', 'submission/inet/command=smtpd -o q=r'],
  ['-F', 'submission/inet/service=subm', 'smtp/inet/command=smtpd -v -o a=b c d'],
  ['-F', '*/unix/wakeup=30?'],
  ['-F', 'smtp/inet/chroot=q'],
  ['-F', 'smtp/inet/nosuch=q'],
  ['-F', 'nosuch/inet/chroot=n'],
  ['-P', 'submission/inet/b=d', 'submission/inet/e=f', 'smtp/inet/x=y'],
  ['-P', 'submission/inet/syslog_name=zz'],
  ['-P', 'smtp/inet/foo=bar baz'],
  ['-P', 'nosuch/inet/a=b'],
  ['-PX', 'submission/inet/b'],
  ['-PX', 'submission/inet/nosuch', 'submission/inet/syslog_name'],
]
/** What a program, and no folder, makes of parameters. */
const ofProcess = (text: string) => text.replace(/^process_id = .*\n/gm, '')

const told = (ended: Ended) => ({ ...ended, out: ofProcess(ended.out) })

/** Postfix names an undefined parameter as often as it stands somewhere. */
const inShort = (ended: Ended) => ({
  ...told(ended),
  err: [...new Set(ended.err.map((line) => line.replace(/conf\/m\w+\.cf: (undefined parameter)/, '$1')))].sort(),
})

const why = missingPrograms('postconf')
const test = suite('postconf')
const all: [Files, readonly string[]][] = [
  ...[...USES, ...REFUSED].map((args): [Files, readonly string[]] => [SHOWN, args]),
  ...EDITS.map((args): [Files, readonly string[]] => [EDITED, args]),
]
const seen = new Map<readonly string[], { readonly ours: Ended; readonly theirs: Ended }>()
test.before(async () => {
  const open = [...all]
  const runner = async () => {
    for (let next = open.shift(); next; next = open.shift()) {
      const [files, args] = next
      const words = ['-c', 'conf', ...args]
      const [ours, theirs] = [await ask('postconf', words, files, true), await ask('postconf', words, files, false)]
      seen.set(args, { ours, theirs })
    }
  }
  if (!why) await Promise.all([runner(), runner()])
})
for (const [, args] of all)
  (why ? test.skip : test)(args.join(' '), () => {
    const { ours, theirs } = seen.get(args)!
    assert.equal(told(ours), told(theirs))
  })
/** FOLDERS=200 SEED=7 for a long run. */
const FOLDERS = Number(process.env.FOLDERS ?? 1)
const SEED = Number(process.env.SEED ?? 1)
for (const wild of [0, 4])
  (why ? test.skip : test)(`${FOLDERS} random folders, ${wild} of 100 choices wild`, async () => {
    for (let n = 0; n < FOLDERS; n++) {
      const dice = new Dice(SEED * 1e6 + wild * 1e4 + n)
      const files = { 'main.cf': mainCf(dice, wild), 'master.cf': masterCf(dice, wild) }
      for (const options of ['-nf', '-x', '-Mf', '-Mx', '-F', '-Px']) {
        const words = ['-c', 'conf', options]
        const [ours, theirs] = [await ask('postconf', words, files, true), await ask('postconf', words, files, false)]
        const about = `seed ${SEED}, wild ${wild}, folder ${n}, ${options}: ${JSON.stringify(files)}`
        // what Postfix gives up for first may be another of several reasons
        if (theirs.code === 0) assert.equal(inShort(ours), inShort(theirs), about)
        else assert.is.not(ours.code, 0, about)
      }
    }
  })
test.run()
