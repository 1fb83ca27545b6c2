// Chromium, and what is asked of a page in it.
import { execFile } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

export const here = dirname(fileURLToPath(import.meta.url))
/** The folder of pictures and papers, emptied at each run. */
export const out = join(here, 'out')
export const run = promisify(execFile)
export let browser, chromiumPath

export async function launch() {
  await rm(out, { recursive: true, force: true })
  await mkdir(out, { recursive: true })
  chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(p => p && existsSync(p))
  assert.ok(chromiumPath, 'chromium is missing: apt-get install chromium fonts-noto-cjk')
  browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', '--lang=zh-CN'],
  })
}

export async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ...options })
  return [await context.newPage(), context]
}

/** scanned prints a page and reads the QR codes on the paper, each once. */
export async function scanned(page, name) {
  await page.waitForLoadState('networkidle') // the stylesheet too
  const pdf = join(out, name + '.pdf')
  await page.pdf({ path: pdf, preferCSSPageSize: true, tagged: true })
  await run('pdftoppm', ['-r', '150', '-png', pdf, join(out, name)])
  const pictures = (await readdir(out)).filter(f => f.startsWith(name + '-') && f.endsWith('.png')).map(f => join(out, f))
  // 4 is that a sheet has no code: a long poster has it on the last.
  const { stdout } = await run('zbarimg', ['-q', '--raw', ...pictures]).catch(e => { if (e.code !== 4) throw e; return e })
  return [...new Set(stdout.trim().split('\n'))]
}

/** sideways is by how many pixels the page is wider than the window. */
export const sideways = page => page.evaluate(() => {
  const root = document.scrollingElement
  return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth
})
