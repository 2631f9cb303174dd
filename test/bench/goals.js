/** What is aimed at, beside what was measured: parts of the CPU, multiples of the rate, of a peer measured in the same run. */
/** workload, connections, peer: at most this part of its CPU, at least this multiple of its messages a second */
const GOALS = [
  { workload: 'relay', size: 4096, connections: 'new', peer: 'postfix', cpu: 1 / 4, rate: 3 },
  { workload: 'relay', size: 4096, connections: 'kept', peer: 'postfix', cpu: 1 / 8, rate: 6 },
  { workload: 'relay', size: 4096, connections: 'kept', peer: 'haraka', cpu: 1 / 4 },
  { workload: 'relay', size: 102_400, peer: 'postfix', cpu: 1 / 3 },
  { workload: 'discard', peer: 'postfix', cpu: 1 / 4 },
  { workload: 'maildir', peer: 'postfix', cpu: 1 / 2 },
]
const holds = (goal, row) =>
  ['workload', 'size', 'connections'].every((k) => goal[k] === undefined || goal[k] === row[k])

/** Each row with what it is of its peers' and, for Postern's, the goal and whether it is reached. */
export function withRatios(results) {
  return results.map((row) => {
    const peer = (name) =>
      results.find((r) => r.mta === name && ['workload', 'size', 'connections'].every((k) => r[k] === row[k]))
    const of = (name, figure) => peer(name) && row[figure] / peer(name)[figure]
    const ratios = {
      cpuOfPostfix: of('postfix', 'cpuMsPerMessage'),
      rateOfPostfix: of('postfix', 'messagesPerSecond'),
      cpuOfHaraka: of('haraka', 'cpuMsPerMessage'),
    }
    const goals = row.mta === 'postern' ? GOALS.filter((g) => holds(g, row) && peer(g.peer)) : []
    return { ...row, ...ratios, goals: goals.map((g) => judged(g, of)) }
  })
}
function judged(goal, of) {
  const cpu = of(goal.peer, 'cpuMsPerMessage')
  const rate = of(goal.peer, 'messagesPerSecond')
  const reached = cpu <= goal.cpu && (goal.rate === undefined || rate >= goal.rate)
  return { peer: goal.peer, cpu: goal.cpu, rate: goal.rate, reached }
}
export const goalText = ({ peer, cpu, rate, reached }) =>
  `${peer}: CPU <= ${cpu.toFixed(2)}${rate ? `, rate >= ${rate}` : ''} ${reached ? 'yes' : 'NO'}`
