#!/usr/bin/env node
// Takes the place of contracts/proofs/solc.mjs in a copy of the tree: asks the warm compiler beside that copy.
import { connect } from 'node:net'

const socket = connect(new URL('../../solc.sock', import.meta.url).pathname)
socket.pipe(process.stdout)
if (process.argv.includes('--version')) socket.end()
else process.stdin.pipe(socket)
