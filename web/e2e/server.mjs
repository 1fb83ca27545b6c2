// One server with a data folder and a port of its own.
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { test as endless } from 'node:test'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import assert from 'node:assert/strict'

export const here = dirname(fileURLToPath(import.meta.url))
export const binary = join(here, '../../bin/yilu')
export const verifier = join(here, '../../bin/yilu-verify')

/** How long one answer, one program, and the server's beginning and end may take, at most. */
export const answerWithin = 30_000, beginWithin = 240_000, endWithin = 60_000
const runWithin = 120_000, stopWithin = 45_000, testWithin = 120_000

/** test is node's with an end, which options may set: a page that waits for what never comes is named. */
export const test = (name, ...rest) => {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]]
  return endless(name, { timeout: testWithin, ...options }, body)
}

/** ask is fetch with an end: without one, a server that never answers is told as a test that took too long. */
export const ask = (address, options = {}) => fetch(address, { signal: AbortSignal.timeout(answerWithin), ...options })

/** run runs a program to its end. */
export const run = (program, args, options = {}) => promisify(execFile)(program, args, { timeout: runWithin, ...options })

/** freePort finds a port below the range the system hands out by itself. */
export async function freePort() {
  for (let port = 20000 + Math.floor(Math.random() * 10000); port < 32768; port++) {
    const free = await new Promise(resolve => {
      const probe = net.createServer().once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
  throw new Error('no free port')
}

export class Server {
  /** make takes a new folder and a free port; hear is told what the server prints. */
  static async make(hear = () => {}) {
    assert.ok(existsSync(binary), `${binary} is missing: make build`)
    const server = new Server()
    server.hear = hear
    server.folder = await mkdtemp(join(tmpdir(), 'yilu-e2e-'))
    await chmod(server.folder, 0o755) // PostgreSQL runs as another user when we are root
    server.data = join(server.folder, 'yilu')
    server.port = await freePort()
    server.base = `http://127.0.0.1:${server.port}`
    return server
  }

  /** serve runs the server on its data until it answers; stop ends it. */
  async serve(...options) {
    let said = ''
    this.log = ''
    this.how = '' // it runs; or how it ended
    this.process = spawn(binary, ['serve', ...options, '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--admin', ''], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout.on('data', chunk => { said += chunk; this.hear(said) })
    this.process.stderr.on('data', chunk => { this.log = (this.log + chunk).slice(-100_000) })
    this.ended = new Promise(resolve => this.process.once('exit', (code, signal) => {
      this.how = `yilu ended with ${signal ?? code}`
      resolve()
    }))
    for (const until = Date.now() + beginWithin; ;) {
      if (this.how) throw new Error(`${this.how}: ${this.log.slice(-4000)}`)
      if (Date.now() > until) throw new Error(`yilu is not ready: ${this.log.slice(-4000)}`)
      try { if ((await ask(this.base)).status === 200) return } catch { /* not yet */ }
      await sleep(250)
    }
  }

  /** stop ends the server. One that hangs is made to print what its goroutines do, and is a fault. */
  async stop(signal = 'SIGTERM') {
    if (this.how) throw new Error(`nobody stopped it, and ${this.how}: ${this.log.slice(-4000)}`)
    const within = ms => Promise.race([this.ended, sleep(ms, undefined, { ref: false })])
    this.process.kill(signal)
    await within(stopWithin)
    if (this.how) return
    this.process.kill('SIGQUIT')
    await within(5_000)
    this.process.kill('SIGKILL')
    throw new Error(`yilu runs on ${stopWithin / 1000} s after ${signal}:\n${this.log}`)
  }

  /** remove stops the server and takes its folder away. */
  async remove() {
    try {
      if (this.how === '') await this.stop()
    } finally {
      await rm(this.folder, { recursive: true, force: true })
    }
  }
}
