/** `postern init` */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { SEARCH_PLACES } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import { TEMPLATES } from '../init/templates.ts'
import type { Kind } from '../init/templates.ts'
import { asTypescript } from '../init/typescript.ts'
import { asYaml } from '../init/yaml.ts'
import { print } from './print.ts'

export interface InitOptions {
  readonly kind: Kind
  readonly ts?: boolean
  readonly force?: boolean
}

export async function init(o: InitOptions): Promise<void> {
  const file = o.ts ? 'postern.config.ts' : 'postern.config.yaml'
  const there = SEARCH_PLACES.filter((p) => existsSync(p))
  if (there.length > 0 && !o.force)
    throw new CommandError(EX.CANTCREAT, `${there[0]} is here already; --force writes ${file} all the same`)
  const hidden = there.find((p) => SEARCH_PLACES.indexOf(p) < SEARCH_PLACES.indexOf(file))
  if (hidden) throw new CommandError(EX.CANTCREAT, `${hidden} would be read instead of ${file}: move it away first`)
  await writeFile(file, (o.ts ? asTypescript : asYaml)(TEMPLATES[o.kind]))
  print([`wrote ${file} (${o.kind}); next: postern check, postern start --foreground`])
}
