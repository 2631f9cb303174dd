/** Every parameter that Postfix 3.7 knows by its own name (`postconf -d` with an empty master.cf). */
import { access } from './access.ts'
import { delivery } from './delivery.ts'
import { lmtp } from './lmtp.ts'
import { lmtpTls } from './lmtp-tls.ts'
import { milter } from './milter.ts'
import { postscreen } from './postscreen.ts'
import { queue } from './queue.ts'
import { rewriting } from './rewriting.ts'
import { smtp } from './smtp.ts'
import { smtpTls } from './smtp-tls.ts'
import { smtpd } from './smtpd.ts'
import { smtpdTls } from './smtpd-tls.ts'
import { system } from './system.ts'
import { tls } from './tls.ts'
import { verify } from './verify.ts'
import type { Known } from './kinds.ts'

const GROUPS = [
  access,
  delivery,
  lmtp,
  lmtpTls,
  milter,
  postscreen,
  queue,
  rewriting,
  smtp,
  smtpTls,
  smtpd,
  smtpdTls,
  system,
  tls,
  verify,
]
export const CATALOGUE: ReadonlyMap<string, Known> = new Map(GROUPS.flatMap((group) => Object.entries(group)))
