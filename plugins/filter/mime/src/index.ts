/** @postern/filter-mime: mail whose MIME structure is wrong is refused (Postfix's strict_8bitmime and its sisters). */
import { definePlugin, refuse } from '@postern/core'
import { Checker } from './checks.ts'
import type { Checks } from './checks.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'

export default definePlugin({
  name: 'filter-mime',
  options: schema,
  apply(mta, o) {
    const checks = checksOf(o, mta.site.headerSizeLimit)
    // what is not looked at costs nothing
    if (o.disableMimeInputProcessing || !(checks.headers7bit || checks.bodies || checks.domains)) return
    mta.cleanup.tap({ body: 'stream', origins: ['smtp', 'lmtp', 'submit'] }, async (view) => {
      const header = Buffer.from(view.header.fields.map(({ raw }) => raw).join(''), 'latin1')
      const problem = await new Checker(checks).check(header, () => view.stream())
      if (!problem) return undefined
      return refuse('5.6.0', problem.text, { code: 550, cause: `mime-error ${problem.text}: ${problem.found}` })
    })
  },
})
const checksOf = (o: Options, headerSize: number): Checks => ({
  headers7bit: o.strict7bitHeaders || o.strict8bitmime,
  bodies: o.strict8bitmimeBody || o.strict8bitmime,
  domains: o.strictMimeEncodingDomain,
  limits: { nesting: o.mimeNestingLimit, boundaryLength: o.mimeBoundaryLengthLimit, headerSize },
})
