/** Where Postern's queue is beside Postfix's. */
import { resolve } from 'node:path'
import type { Parameters } from './parameters.ts'

/** Postern keeps its own queue beside Postfix's folders: their formats have nothing in common. */
const SPOOL = 'postern'

/** absolute */
export const spoolOf = (parameters: Pick<Parameters, 'get'>): string =>
  resolve(parameters.get('queue_directory'), SPOOL)
