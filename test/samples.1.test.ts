import { testSamples } from './tools/sample-tests.js'

testSamples(1, 4)
