import { testSamples } from './tools/sample-tests.js'

testSamples(3, 4)
