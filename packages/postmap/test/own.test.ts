/** What has no counterpart in Postfix's commands, or is seen on files only. */
import { chmod, chown, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inPlace } from './support/place.ts'
import type { Ended, Place } from './support/place.ts'

const ended = (code: number, out: string, err = ''): Ended => ({ code, out, err })
const C = ['-c', 'conf']

const config = suite('configuration')
config(
  'a file, a folder, MAIL_CONFIG; none that is named and not there',
  inPlace({ t: 'a 1\n' }, async (place) => {
    const ask = (env: NodeJS.ProcessEnv, ...args: string[]) =>
      place.ours('postmap', [...args, '-q', 'a', 'hash:t'], '', env)
    assert.equal(await ask({}, '-c', 'conf/postern.config.json'), ended(0, '1\n'))
    assert.equal(await ask({ MAIL_CONFIG: place.at('conf') }), ended(0, '1\n'))
    const nothing = 'no postern.config.yaml, .json, .js, .mjs or .ts there'
    assert.equal(await ask({ MAIL_CONFIG: 'bin' }), ended(1, '', `postmap: fatal: open bin: ${nothing}\n`))
    assert.equal(await ask({}, '-c', 'none'), ended(1, '', `postmap: fatal: open none: ${nothing}\n`))
    await place.write('conf/postern.config.json', '{ "plugins": [{ "@postern/lookup-hash": { "nonsense": 1 } }] }')
    const { code, err } = await ask({}, '-c', 'conf')
    assert.is(code, 1)
    assert.match(err, /^postmap: fatal: .*postern\.config\.json: .*nonsense/m)
  }),
)
config(
  'never that of the working folder',
  inPlace({ t: 'a 1\n', 'postern.config.mjs': 'throw new Error("run")' }, async (place) =>
    assert.equal(await place.ours('postmap', ['-q', 'a', 'hash:t']), ended(0, '1\n')),
  ),
)
config.run()

const flags = suite('flags')
flags(
  '-f: said where it would matter, never to a pattern',
  inPlace({ t: 'A 1\n' }, async (place) => {
    const told =
      'postmap: warning: table hash:t: key A is folded to lower case in spite of -f, as every lookup does it\n'
    assert.equal(await place.ours('postmap', [...C, '-f', '-q', 'A', 'hash:t']), ended(0, '1\n', told))
    assert.equal(await place.ours('postmap', [...C, '-f', '-q', 'a', 'hash:t']), ended(0, '1\n'))
  }),
)
flags(
  '-r when creating: the first of two counts, and that is said',
  inPlace({ t: 'a 1\na 2\n' }, async (place) => {
    const { code, err } = await place.ours('postmap', [...C, '-r', 'hash:t'])
    assert.is(code, 0)
    assert.match(err, /^postmap: warning: hash:t: of two entries with one key the first counts in spite of -r/)
  }),
)
flags(
  '-v: what the plugins log, too',
  inPlace({ t: 'a 1\n' }, async (place) => {
    const { code, out, err } = await place.ours('postmap', [...C, '-vv', '-q', 'a', 'hash:t'])
    assert.equal([code, out], [0, '1\n'])
    assert.match(err, /table\.loaded/)
  }),
)
flags(
  '-F: contents in base64 in a table that is built, and back; what is not base64 is said',
  inPlace({ f1: 'one\n', f2: 'two', t: 'k f1, f2\nbad none\n', plain: 'k %%%%\n' }, async (place) => {
    const skipped = 'postmap: warning: t, line 2: open none: No such file or directory: skipping this entry\n'
    assert.equal(await place.ours('postmap', [...C, '-F', 'cdb:t']), ended(0, '', skipped))
    const base64 = Buffer.from('one\n\ntwo').toString('base64')
    assert.equal(await place.ours('postmap', [...C, '-q', 'k', 'cdb:t']), ended(0, `${base64}\n`))
    assert.equal(await place.ours('postmap', [...C, '-F', '-q', 'k', 'cdb:t']), ended(0, 'one\n\ntwo\n'))
    assert.equal(await place.ours('postmap', [...C, '-F', '-s', 'cdb:t']), ended(0, 'k\tone\n\ntwo\n'))
    assert.equal((await readdir(place.folder)).sort(), ['bin', 'conf', 'f1', 'f2', 'plain', 't', 't.cdb'])
    assert.is((await place.ours('postmap', [...C, 'cdb:plain'])).code, 0)
    const malformed = 'postmap: warning: table cdb:plain: key k: malformed BASE64 value: %%%%\n'
    assert.equal(await place.ours('postmap', [...C, '-F', '-q', 'k', 'cdb:plain']), ended(1, '', malformed))
  }),
)
flags(
  '-U: with -h and -b too, only keys that are UTF-8',
  inPlace({}, async (place) => {
    const message = 'A: \xe9\nB: \xc3\xa9\n\n'
    const asked = ['-q', '-', 'static:V']
    assert.is((await place.ours('postmap', [...C, '-h', ...asked], message)).out, 'A: \xe9\tV\nB: \xc3\xa9\tV\n')
    const { out, err } = await place.ours('postmap', [...C, '-hU', ...asked], message)
    assert.is(out, 'B: \xc3\xa9\tV\n')
    assert.match(err, /non-UTF-8 key "A: \?"/)
  }),
)
flags.run()

const files = suite('files')
const owned = process.getuid?.() === 0 ? files : files.skip
const facts = async (place: Place, name: string) => {
  const { mode, uid, gid } = await stat(place.at(name))
  return [(mode & 0o777).toString(8), uid, gid]
}
owned(
  'as the owner of the text, with its permissions for new files; -p with the usual ones',
  inPlace({ t: 'a 1\n' }, async (place) => {
    await chown(place.folder, 65534, 65534)
    await chown(place.at('t'), 65534, 65534)
    await chmod(place.at('t'), 0o600)
    assert.is((await place.ours('postmap', [...C, 'cdb:t'])).code, 0)
    assert.equal(await facts(place, 't.cdb'), ['600', 65534, 65534])
    await place.clear('t.cdb')
    assert.is((await place.ours('postmap', [...C, '-p', 'cdb:t'])).code, 0)
    assert.equal(await facts(place, 't.cdb'), ['644', 65534, 65534])
    assert.is((await place.ours('postmap', [...C, '-i', 'hash:t'], 'b 2\n')).code, 0)
    assert.equal(await facts(place, 't'), ['600', 65534, 65534])
    assert.is(await readFile(place.at('t'), 'utf8'), 'a 1\nb\t2\n')
  }),
)
owned(
  "a user's text in root's folder: the user may not write there, and root does it for him with -o only",
  inPlace({ t: 'a 1\n' }, async (place) => {
    await chown(place.at('t'), 65534, 65534)
    const { code, err } = await place.ours('postmap', [...C, 'cdb:t'])
    assert.is(code, 1)
    assert.match(err, /^postmap: fatal: .*EACCES/)
    assert.equal((await readdir(place.folder)).sort(), ['bin', 'conf', 't'])
    assert.is((await place.ours('postmap', [...C, '-o', 'cdb:t'])).code, 0)
  }),
)
files(
  'one of several that fails ends it; what was made before stays',
  inPlace({ t: 'a 1\n' }, async (place) => {
    const { code, err } = await place.ours('postmap', [...C, 'cdb:t', 'cdb:none', 'cdb:t2'])
    assert.equal([code, err], [1, 'postmap: fatal: open none: No such file or directory\n'])
    assert.is((await place.ours('postmap', [...C, '-q', 'a', 'cdb:t'])).out, '1\n')
  }),
)
files(
  '100,000 keys: what is asked is what comes back, in order',
  inPlace({}, async (place) => {
    const lines = Array.from({ length: 100_000 }, (_, n) => `key${n}\tvalue ${n}\n`).join('')
    await writeFile(place.at('t'), lines)
    const keys = lines.replace(/\t.*/g, '')
    const { code, out } = await place.ours('postmap', [...C, '-q', '-', 'texthash:t'], keys)
    assert.is(code, 0)
    assert.ok(out === lines)
  }),
)
files.run()
