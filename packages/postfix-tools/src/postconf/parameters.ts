/** Parameters of main.cf: all, those that it sets, or some by name. */
import { CATALOGUE, ParameterError, namesOfServices, unknownNames } from '@postern/postfix-config'
import { Fatal } from '@postern/sendmail/queue'
import type { Say } from '../program.ts'
import type { Folder } from './folder.ts'
import { lineOf } from './line.ts'
import type { ParameterClass, Request } from './request.ts'

/** What is printed. A name that is not known is remarked on. Throws Fatal on a value that cannot be expanded. */
export function* parameterLines(folder: Folder, request: Request, say: Say): Generator<string> {
  const known = new Known(folder)
  const names = request.words.length > 0 ? request.words : known.all()
  for (const name of names) {
    const which = known.classOf(name)
    if (which === undefined || !request.classes.has(which)) {
      if (request.words.length > 0) say(`warning: ${name}: unknown parameter`)
    } else if (!request.written || folder.parameters.isSet(name))
      yield printed(name, valueOf(folder, name, request), request)
  }
}
function valueOf({ parameters }: Folder, name: string, { expanded, hideValues }: Request): string {
  if (hideValues) return ''
  try {
    return expanded ? parameters.get(name) : (parameters.raw(name) ?? '')
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error
    throw new Fatal(error.message)
  }
}
export function printed(
  name: string,
  value: string,
  { hideNames, hideValues, folded }: Pick<Request, 'hideNames' | 'hideValues' | 'folded'>,
): string {
  return lineOf(hideNames ? value : hideValues ? name : `${name} = ${value}`, folded)
}

/** Which names are parameters, and of which class. */
class Known {
  readonly #folder: Folder
  readonly #services: ReadonlySet<string>
  readonly #unknown: ReadonlySet<string>
  constructor(folder: Folder) {
    this.#folder = folder
    this.#services = new Set(namesOfServices(folder.master.services))
    const unknown = unknownNames(folder.main, folder.master)
    this.#unknown = new Set(unknown.filter((u) => !u.service).map((u) => u.name))
  }
  classOf(name: string): ParameterClass | undefined {
    if (CATALOGUE.has(name)) return 'builtin'
    if (this.#services.has(name)) return 'service'
    return this.#folder.main.last.has(name) && !this.#unknown.has(name) ? 'user' : undefined
  }
  /** by their bytes */
  all(): string[] {
    const names = [...CATALOGUE.keys(), ...this.#services, ...this.#folder.main.last.keys()]
    return [...new Set(names)].filter((name) => this.classOf(name) !== undefined).sort(byBytes)
  }
}
export const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
