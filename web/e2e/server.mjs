// One server with a data folder and a port of its own.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { here } from './browser.mjs'

export const binary = join(here, '../../bin/yilu')
export const verifier = join(here, '../../bin/yilu-verify')

/** freePort finds a port below the range the system hands out by itself. */
async function freePort() {
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
    let log = '', said = ''
    this.process = spawn(binary, ['serve', ...options, '--data', this.data, '--listen', `127.0.0.1:${this.port}`, '--admin', ''], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process.stdout.on('data', chunk => { said += chunk; this.hear(said) })
    this.process.stderr.on('data', chunk => { log = (log + chunk).slice(-4000) })
    for (const until = Date.now() + 180_000; ;) {
      if (this.process.exitCode !== null) throw new Error(`yilu ended: ${log}`)
      if (Date.now() > until) throw new Error(`yilu is not ready: ${log}`)
      try { if ((await fetch(this.base)).status === 200) return } catch { /* not yet */ }
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  }

  async stop(signal = 'SIGTERM') {
    const ended = new Promise(resolve => this.process.once('exit', resolve))
    this.process.kill(signal)
    await ended
  }

  /** remove stops the server and takes its folder away. */
  async remove() {
    if (this.process?.exitCode === null) await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
