/** Runs one sample folder and answers what was observed, in the shape of its expected.json. */
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePorts, maildir, nextHop, tempFolder, zone as startZone } from '@postern/testkit'
import { ACTIONS } from './sample-actions.js'
import { SampleDaemon } from './sample-daemon.js'
import { normaliser, sorted } from './sample-normal.js'
import { makePeople } from './sample-people.js'
import { ROOT, filesBelow } from './workspace.js'

export const SAMPLES = path.join(ROOT, 'test/samples')
export const sampleNames = () =>
  readdirSync(SAMPLES, { withFileTypes: true })
    .filter((e) => e.isDirectory() && existsSync(path.join(SAMPLES, e.name, 'dialogue.json')))
    .map((e) => e.name)
    .sort()

const readJson = (file, otherwise) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : otherwise)
const readText = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** ms that one sample may take */
const LIMIT = 60_000

/** Several may run side by side in one process. Rejects when it took too long. */
export async function runSample(name) {
  const source = path.join(SAMPLES, name)
  const temp = await tempFolder(`sample-${name}`)
  const [port, port2, port3] = await freePorts(3)
  const hop = await nextHop(readJson(path.join(source, 'hop.json'), {}))
  const zone = await startZone(readText(path.join(source, 'zone')))
  const people = makePeople(source, temp.path)
  const script = JSON.parse(placeholders(people?.names ?? {})(readText(path.join(source, 'dialogue.json'))))
  const names = {
    ...people?.names,
    '@DIR@': temp.path,
    '@PORT@': `${port}`,
    '@PORT2@': `${port2}`,
    '@PORT3@': `${port3}`,
    '@HOP@': `${hop.port}`,
    '@DNS@': `${zone.port}`,
  }
  const replace = placeholders(names)
  prepare(source, temp.path, replace)
  const daemon = new SampleDaemon(path.join(temp.path, configOf(source)), { users: people !== undefined })
  const normal = normaliser(names)
  try {
    const stage = { daemon, hop, zone, folder: temp.path, replace }
    return normal(await within(LIMIT, observe(script, stage)))
  } finally {
    await daemon.stop()
    await hop.stop()
    await zone.stop()
    people?.remove()
    await temp.remove()
  }
}

async function within(ms, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms / 1000} s`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
async function observe(script, stage) {
  try {
    await stage.daemon.start()
  } catch (error) {
    await stage.daemon.kill()
    return { start: { error: error.message, problems: error.problems ?? [] }, ...(await after(script, stage)) }
  }
  const actions = await perform(script.actions, stage)
  await stage.daemon.ask('wait')
  const queue = await stage.daemon.ask('queue')
  const faults = stage.daemon.log
    .filter((e) => /fault/i.test(e.event))
    .map((e) => `${e.event} ${e.fields.use} ${e.fields.hook ?? ''}`)
  return {
    actions,
    mailboxes: await mailboxes(stage.folder),
    hop: sorted(stage.hop.transactions.map(transaction)),
    queue: sorted(queue.map(entry)),
    ...(faults.length && { faults }),
  }
}
/** A configuration that must not start may still be looked at by the command. */
async function after(script, stage) {
  const actions = await perform(
    (script.actions ?? []).filter((a) => 'check' in a),
    stage,
  )
  return actions.length ? { actions } : {}
}

async function perform(actions, stage) {
  const out = []
  for (const action of actions) {
    const [kind, argument] = Object.entries(action)[0]
    const run = ACTIONS[kind]
    if (!run) throw new Error(`no action ${kind}; there are ${Object.keys(ACTIONS).join(', ')}`)
    const value = await run(argument, stage)
    out.push(value === undefined ? { [kind]: 'done' } : { [kind]: value })
  }
  return out
}

/** Quotes round a port go with it: YAML wants a number. */
function placeholders(names) {
  return (text) =>
    Object.entries(names).reduce((t, [name, value]) => {
      const out = /^\d+$/.test(value) ? t.replaceAll(`'${name}'`, value).replaceAll(`"${name}"`, value) : t
      return out.replaceAll(name, value)
    }, text)
}

const NOT_COPIED = new Set(['dialogue.json', 'expected.json', 'hop.json', 'zone', 'people.json', 'README.md'])
function prepare(source, folder, replace) {
  cpSync(source, folder, {
    recursive: true,
    filter: (file) => path.dirname(file) !== source || !NOT_COPIED.has(path.basename(file)),
  })
  for (const file of filesBelow(folder, () => true)) {
    const text = readFileSync(file, 'utf8')
    const next = replace(text)
    if (next !== text) writeFileSync(file, next)
  }
  // plugins in the sample's folder import the core by its name
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
}
function configOf(source) {
  const name = readdirSync(source).find((f) => f.startsWith('postern.config.'))
  if (!name) throw new Error(`${source} has no postern.config.*`)
  return name
}

async function mailboxes(folder) {
  const out = {}
  for (const dir of foldersWith(folder, 'new')) {
    const messages = await maildir(dir).messages()
    out[path.relative(folder, dir)] = sorted(messages.map(({ headers, body }) => ({ headers, body })))
  }
  for (const file of mboxesIn(folder)) {
    const text = readFileSync(file, 'latin1')
    // as text: what separates messages is part of what is looked at
    out[path.relative(folder, file)] = text.split(/^(?=From )/m).map((message) => message.split('\n'))
  }
  return out
}
/** Files that begin as an mbox does; the queue's own are not looked at. */
const mboxesIn = (folder) =>
  filesBelow(folder, () => true)
    .filter((file) => !path.relative(folder, file).startsWith('spool/') && lstatSync(file).isFile())
    .filter((file) => readFileSync(file, 'latin1').startsWith('From '))
    .sort()
function foldersWith(dir, name) {
  const below = readdirSync(dir, { withFileTypes: true }).filter((e) => e.isDirectory() && e.name !== 'spool')
  if (below.some((e) => e.name === name)) return [dir]
  return below.flatMap((e) => foldersWith(path.join(dir, e.name), name)).sort()
}

function transaction({ sender, parameters, recipients, message, reply }) {
  const to = sorted(recipients.map((r) => [r.address, r.parameters, r.reply]))
  // the size has the length of a date in it
  const told = parameters.replace(/\bSIZE=\d+/, 'SIZE=@SIZE@')
  return {
    sender,
    parameters: told,
    recipients: to,
    ...(message !== undefined && { message: message.split('\r\n') }),
    reply,
  }
}
function entry({ envelope, recipients, held, attempts }) {
  const to = recipients.map(({ address, state, esc, text }) => ({ address, state, ...(esc && { esc, text }) }))
  return {
    sender: envelope.sender,
    recipients: to,
    attempts,
    ...(held && { held: { by: held.by, reason: held.reason } }),
  }
}
