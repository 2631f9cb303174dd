import { test } from 'uvu'
import * as assert from 'uvu/assert'
import local from '@postern/route-local'
import { relayed } from './build.ts'

// the same values as a live Postfix 3.7 makes of them, for who+ext@here.example
const CASES: [template: string, address: string][] = [
  ['$user@other.example', 'who@other.example'],
  ['$local@other.example', 'who+ext@other.example'],
  ['rich+$local', 'rich+who+ext@here.example'],
  ['${user}@other.example', 'who@other.example'],
  ['$(user)@other.example', 'who@other.example'],
  ['all@$domain', 'all@here.example'],
  ['u$extension@other.example', 'uext@other.example'],
  ['u$home$shell@other.example', 'u@other.example'],
  ['a${recipient_delimiter}b@other.example', 'a+b@other.example'],
  ['${extension?has-$extension}${extension:none}@other.example', 'has-ext@other.example'],
  ['${home?has}${home:none}@other.example', 'none@other.example'],
  ['${extension?{has}:{none}}@other.example', 'has@other.example'],
  ['${home?{has}:{none}}@other.example', 'none@other.example'],
  ['a${extension?{x$user}}@other.example', 'axwho@other.example'],
  ['a${extension?${user}-${extension}}@other.example', 'awho-ext@other.example'],
  ['$user$$x@other.example', 'who$x@other.example'],
  ['fixed@other.example', 'fixed@other.example'],
]
for (const [luserRelay, address] of CASES)
  test(`${luserRelay} is ${address}`, async () => {
    assert.equal(await relayed({ luserRelay }, 'Who+Ext@Here.example'), [address])
  })

// what a sender writes into a name stays in the name
const NAMES: [recipient: string, luserRelay: string, address: string][] = [
  ['"a b"@here.example', '$user@other.example', '"a b"@other.example'],
  ['"a@b.example"@here.example', '$user@other.example', '"a@b.example"@other.example'],
  ['"a@b.example"@here.example', '$user', '"a@b.example"@here.example'],
  ['"a@b.example"@here.example', 'x$local', '"xa@b.example"@here.example'],
  ['"a(b)c"@here.example', '$user@other.example', '"a(b)c"@other.example'],
  ['"a\\"b"@here.example', '$user@other.example', '"a\\"b"@other.example'],
  ['a|b@here.example', '$user@other.example', 'a|b@other.example'],
  ['x+y+z@here.example', '$user-$extension@other.example', 'x-y+z@other.example'],
  ['"x/y+a/b"@here.example', '$user-$extension@other.example', 'x/y-@other.example'],
  ['nouser@here.example', '$user$recipient_delimiter@other.example', 'nouser+@other.example'],
  ['nouser', '$domain-$user@other.example', 'here.example-nouser@other.example'],
]
for (const [recipient, luserRelay, address] of NAMES)
  test(`${recipient} by ${luserRelay} is ${address}`, async () => {
    assert.equal(await relayed({ luserRelay }, recipient), [address])
  })

const WRONG: [template: string, said: RegExp][] = [
  ['|/bin/cat', /a command, a file or a list/],
  ['"|/bin/cat"', /a command, a file or a list/],
  ['/tmp/file', /a command, a file or a list/],
  [':include:/tmp/list', /a command, a file or a list/],
  ['$usr@other.example', /no \$usr \(did you mean \$user\?\)/],
  ['${user@other.example', /"\{" is not closed/],
  ['$(user@other.example', /"\(" is not closed/],
  ['$@other.example', /"\$" without a name/],
  ['${}@other.example', /no name/],
  ['${user!x}@other.example', /expected "\?" or ":"/],
  ['${user:{a}:{b}}@other.example', /one text too many/],
  ['${user?{a}b}@other.example', /expected ":\{text\}"/],
  ['a@x.example, b@y.example', /expected one address/],
  ['one two@other.example', /expected one address/],
  ['Name <$user@other.example>', /expected one address/],
  ['"$user"@other.example', /expected one address/],
  ['$user@', /is no address/],
  ['$extension@other.example', /without extension "\$extension@other.example" is no address/],
  ['', /./],
]
for (const [luserRelay, said] of WRONG)
  test(`refused: "${luserRelay}"`, () => {
    const { error } = local.definition.options.safeParse({ luserRelay })
    assert.match(error?.issues.map((issue: { message: string }) => issue.message).join() ?? '(taken)', said)
  })
test.run()
