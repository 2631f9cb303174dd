/** Everything that is wrong in a folder, at once. */
import { CATALOGUE } from './catalogue/index.ts'
import { namesOfServices } from './catalogue/of-services.ts'
import type { MainCf } from './main-cf.ts'
import type { MasterCf } from './master-cf.ts'
import { Parameters } from './parameters.ts'
import type { Context } from './parameters.ts'
import { ParameterError } from './problem.ts'
import type { Problem } from './problem.ts'
import { undefinedNames, unknownNames } from './unknown.ts'
import type { UnknownName } from './unknown.ts'
import { ignoredBehind } from './values.ts'

/**
 * What both files' readers found, values that cannot be expanded or are not of their type (fatal), names that nothing
 * reads and names that nobody defines (warnings). Whether a number is in its range is left to who uses it.
 */
export function problemsIn(main: MainCf, master: MasterCf, context: Context = {}): Problem[] {
  const parameters = new Parameters(main, [], { services: master.services, ...context })
  const unknown = unknownNames(main, master)
  const unused = new Set(unknown.filter((u) => !u.service).map((u) => u.name))
  const names = new Set([...CATALOGUE.keys(), ...namesOfServices(master.services), ...main.last.keys()])
  const found: Problem[] = [...main.problems, ...master.problems]
  for (const name of names) {
    if (unused.has(name)) continue
    const text = trouble(parameters, name)
    const place = main.last.get(name) ?? { file: main.file }
    if (text !== undefined) found.push({ ...where(place), text, fatal: true })
  }
  for (const { name, value, ...place } of main.last.values()) {
    const rest = parameters.known(name)?.kind === 'time' && trouble(parameters, name) === undefined
    const behind = rest ? ignoredBehind(parameters.get(name)) : ''
    if (behind !== '')
      found.push({ ...where(place), text: `${name}=${value}: "${behind}" behind the unit is not read`, fatal: false })
  }
  for (const service of master.services) {
    const own = parameters.forService(service)
    for (const name of new Set(service.overrides.map((o) => o.name))) {
      const text = trouble(own, name)
      if (text !== undefined && text !== trouble(parameters, name))
        found.push({ ...where(service), text: `service ${service.name}/${service.type}: ${text}`, fatal: true })
    }
  }
  for (const name of unknown) found.push({ ...where(name), text: unknownText(name), fatal: false })
  for (const name of undefinedNames(main, master))
    found.push({ file: main.file, text: `undefined parameter: ${name}`, fatal: false })
  return found
}
const where = ({ file, line }: { file: string; line?: number }) => (line === undefined ? { file } : { file, line })

function trouble(parameters: Parameters, name: string): string | undefined {
  try {
    parameters.get(name)
    const known = parameters.known(name)
    const kind = known?.readOnly ? undefined : known?.kind
    if (kind === 'bool') parameters.bool(name)
    else if (kind === 'int') parameters.int(name)
    else if (kind === 'bytes') parameters.size(name)
    else if (kind === 'time') parameters.time(name)
    return undefined
  } catch (error) {
    if (error instanceof ParameterError) return error.message
    throw error
  }
}

/** In one sentence, with what may have been meant. */
export function unknownText({ name, value, nearest, removed }: UnknownName): string {
  const hint = removed?.instead
    ? `it is ${removed.instead} now`
    : removed
      ? `Postfix has it no longer: ${removed.why}`
      : nearest && `is it ${nearest}?`
  return `unused parameter: ${name}=${value}${hint ? ` (${hint})` : ''}`
}
