import { testSamples } from './tools/sample-tests.js'

testSamples(2, 4)
