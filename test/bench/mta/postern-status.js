/** What is in the queue: asks the daemon's control socket. */
import net from 'node:net'
import path from 'node:path'

export function queueCounts(spool) {
  return new Promise((resolve, reject) => {
    const s = net.connect(path.join(spool, 'control'))
    let text = ''
    s.setTimeout(5000, () => s.destroy(new Error('the control socket does not answer')))
    s.on('error', reject)
    s.on('connect', () => s.write('{"verb":"status"}\n'))
    s.on('data', (d) => {
      text += d
      if (!text.includes('\n')) return
      s.destroy()
      const answer = JSON.parse(text.slice(0, text.indexOf('\n')))
      resolve((answer.result ?? answer.data ?? answer).queue)
    })
  })
}
