/** The MTAs of a run, those that can be had here. */
import path from 'node:path'
import { Haraka } from './mta/haraka.js'
import { Postern } from './mta/postern.js'
import { Postfix } from './mta/postfix.js'

const KINDS = { postern: Postern, postfix: Postfix, haraka: Haraka }

/** `shape`: what they have to do, see Postern. What is left out is said. */
export async function teamsFor(names, room, shape) {
  const teams = []
  for (const name of names) {
    if (!KINDS[name]) throw new Error(`no MTA ${name}; there are ${Object.keys(KINDS).join(', ')}`)
    const mta = new KINDS[name](path.join(room, `${name}-${shape.workload}`), shape)
    const why = await mta.unavailable()
    if (why) console.error(`${name}, ${shape.workload}: left out: ${why}`)
    else teams.push(mta)
  }
  return teams
}
