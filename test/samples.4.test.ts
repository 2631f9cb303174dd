import { testSamples } from './tools/sample-tests.js'

testSamples(4, 4)
