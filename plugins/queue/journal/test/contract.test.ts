/** What every queue store must promise. */
import { queueStoreContract } from '@postern/testkit'
import { store } from './helper.ts'

queueStoreContract('journal', (folder) => store(folder))
