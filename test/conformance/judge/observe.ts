/** What a server left behind: mailboxes, what programs and next hops were given, its log. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseMessage, fieldOf, reportIn } from './message.ts'
import { normal, normalText } from './normal.ts'
import type { Place } from './normal.ts'
import type { Observed, Played, Status, Taken } from './observed.ts'

/** Where it is looked for. */
export interface Scene extends Place {
  /** the case's own folder `files`: what stood there before does not count */
  readonly files: string
  /** by next hop */
  readonly taken: Readonly<Record<string, readonly Taken[]>>
  readonly policy?: readonly Readonly<Record<string, string>>[]
}

/** Python's order of code points; localeCompare would have its own. */
const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const sortedBy = <T>(list: readonly T[], key: (item: T) => string): T[] =>
  [...list].sort((a, b) => byCode(key(a), key(b)))
const sortedKeys = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
  Object.fromEntries([...map].sort(([a], [b]) => byCode(a, b)))

export function observe(scene: Scene, actions: readonly Played[]): Observed {
  const boxes = mailboxes(scene)
  const sinks = Object.fromEntries(Object.entries(scene.taken).map(([name, list]) => [name, taken(list, scene)]))
  const { statuses, log } = readLog(join(scene.folder, 'maillog'), scene)
  return {
    actions: normal(actions, scene),
    mailboxes: boxes,
    pipes: pipes(scene),
    sinks,
    ...(scene.policy && { policy: scene.policy }),
    dsns: reports(boxes, sinks),
    statuses,
    log,
  }
}

/** Messages that have arrived anywhere. Cheap: asked ten times a second. */
export function countArrived(scene: Scene): number {
  const stored = Object.values(mailboxes(scene)).reduce((n, box) => n + box.length, 0)
  const sent = Object.values(scene.taken).reduce((n, list) => n + list.length, 0)
  return stored + sent + filesIn(join(scene.folder, 'pipe')).length
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
}

/** A file may go while we look: a Maildir's tmp. */
function bytesOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function mailboxes(scene: Scene): Record<string, string[]> {
  const out = new Map<string, string[]>()
  const files = ['mail', 'home', 'vmail'].flatMap((top) => filesIn(join(scene.folder, top)))
  for (const file of files) {
    const name = file.slice(scene.folder.length + 1)
    if (name.endsWith('.lock') || wasThere(name, scene)) continue
    const text = bytesOf(file)
    if (text === undefined) continue
    if (['new', 'cur', 'tmp'].includes(basename(dirname(name)))) {
      const box = `${dirname(name)}/`
      out.set(box, [...(out.get(box) ?? []), normalText(text, scene)])
    } else {
      const messages = text.split(/(?<=^|\n\n)(?=From \S)/).filter((m) => m !== '')
      out.set(
        name,
        messages.map((m) => normalText(m, scene)),
      )
    }
  }
  for (const [name, list] of out) out.set(name, list.sort(byCode))
  return sortedKeys(out)
}

function wasThere(name: string, scene: Scene): boolean {
  if (name.endsWith('mbox')) return false
  return existsSync(join(scene.files, name.replace(/\/\.(forward[^/]*)$/, '/dot-$1')))
}

function pipes(scene: Scene): Record<string, string[]> {
  const out = new Map<string, string[]>()
  for (const file of filesIn(join(scene.folder, 'pipe'))) {
    const tag = basename(file).replace(/\.[^.]*$/, '')
    out.set(tag, [...(out.get(tag) ?? []), normalText(bytesOf(file) ?? '', scene)].sort(byCode))
  }
  return sortedKeys(out)
}

function taken(list: readonly Taken[], place: Place): Taken[] {
  const plain = list.map((t) => ({
    ...t,
    mail: normalText(t.mail, place).replace(/SIZE=\d+/, 'SIZE=@'),
    data: normalText(t.data.replaceAll('\r\n', '\n'), place),
  }))
  return sortedBy(plain, (t) => JSON.stringify(t, Object.keys(t).sort()))
}

/** What a person wants to see of the reports in `expected.json`. */
function reports(boxes: Record<string, readonly string[]>, sinks: Record<string, readonly Taken[]>): unknown[] {
  const places: (readonly [string, readonly string[]])[] = [
    ...Object.entries(boxes),
    ...Object.entries(sinks).map(([name, list]) => [`sink ${name}`, list.map((t) => t.data)] as const),
  ]
  return places.flatMap(([where, texts]) =>
    texts.flatMap((text) => {
      const report = reportIn(parseMessage(text.replace(/^From .*\n/, '')))
      if (!report) return []
      const last = report.statuses.at(-1)
      const groups =
        last && sortedBy(last, (g) => fieldOf(g, 'Final-Recipient') ?? '').map((g) => Object.fromEntries(g))
      return [{ where, ...(groups && { per_recipient: groups }), parts: report.parts }]
    }),
  )
}

const DELIVERY =
  /\]: [0-9A-Za-z]+: to=<(.*?)>, (?:orig_to=<(.*?)>, )?relay=([^,]+), (?:conn_use=\d+, )?delay=[^,]+, delays=[^,]+, dsn=([\d.]+), status=([\w-]+) \((.*)\)$/
const EVENT =
  /postfix\/\S*(?:smtpd|cleanup)\[\d+\]: [0-9A-Za-z]+: ((?:milter-)?(?:reject_warning|reject|warn|warning|info|hold|discard|filter|redirect|prepend|replace|strip|bcc|defer): .*)/

/** Deliveries, each once, and what smtpd and cleanup said of a message; null without a file. */
function readLog(file: string, place: Place): Pick<Observed, 'statuses' | 'log'> {
  if (!existsSync(file)) return { statuses: null, log: null }
  const statuses = new Map<string, Status>()
  const log = new Set<string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, to, original, relay, dsn, status, text] = DELIVERY.exec(line) ?? []
    if (to !== undefined) {
      const s: Status = [to, original ?? '', normalText(relay!, place), dsn!, status!, normalText(text!, place)]
      statuses.set(s.join('\0'), s)
    }
    const event = EVENT.exec(line)?.[1]
    if (event !== undefined) log.add(normalText(event.replace(/(queue_id=|: )[0-9A-F]{6,}:/g, '$1@QID@:'), place))
  }
  return { statuses: Object.values(sortedKeys(statuses)), log: [...log].sort(byCode) }
}
